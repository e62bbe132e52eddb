using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;

namespace Smb3.Embedded.Commands.Opens;

/// <summary>
/// A CREATE whose create guid is in use (MS-SMB2 3.3.5.9.10): the client sends the same one again because its channel failed before the
/// answer came, or it has made a mistake.
/// </summary>
internal static class CreateReplay
{
    /// <summary>Whether the CREATE is answered with the open that it has made before.</summary>
    /// <param name="request">The CREATE.</param>
    /// <param name="tree">Its tree connect.</param>
    /// <param name="holder">Who has the create guid.</param>
    /// <param name="lease">The lease that it asks for.</param>
    /// <param name="level">The oplock that it asks for.</param>
    /// <param name="handle">The open.</param>
    public static NtStatus Check(
        Request request, TreeConnect tree, CreateClaim holder, LeaseContext? lease, Smb2OplockLevel level, out FileHandle handle)
    {
        handle = null!;
        if (!request.IsReplay)
        {
            return NtStatus.DuplicateObjectId;
        }

        if (holder.Open is not { } open)
        {
            // The first one still runs: its outcome is not known, and it must not be carried out beside itself.
            return NtStatus.FileNotAvailable;
        }

        // What has lost its session is taken up again by a reconnect, and another session could do nothing with the file id.
        if (open.Handle is not { } found || found.TreeConnect != tree)
        {
            return NtStatus.DuplicateObjectId;
        }

        handle = found;
        var held = open.File.State.Lease;
        var asked = level == Smb2OplockLevel.Lease ? lease : null;
        return open.Owner.IsSameUser(request.Session!.Token!) && held?.Key == asked?.LeaseKey
            ? NtStatus.Success
            : NtStatus.AccessDenied;
    }
}
