using System.DirectoryServices.Protocols;
using System.Globalization;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Ldap;

/// <summary>Values of entries, which may be missing and may be anything.</summary>
internal static class EntryValues
{
    public static string? Text(this SearchResultEntry entry, string attribute) => entry.Texts(attribute).FirstOrDefault();

    public static IEnumerable<string> Texts(this SearchResultEntry entry, string attribute) => entry.Attributes[attribute] is { Count: > 0 } values
        ? values.GetValues(typeof(string)).Cast<string>() : [];

    public static uint? Number(this SearchResultEntry entry, string attribute) =>
        uint.TryParse(entry.Text(attribute), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>SIDs in binary form.</summary>
    public static IEnumerable<Sid> Sids(this SearchResultEntry entry, string attribute)
    {
        foreach (var value in entry.Attributes[attribute]?.GetValues(typeof(byte[])) ?? [])
        {
            if (value is byte[] bytes && Sid.TryRead(bytes, out var sid) && sid.BinaryLength == bytes.Length)
            {
                yield return sid;
            }
        }
    }
}
