using System.Globalization;
using System.Net;
using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Hosting.Options;

/// <summary>What policies of logons are made of.</summary>
internal static class LogonPolicyReader
{
    /// <summary>The mechanisms that there are.</summary>
    public static string[] Mechanisms { get; } = ["Kerberos", "NTLM"];

    /// <summary>A network, or the network of one address; null for anything else.</summary>
    public static IPNetwork? ParseNetwork(string text) => IPNetwork.TryParse(text, out var network) ? network
        : IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8) : null;

    /// <summary>End points of the server: an address, a network, an address with a port, or a port of any; null for anything else.</summary>
    public static LogonEndPoint? ParseEndPoint(string text)
    {
        if (text.StartsWith("*:", StringComparison.Ordinal))
        {
            return ParsePort(text.AsSpan(2)) is { } any ? new LogonEndPoint(null, any) : null;
        }

        if (ParseNetwork(text) is { } network)
        {
            return new LogonEndPoint(network, null);
        }

        return IPEndPoint.TryParse(text, out var one) && one.Port > 0 ? new LogonEndPoint(ParseNetwork(one.Address.ToString()), one.Port) : null;
    }

    private static int? ParsePort(ReadOnlySpan<char> text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65535
            ? port : null;

    /// <summary>What is wrong with a policy.</summary>
    public static IEnumerable<string> Check(SmbLogonPolicy policy)
    {
        foreach (var text in policy.Networks)
        {
            if (ParseNetwork(text) is null)
            {
                yield return $"Networks: '{text}' is neither an address nor a network such as 192.0.2.0/24.";
            }
        }

        foreach (var text in policy.EndPoints.Where(text => ParseEndPoint(text) is null))
        {
            yield return $"EndPoints: '{text}' is none of the server's; write an address, a network such as 192.0.2.0/24, ADDRESS:PORT or *:PORT.";
        }

        foreach (var text in policy.Mechanisms.Where(text => !Mechanisms.Contains(text, StringComparer.OrdinalIgnoreCase)))
        {
            yield return $"Mechanisms: '{text}' is none; there are {string.Join(", ", Mechanisms)}.";
        }

        if (policy.Mechanisms.Count == 0 && !policy.RequireEncryption)
        {
            yield return "it demands nothing; set Mechanisms or RequireEncryption.";
        }
    }
}
