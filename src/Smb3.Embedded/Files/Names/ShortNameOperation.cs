using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Names;

/// <summary>Gives a file a short name.</summary>
internal static class ShortNameOperation
{
    /// <summary>FileShortNameInformation (MS-FSCC 2.4.44): only who may restore files, which here is an administrator, gives short names.</summary>
    /// <param name="open">The open.</param>
    /// <param name="shortName">The name; empty: it is to have none; <see langword="null"/>: what was sent is no name.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async ValueTask<NtStatus> SetShortNameAsync(this FileOpen open, string? shortName, CancellationToken cancellationToken)
    {
        if (!open.HasAny(FileAccessMask.WriteData | FileAccessMask.WriteAttributes))
        {
            return NtStatus.AccessDenied;
        }

        if (!open.State.Caller.IsAdministrator)
        {
            return NtStatus.PrivilegeNotHeld; // SeRestorePrivilege
        }

        if (open.Volume.Store.Traits.Has(StoreAbilities.ReadOnly))
        {
            return NtStatus.MediaWriteProtected;
        }

        if (open.Path.IsRoot || open.File.IsStream || shortName is null || (shortName.Length > 0 && !ShortNames.IsShort(shortName)))
        {
            return NtStatus.InvalidParameter;
        }

        if (!await open.EnterAsync().ConfigureAwait(false))
        {
            return NtStatus.FileClosed;
        }

        try
        {
            var target = shortName.Length == 0 ? open.Path : open.Path.Parent.Append(shortName);
            using var turn = await open.LockPathsAsync(target, withTrees: false, cancellationToken).ConfigureAwait(false);
            if (open.IsDeletePending)
            {
                return NtStatus.AccessDenied;
            }

            if (shortName.Length > 0 && !open.Volume.SamePath(open.Path, target))
            {
                var found = await open.Volume.Store.OpenAsync(target, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
                if (found.Succeeded)
                {
                    await found.Value.DisposeAsync().ConfigureAwait(false);
                    return NtStatus.ObjectNameCollision;
                }
            }

            return await open.Volume.ShortNames.GiveAsync(open.Path, shortName.ToUpperInvariant(), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            open.Exit();
        }
    }
}
