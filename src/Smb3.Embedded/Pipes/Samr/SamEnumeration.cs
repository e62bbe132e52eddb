using Smb3.Embedded.Nt;
using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Pipes.Samr;

/// <summary>One entry of an enumeration.</summary>
/// <param name="Order">Its place, greater than zero; entries that come and go do not change that of others.</param>
/// <param name="Rid">Its relative identifier.</param>
/// <param name="Name">Its name.</param>
internal readonly record struct SamEntry(uint Order, uint Rid, string Name);

/// <summary>
/// An enumeration that goes on from call to call (MS-SAMR 3.1.5.2): the context that clients give back is the place of the last entry that they got.
/// </summary>
/// <param name="Context">Where to go on; zero: from the start.</param>
/// <param name="PreferredLength">How many bytes the client would like at most; one entry is answered in any case.</param>
internal readonly record struct SamEnumeration(uint Context, uint PreferredLength)
{
    /// <summary>The most that one answer is let grow to, whatever the client would like.</summary>
    public const uint MaxLength = 1 << 20;

    private const int EntryLength = 12;

    /// <summary>Writes the whole answer.</summary>
    /// <param name="output">Takes the answer.</param>
    /// <param name="status">If not success: why there is none.</param>
    /// <param name="entries">All entries in order.</param>
    public void Answer(NdrWriter output, NtStatus status, IReadOnlyList<SamEntry> entries)
    {
        var chosen = new List<SamEntry>();
        if (status == NtStatus.Success)
        {
            status = Choose(entries, chosen);
        }

        output.WriteUInt32(chosen.Count > 0 ? chosen[^1].Order : Context);

        // SAMPR_ENUMERATION_BUFFER (MS-SAMR 2.2.7.10): count, pointer to an array of {relative identifier, name}.
        output.WritePointer(!status.IsError());
        if (!status.IsError())
        {
            output.WriteUInt32((uint)chosen.Count);
            output.WritePointer(chosen.Count > 0);
            if (chosen.Count > 0)
            {
                output.WriteUInt32((uint)chosen.Count);
                foreach (var entry in chosen)
                {
                    output.WriteUInt32(entry.Rid);
                    output.WriteUnicodeString(entry.Name);
                }

                foreach (var entry in chosen)
                {
                    output.WriteUnicodeStringBuffer(entry.Name);
                }
            }
        }

        output.WriteUInt32((uint)chosen.Count);
        output.WriteUInt32((uint)status);
    }

    private NtStatus Choose(IReadOnlyList<SamEntry> entries, List<SamEntry> chosen)
    {
        long room = Math.Min(PreferredLength, MaxLength);
        foreach (var entry in entries)
        {
            if (entry.Order <= Context)
            {
                continue;
            }

            room -= EntryLength + (2 * entry.Name.Length);
            if (room < 0 && chosen.Count > 0)
            {
                return NtStatus.MoreEntries;
            }

            chosen.Add(entry);
        }

        return NtStatus.Success;
    }
}
