using Smb3.Embedded.Files.Notification;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files;

// Change notification.
internal sealed partial class FileOpen
{
    private DirectoryWatch? _watch;
    private IDisposable? _outside;

    /// <summary>Waits for changes below this directory (MS-FSA section 2.1.5.11).</summary>
    /// <param name="filter">The kinds of change; those of the first request count.</param>
    /// <param name="tree">Whether directories below count; what the first request says.</param>
    /// <param name="room">Bytes that the answer may have; the first request's is also what is kept between requests.</param>
    /// <param name="cancellationToken">Ends the wait with CANCELLED.</param>
    /// <returns>
    /// The changes; or INVALID_PARAMETER for a file, ACCESS_DENIED, NOTIFY_ENUM_DIR when they do not fit, CANCELLED, NOTIFY_CLEANUP when
    /// the open is closed, DELETE_PENDING when the directory is to be deleted.
    /// </returns>
    public ValueTask<ChangeReport> NextChangesAsync(ChangeFilter filter, bool tree, int room, CancellationToken cancellationToken)
    {
        if (!IsDirectory)
        {
            return new(NtStatus.InvalidParameter);
        }

        if (!HasAny(FileAccessMask.ListDirectory))
        {
            return new(NtStatus.AccessDenied);
        }

        if (!TryEnter())
        {
            return new(NtStatus.FileClosed);
        }

        try
        {
            if (IsDeletePending)
            {
                return new(NtStatus.DeletePending);
            }

            var watch = Volatile.Read(ref _watch) ?? StartWatch(filter, tree, room);

            // Not counted as running while it waits: the close ends it instead of waiting for it.
            return watch.NextAsync(room, cancellationToken);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>The directory is to be deleted: whoever waits learns it.</summary>
    internal void TellDeletePending() => Volatile.Read(ref _watch)?.End(NtStatus.DeletePending, forGood: false);

    private DirectoryWatch StartWatch(ChangeFilter filter, bool tree, int room)
    {
        var made = new DirectoryWatch(this, filter, tree, room);
        if (Interlocked.CompareExchange(ref _watch, made, null) is { } other)
        {
            return other;
        }

        Volume.Watches.Add(made);
        _outside = Volume.OutsideChanges.Start(made, Path, tree);
        return made;
    }

    private void EndWatch(bool forget)
    {
        if (Volatile.Read(ref _watch) is not { } watch)
        {
            return;
        }

        watch.End(NtStatus.NotifyCleanup, forGood: true);
        if (!forget)
        {
            return;
        }

        Volume.Watches.Remove(watch);
        _outside?.Dispose();
    }
}
