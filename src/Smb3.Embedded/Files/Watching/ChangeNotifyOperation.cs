using Smb3.Embedded.Files.Notification;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files.Watching;

/// <summary>Waits for changes below a directory.</summary>
internal static class ChangeNotifyOperation
{
    /// <summary>Waits for changes below this directory (MS-FSA 2.1.5.11).</summary>
    /// <param name="open">The open.</param>
    /// <param name="filter">The kinds of change; those of the first request count.</param>
    /// <param name="tree">Whether directories below count; the first request decides.</param>
    /// <param name="room">
    /// The most bytes that the answer may take; that of the first request also limits what is kept between requests.
    /// </param>
    /// <param name="cancellationToken">Ends the wait with CANCELLED.</param>
    /// <returns>
    /// The changes; or INVALID_PARAMETER for a file, ACCESS_DENIED, NOTIFY_ENUM_DIR when they do not fit, CANCELLED, NOTIFY_CLEANUP when
    /// the open is closed, DELETE_PENDING when the directory is to be deleted.
    /// </returns>
    public static ValueTask<ChangeReport> NextChangesAsync(
        this FileOpen open, ChangeFilter filter, bool tree, int room, CancellationToken cancellationToken)
    {
        if (!open.IsDirectory)
        {
            return new(NtStatus.InvalidParameter);
        }

        if (!open.HasAny(FileAccessMask.ListDirectory))
        {
            return new(NtStatus.AccessDenied);
        }

        if (!open.TryEnter(out _)) // a directory is never paused
        {
            return new(NtStatus.FileClosed);
        }

        try
        {
            if (open.IsDeletePending)
            {
                return new(NtStatus.DeletePending);
            }

            var watch = open.Watch ?? open.StartWatch(filter, tree, room);

            // Does not count as running while it waits: the close ends it instead of waiting for it.
            return watch.NextAsync(room, cancellationToken);
        }
        finally
        {
            open.Exit();
        }
    }
}
