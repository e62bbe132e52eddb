using System.Net;

namespace Smb3.Embedded.PostgreSql;

/// <summary>The addresses of a node as one text.</summary>
internal static class NodeAddresses
{
    public static string Write(IEnumerable<IPEndPoint> addresses) => string.Join(' ', addresses);

    /// <summary>Reads them. What a newer version may have written otherwise is left out.</summary>
    public static IReadOnlyList<IPEndPoint> Read(string text)
    {
        var addresses = new List<IPEndPoint>();
        foreach (var part in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (IPEndPoint.TryParse(part, out var address))
            {
                addresses.Add(address);
            }
        }

        return addresses;
    }
}
