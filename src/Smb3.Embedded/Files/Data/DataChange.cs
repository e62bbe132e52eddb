using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Locking;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files.Data;

/// <summary>What every change of data begins and ends with: locks that are checked, caches that are broken, times that move.</summary>
internal static class DataChange
{
    /// <summary>
    /// Begins a change of data if no lock forbids it; success is followed by one <see cref="EndWrite"/>. The change counts as under way
    /// before the locks are checked (<see cref="WriteBarrier"/>). PENDING: to be tried again after <see cref="FileOpen.WhenResumedAsync"/>.
    /// </summary>
    public static NtStatus TryBeginWrite(this FileOpen open, ByteRange range, out int turn)
    {
        turn = 0;
        if (!open.TryEnter(out var isPaused))
        {
            return isPaused ? NtStatus.Pending : NtStatus.FileClosed;
        }

        turn = open.File.Writes.Enter();
        if (open.File.Locks is not { } locks || locks.Permits(open, range, write: true))
        {
            return NtStatus.Success;
        }

        open.EndWrite(turn);
        return NtStatus.FileLockConflict;
    }

    public static void EndWrite(this FileOpen open, int turn)
    {
        open.File.Writes.Exit(turn);
        open.Exit();
    }

    public static ValueTask<NtStatus> AfterWriteAsync(this FileOpen open, NtStatus status, long length)
    {
        // A client that was granted a cache during the change may have read the data from before it.
        open.File.Caching.BreakReads(open);
        if (status == NtStatus.Success)
        {
            open.File.Times.Access.Note(open);
            open.Observation?.CountWritten(length);
            open.NeedsArchive = true;
            open.Volume.RaiseWritten(open);
        }

        return open.AfterTelling(status);
    }

    /// <summary>
    /// The answer to a change of data, once every client that caches it has been told (<see cref="Caching.FileCaching.WhenTold"/>), and no
    /// overwrite could still come after it.
    /// </summary>
    public static ValueTask<NtStatus> AfterTelling(this FileOpen open, NtStatus status)
    {
        return (open.File.Caching.WhenTold() ?? open.File.WhenRemade()) is { } wait ? WaitAsync(open, wait, status) : new(status);

        static async ValueTask<NtStatus> WaitAsync(FileOpen open, Task wait, NtStatus status)
        {
            await wait.ConfigureAwait(false);
            await (open.File.WhenRemade() ?? Task.CompletedTask).ConfigureAwait(false);
            return status;
        }
    }

    public static bool Permits(this FileOpen open, long offset, long length, bool write) =>
        open.File.Locks is not { } locks || locks.Permits(open, new ByteRange((ulong)offset, (ulong)length), write);

    /// <summary>What every change of data involves: no client may keep caching the old data, and times move.</summary>
    public static async ValueTask<NtStatus> ChangeDataAsync(this FileOpen open, long offset, long length, Func<ValueTask<NtStatus>> change)
    {
        if (!await open.EnterAsync().ConfigureAwait(false))
        {
            return NtStatus.FileClosed;
        }

        try
        {
            open.File.Caching.BreakReads(open);
            open.File.Times.BeforeWrite(open);
            open.File.NoteChange(offset, length);
            var status = await change().ConfigureAwait(false);
            open.File.NoteChange(offset, length);
            return await open.AfterWriteAsync(status, length).ConfigureAwait(false);
        }
        finally
        {
            open.Exit();
        }
    }
}
