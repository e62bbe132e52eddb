using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;

namespace Smb3.Embedded.Files.Posix;

/// <summary>
/// How clients read and set permission bits: an entry of the DACL that names the SID S-1-5-88-3-MODE (NFS mode in the list of MS-DTYP 2.4.2.4),
/// beside which entries may name the owner (S-1-5-88-1-UID) and the group (S-1-5-88-2-GID) as NFS numbers them. Such entries say nothing about
/// access.
/// </summary>
internal static class PosixModeEntry
{
    private const uint NfsAuthority = 88;
    private const uint OwnerKind = 1;
    private const uint ModeKind = 3;

    /// <summary>The mode that a DACL sets, and what it has of ordinary entries; false if it sets none.</summary>
    public static bool TryTake(Acl? dacl, out UnixFileMode mode, out Acl? rest)
    {
        UnixFileMode? found = null;
        var ordinary = new List<Ace>();
        foreach (var entry in dacl?.Entries ?? [])
        {
            switch (entry.Sid)
            {
                case { Authority: 5, SubAuthorities: [NfsAuthority, ModeKind, var bits] }:
                    found = (UnixFileMode)(bits & 0xFFF);
                    break;
                case { Authority: 5, SubAuthorities: [NfsAuthority, >= OwnerKind and < ModeKind, _] }:
                    break;
                default:
                    ordinary.Add(entry);
                    break;
            }
        }

        mode = found ?? default;
        rest = dacl is null ? null : dacl with { Entries = ordinary };
        return found is not null;
    }

    /// <summary>A DACL that tells the mode too.</summary>
    public static Acl Add(Acl dacl, UnixFileMode mode) =>
        dacl with { Entries = [.. dacl.Entries, Ace.Allow(new Sid(5, NfsAuthority, ModeKind, (uint)mode & 0xFFF), FileAccessMask.None)] };
}
