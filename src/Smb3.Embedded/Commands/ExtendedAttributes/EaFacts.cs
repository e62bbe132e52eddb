using System.Text;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands.ExtendedAttributes;

/// <summary>
/// Extended attributes between the wire and the store. Names are ASCII (MS-FSCC 2.4.16) and the same in any case. NTFS shows all of them
/// in upper case; they are kept as they were first written instead, since the Linux client finds only what is spelled as it asks.
/// </summary>
internal static class EaFacts
{
    /// <summary>
    /// Takes a list out of a request; of a name that occurs twice, the last counts. The list may be as long as the client likes, and is
    /// walked once. STATUS_EA_LIST_INCONSISTENT where it is malformed, STATUS_INVALID_EA_NAME where a flag is set that MS-FSCC 2.4.16 does
    /// not have (MS-FSA 2.1.5.15.5).
    /// </summary>
    public static NtStatus Read(ReadOnlySpan<byte> source, out IReadOnlyList<ExtendedAttribute> attributes)
    {
        var list = new List<ExtendedAttribute>();
        var places = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        attributes = list;
        if (!FullEaList.TryParse(source, out var entries, out _))
        {
            return NtStatus.EaListInconsistent;
        }

        foreach (var entry in entries)
        {
            if ((entry.Flags & ~FullEaInformation.NeedEa) != 0)
            {
                return NtStatus.InvalidEaName;
            }

            var attribute = new ExtendedAttribute(NameOf(entry.Name), entry.Value.ToArray());
            if (places.TryAdd(attribute.Name, list.Count))
            {
                list.Add(attribute);
            }
            else
            {
                list[places[attribute.Name]] = attribute;
            }
        }

        return NtStatus.Success;
    }

    /// <summary>The names of a FILE_GET_EA_INFORMATION list; null when it is malformed.</summary>
    public static List<string>? ReadNames(ReadOnlySpan<byte> source)
    {
        if (!GetEaList.TryParse(source, out var entries))
        {
            return null;
        }

        var names = new List<string>();
        foreach (var entry in entries)
        {
            names.Add(NameOf(entry));
        }

        return names;
    }

    /// <summary>Appends an attribute; false if it does not fit.</summary>
    public static bool TryWrite(ref EntryListCursor list, Span<byte> target, in ExtendedAttribute attribute)
    {
        Span<byte> name = stackalloc byte[byte.MaxValue];
        var length = Encoding.ASCII.GetBytes(attribute.Name, name);
        return FullEaInformation.TryWrite(ref list, target, 0, name[..length], attribute.Value.Span);
    }

    // Bytes that are not ASCII stay recognizable as such, so that the name is refused.
    private static string NameOf(ReadOnlySpan<byte> name) => Encoding.Latin1.GetString(name);
}
