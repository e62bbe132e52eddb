using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Files.Names;
using Smb3.Embedded.Files.Notification;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Files.Closing;

/// <summary>Ends an open (MS-FSA 2.1.5.5).</summary>
internal static class CloseOperation
{
    /// <summary>
    /// Ends the open: operations that run on it finish first, waits for locks end, a name that is to be deleted and has no other open is
    /// removed, and the store's handle is closed. Behind a fence the open is abandoned instead: operations that run in the store are not
    /// waited for.
    /// </summary>
    /// <param name="open">The open.</param>
    /// <param name="query">Whether the caller wants the file's metadata as of the close.</param>
    /// <param name="later">What takes the breaks of directory leases behind the answer; <see langword="null"/>: they leave at once.</param>
    /// <param name="cancellationToken">Ends the query, not the close.</param>
    /// <returns>
    /// The metadata, all zero if not asked for or not available; FILE_CLOSED when the open was closed before; or, when it is closed but the
    /// journal could not keep that, why.
    /// </returns>
    public static async ValueTask<NtResult<FileMetadata>> CloseAsync(
        this FileOpen open, bool query = false, Afterwards? later = null, CancellationToken cancellationToken = default)
    {
        if (!await open.BeginCloseAsync().ConfigureAwait(false))
        {
            return NtStatus.FileClosed;
        }

        var isIdle = !open.IsBusy;
        open.File.Locks?.EndWaiting(open);
        open.EndWatch(forget: isIdle);
        if (!isIdle)
        {
            await open.Volume.Fence.WaitForAsync(open.Drained).ConfigureAwait(false);
            open.EndWatch(forget: true);
        }

        // Any write that was still under way has ended, so it cannot collide with a lock that another open takes.
        open.File.Locks?.Release(open);
        open.File.EndWatched(open);

        if (open.Volume.Fence.IsUp)
        {
            await open.LeaveAsync(later).ConfigureAwait(false);
            return NtStatus.NetworkNameDeleted;
        }

        FileMetadata metadata = default;
        var safe = NtStatus.Success;
        try
        {
            if (open.NeedsArchive)
            {
                open.Volume.OutsideChanges.Own(new FileChange(ChangeAction.Modified, open.Path, ChangeFilter.Attributes));
                await open.ArchiveAsync(CancellationToken.None).ConfigureAwait(false);
            }

            if (open.State.Pinned != PinnedTimes.None && !open.State.IsSuspended)
            {
                await open.UnpinTimesAsync(open.State.Pinned).ConfigureAwait(false);
            }

            if (open.File.Times.Access.IsDue && !open.Link!.Removed)
            {
                await open.KeepLastAccessAsync().ConfigureAwait(false);
            }

            open.File.Whole.Caching.NoteOwn();

            // Only now does NTFS report the archive attribute that a rename has set.
            if (open.Renamed && open.Link is { Removed: false, DeletePending: false })
            {
                open.Volume.RaiseModified(open, ChangeFilter.Attributes);
            }

            if (open.ChangedEntry)
            {
                await (open.Volume.LeasedDirectories.EntryChanged(open.Path, open.State.Lease?.ParentKey, later) ?? Task.CompletedTask)
                    .ConfigureAwait(false);
            }

            if (query && await open.ShowMetadataAsync(cancellationToken).ConfigureAwait(false) is { Succeeded: true, Value: var shown })
            {
                metadata = shown;
            }
        }
        finally
        {
            safe = await open.LeaveAsync(later).ConfigureAwait(false);
        }

        return safe == NtStatus.Success ? metadata : safe;
    }

    /// <returns>Success, or why the end of the open could not be kept.</returns>
    private static async ValueTask<NtStatus> LeaveAsync(this FileOpen open, Afterwards? later)
    {
        var deletes = false;
        var safe = NtStatus.Success;
        try
        {
            // The name and the table change together, for any request that looks the name up in the meantime.
            if (!open.Volume.Fence.IsUp && open.File.BeginClose(open) is var due && due != DeletionDue.None)
            {
                deletes = true;
                using var turn = await open.LockPathAsync(due == DeletionDue.Name, CancellationToken.None).ConfigureAwait(false);
                await open.DeleteNameAsync(open.Path, later).ConfigureAwait(false);
            }
            else if (open.State is { DeleteOnClose: true, IsSuspended: false } && !open.Volume.Fence.IsUp)
            {
                // A client that only caches a handle has to close it, or the name would stay.
                _ = open.File.Caching.BreakHandles(open);
                await (open.File.Caching.WhenTold() ?? Task.CompletedTask).ConfigureAwait(false);
            }

            await open.CompleteAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (open.Volume.Fence.IsUp)
        {
            // The name is now another node's, and so is its deletion.
        }
        finally
        {
            open.File.Remove(open);
            if (open.Grant?.WhenSent() is { } sent)
            {
                await sent.ConfigureAwait(false);
            }

            open.Volume.OpenFiles.Dereference(open.File);
            open.Volume.CountOut(open);
            try
            {
                if (open.Cursor is { } cursor)
                {
                    await open.Volume.Fence.ReleaseAsync(cursor).ConfigureAwait(false);
                }
            }
            finally
            {
                await open.Handle.DisposeAsync().ConfigureAwait(false);
                open.Observation?.Close();

                // What it deleted, others may have open.
                if (deletes || open.State.IsKept)
                {
                    safe = await open.Volume.SettleAsync().ConfigureAwait(false);
                }
            }
        }

        return safe;
    }

    /// <summary>Has a store that put off what was written do it now, while the client can still be told.</summary>
    private static async ValueTask CompleteAsync(this FileOpen open)
    {
        if (open.Handle is not IDeferredFile deferred)
        {
            return;
        }

        var status = NtStatus.UnexpectedIoError;
        try
        {
            status = await deferred.CompleteAsync(CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            open.Loss = status;
            if (status != NtStatus.Success)
            {
                open.Volume.ReportLoss(open.Path.Text, status);
            }
        }
    }
}
