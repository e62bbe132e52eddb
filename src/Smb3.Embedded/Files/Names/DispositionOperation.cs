using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files.Names;

/// <summary>Marks a name for deletion by the close, or takes that back.</summary>
internal static class DispositionOperation
{
    /// <summary>FileDispositionInformation and FileDispositionInformationEx (MS-FSA 2.1.5.15.3).</summary>
    /// <param name="open">The open.</param>
    /// <param name="delete">Whether the name is to be deleted.</param>
    /// <param name="posix">Whether it goes with the close of this open, whatever other opens the file has.</param>
    /// <param name="ignoreReadOnly">Whether a read-only file may be deleted too.</param>
    /// <param name="onClose">FILE_DISPOSITION_ON_CLOSE: changes what FILE_DELETE_ON_CLOSE said at the open, not the name.</param>
    /// <param name="onWait">Called once, before waiting for other clients to close what they cache; its token ends the wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async ValueTask<NtStatus> SetDispositionAsync(
        this FileOpen open, bool delete, bool posix, bool ignoreReadOnly, bool onClose, Func<CancellationToken>? onWait, CancellationToken cancellationToken)
    {
        if (!open.HasAny(OperationRights.Of(FileOperation.Delete).Open))
        {
            return NtStatus.AccessDenied;
        }

        if (onClose)
        {
            if ((open.Options & CreateOptions.DeleteOnClose) == 0)
            {
                return NtStatus.NotSupported;
            }

            return await open.SetDeleteOnCloseAsync(delete, ignoreReadOnly, cancellationToken).ConfigureAwait(false);
        }

        posix |= open.State.IsPosix;
        var wait = new HandleWait(onWait);
        return await open.ChangeNameAsync(wait, SetInTurnAsync, cancellationToken).ConfigureAwait(false);

        async ValueTask<NtStatus> SetInTurnAsync()
        {
            if (!delete)
            {
                open.DeletesAtOnce = false;
                open.File.SetDeletePending(open, false);
                return NtStatus.Success;
            }

            using var turn = await open.LockPathAsync(toDelete: !open.File.IsStream, cancellationToken).ConfigureAwait(false);
            return await open.SetDeletePendingAsync(posix, ignoreReadOnly, wait, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What was set could not be kept: the name is as it was before, if it is still there.</summary>
    public static async ValueTask RestoreDispositionAsync(this FileOpen open, bool deletePending)
    {
        if (open.IsDeletePending != deletePending && open.Link is { Removed: false } && await open.EnterAsync().ConfigureAwait(false))
        {
            open.DeletesAtOnce &= deletePending;
            open.File.SetDeletePending(open, deletePending);
            open.Exit();
        }
    }

    /// <summary>Marks the open's name for deletion when it has its turn on it.</summary>
    private static async ValueTask<NtStatus> SetDeletePendingAsync(
        this FileOpen open, bool posix, bool ignoreReadOnly, HandleWait wait, CancellationToken cancellationToken)
    {
        var status = await open.CheckDeletableAsync(ignoreReadOnly, cancellationToken).ConfigureAwait(false);
        if (status != NtStatus.Success)
        {
            return status;
        }

        if (wait.Finds(open.File, open))
        {
            return NtStatus.OplockBreakInProgress;
        }

        if (open.Observation is { } observation
            && await observation.AskDeleteAsync(open.Volume.Store, open.Path, cancellationToken).ConfigureAwait(false) is var answer and not NtStatus.Success)
        {
            return answer;
        }

        open.DeletesAtOnce = posix;
        open.File.SetDeletePending(open, true);
        return NtStatus.Success;
    }

    private static async ValueTask<NtStatus> SetDeleteOnCloseAsync(
        this FileOpen open, bool delete, bool ignoreReadOnly, CancellationToken cancellationToken)
    {
        if (!await open.EnterAsync().ConfigureAwait(false))
        {
            return NtStatus.FileClosed;
        }

        try
        {
            var status = delete ? await open.CheckDeletableAsync(ignoreReadOnly, cancellationToken).ConfigureAwait(false) : NtStatus.Success;
            if (delete && status == NtStatus.Success && open.Observation is { } observation)
            {
                status = await observation.AskDeleteAsync(open.Volume.Store, open.Path, cancellationToken).ConfigureAwait(false);
            }

            if (status == NtStatus.Success)
            {
                open.State.SetDeleteOnClose(delete);
            }

            return status;
        }
        finally
        {
            open.Exit();
        }
    }

    private static async ValueTask<NtStatus> CheckDeletableAsync(
        this FileOpen open, bool ignoreReadOnly, CancellationToken cancellationToken)
    {
        if (open.Path.IsRoot && !open.File.IsStream)
        {
            return NtStatus.CannotDelete;
        }

        var metadata = await open.Handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (!metadata.Succeeded)
        {
            return metadata.Status;
        }

        if (!ignoreReadOnly && (metadata.Value.Attributes & FileAttributes.ReadOnly) != 0)
        {
            return NtStatus.CannotDelete;
        }

        return await open.Volume.CanDeleteAsync(open.Handle, open.Path, open.File.StreamName, cancellationToken).ConfigureAwait(false);
    }
}
