using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;

namespace Smb3.Embedded.Files.Posix;

/// <summary>
/// How clients set permission bits: a DACL whose only kind of entry names the SID S-1-5-88-3-MODE (NFS mode in the list of
/// MS-DTYP 2.4.2.4). Such a list changes the mode, and not the access rights.
/// </summary>
internal static class PosixModeEntry
{
    private const uint NfsAuthority = 88;
    private const uint ModeKind = 3;

    /// <summary>The mode that a DACL sets; false if it is an ordinary one.</summary>
    public static bool TryRead(Acl? dacl, out UnixFileMode mode)
    {
        mode = default;
        if (dacl is null || dacl.Entries.Count == 0)
        {
            return false;
        }

        foreach (var entry in dacl.Entries)
        {
            if (entry.Sid is not { Authority: 5, SubAuthorities: [NfsAuthority, ModeKind, var bits] })
            {
                return false;
            }

            mode = (UnixFileMode)(bits & 0xFFF);
        }

        return true;
    }
}
