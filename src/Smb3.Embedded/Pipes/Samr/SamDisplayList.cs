using System.Text;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Pipes.Samr;

/// <summary>One line of a display list.</summary>
/// <param name="Rid">The relative identifier.</param>
/// <param name="Control">Of a user: the control; of a group: the attributes.</param>
/// <param name="Name">The account's name.</param>
/// <param name="FullName">The name to show.</param>
internal readonly record struct SamDisplayEntry(uint Rid, uint Control, string Name, string FullName);

/// <summary>
/// The lists by which clients show accounts, in the order of their names (MS-SAMR 2.2.8). What is called OEM there has names of eight bits.
/// </summary>
internal readonly record struct SamDisplayList(ushort Class)
{
    private const ushort User = 1;
    private const ushort Machine = 2;
    private const ushort Group = 3;
    private const ushort OemUser = 4;
    private const ushort OemGroup = 5;

    public bool IsKnown => Class is >= User and <= OemGroup;

    private bool IsOem => Class is OemUser or OemGroup;

    /// <summary>Everything that there is. Machines have no accounts here.</summary>
    public List<SamDisplayEntry> Entries(SamDatabase database, SamDomain domain) => Class switch
    {
        User or OemUser => [.. database.Users(domain)
            .Select(user => new SamDisplayEntry(user.Account.Sid.Rid ?? 0, SamUserInfo.ControlOf(user), user.Account.Name, user.FullName))
            .OrderBy(entry => entry.Name, StringComparer.OrdinalIgnoreCase)],
        Group or OemGroup => [.. database.Groups(domain)
            .Select(group => new SamDisplayEntry(group.Sid.Rid ?? 0, SamWriting.GroupAttributes, group.Name, ""))
            .OrderBy(entry => entry.Name, StringComparer.OrdinalIgnoreCase)],
        _ => [],
    };

    /// <summary>Writes the whole answer.</summary>
    public void Write(NdrWriter output, NtStatus status, List<SamDisplayEntry> entries, uint from, uint count, uint preferredLength)
    {
        var start = (int)Math.Min(from, (uint)entries.Count);
        var chosen = new List<SamDisplayEntry>();
        long available = entries.Sum(Length);
        long returned = 0;
        foreach (var entry in entries.Skip(start))
        {
            var length = Length(entry);
            if (chosen.Count >= count || (chosen.Count > 0 && returned + length > Math.Min(preferredLength, SamEnumeration.MaxLength)))
            {
                status = NtStatus.MoreEntries;
                break;
            }

            returned += length;
            chosen.Add(entry);
        }

        output.WriteUInt32((uint)available);
        output.WriteUInt32((uint)returned);

        // The discriminant stands there, and an arm with it, even when there is nothing to tell.
        output.WriteUInt16(Class);
        if (IsKnown)
        {
            output.WriteUInt32((uint)chosen.Count);
            output.WritePointer(chosen.Count > 0);
            WriteArray(output, chosen, start);
        }

        output.WriteUInt32((uint)status);
    }

    private int Length(SamDisplayEntry entry) =>
        IsOem ? 12 + entry.Name.Length : 36 + (2 * (entry.Name.Length + entry.FullName.Length));

    private void WriteArray(NdrWriter output, List<SamDisplayEntry> chosen, int start)
    {
        if (chosen.Count == 0)
        {
            return;
        }

        output.WriteUInt32((uint)chosen.Count);
        for (var i = 0; i < chosen.Count; i++)
        {
            var entry = chosen[i];
            output.WriteUInt32((uint)(start + i + 1));
            if (IsOem)
            {
                var length = (ushort)Encoding.ASCII.GetByteCount(entry.Name);
                output.WriteUInt16(length);
                output.WriteUInt16(length);
                output.WritePointer(length > 0);
                continue;
            }

            output.WriteUInt32(entry.Rid);
            output.WriteUInt32(entry.Control);
            output.WriteUnicodeStrings(entry.Name, "");
            if (Class == User)
            {
                output.WriteUnicodeString(entry.FullName);
            }
        }

        foreach (var entry in chosen)
        {
            WriteBuffers(output, entry);
        }
    }

    private void WriteBuffers(NdrWriter output, SamDisplayEntry entry)
    {
        if (!IsOem)
        {
            output.WriteUnicodeStringBuffer(entry.Name);
            output.WriteUnicodeStringBuffer(Class == User ? entry.FullName : "");
            return;
        }

        var bytes = Encoding.ASCII.GetBytes(entry.Name);
        output.WriteUInt32((uint)bytes.Length);
        output.WriteUInt32(0);
        output.WriteUInt32((uint)bytes.Length);
        output.WriteBytes(bytes);
    }
}
