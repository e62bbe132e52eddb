using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Smb3.Embedded.Nt;

/// <summary>Statuses by the names that specifications and other tools have for them: STATUS_ACCESS_DENIED.</summary>
internal static class NtStatusNames
{
    /// <summary>More than there are statuses; one that a host makes up is not kept beyond that.</summary>
    private const int MostKept = 1_000;

    private static readonly ConcurrentDictionary<NtStatus, string> Names = new();

    /// <summary>The name, or the number where it has none. Allocates only for the first of its kind.</summary>
    public static string NameOf(NtStatus status)
    {
        if (Names.TryGetValue(status, out var known))
        {
            return known;
        }

        var name = Enum.GetName(status) is { } words ? Write(words) : string.Create(CultureInfo.InvariantCulture, $"0x{(uint)status:X8}");
        return Names.Count < MostKept ? Names.GetOrAdd(status, name) : name;
    }

    private static string Write(string words)
    {
        var text = new StringBuilder("STATUS");
        foreach (var c in words)
        {
            text.Append(char.IsUpper(c) ? "_" : string.Empty).Append(char.ToUpperInvariant(c));
        }

        return text.ToString();
    }
}
