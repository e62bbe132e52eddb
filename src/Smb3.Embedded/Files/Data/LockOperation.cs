using Smb3.Embedded.Files.Locking;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files.Data;

/// <summary>Locks and unlocks ranges of the data (MS-FSA 2.1.5.8 and 2.1.5.9).</summary>
internal static class LockOperation
{
    /// <summary>
    /// Locks ranges: if there is more than one, or with <paramref name="failImmediately"/>, all at once or none; otherwise it waits for the
    /// range.
    /// </summary>
    /// <param name="open">The open.</param>
    /// <param name="requests">The ranges.</param>
    /// <param name="failImmediately">Whether it does not wait.</param>
    /// <param name="stamp">The number of the request, which is remembered together with the locks.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// Success; or LOCK_NOT_GRANTED, INVALID_LOCK_RANGE, CANCELLED, RANGE_NOT_LOCKED when the open is closed while it waits.
    /// </returns>
    public static ValueTask<NtStatus> LockAsync(
        this FileOpen open, ReadOnlyMemory<LockRequest> requests, bool failImmediately, LockStamp stamp, CancellationToken cancellationToken)
    {
        if (open.CheckLock() is var status && status != NtStatus.Success)
        {
            return new(status);
        }

        if (requests.Length == 0 || (requests.Length > 1 && !failImmediately))
        {
            return new(NtStatus.InvalidParameter); // MS-SMB2 3.3.5.14.2
        }

        if (open.State.IsKept && open.GetLocks().Count + requests.Length > open.Volume.Options.MaxKeptLocks)
        {
            return new(NtStatus.InsufficientResources);
        }

        if (!open.TryEnter(out var isPaused))
        {
            return isPaused ? open.LockLaterAsync(requests, failImmediately, stamp, cancellationToken) : new(NtStatus.FileClosed);
        }

        try
        {
            open.File.Caching.BreakReads(open);
            var locks = open.File.GetOrCreateLocks();

            // Does not count as running while it waits: the close ends it instead of waiting for it.
            var locking = failImmediately
                ? new ValueTask<NtStatus>(locks.TryLock(open, requests.Span, stamp))
                : locks.LockAsync(open, requests.Span[0], stamp, cancellationToken);
            return open.FinishLockAsync(locking);
        }
        finally
        {
            open.Exit();
        }
    }

    /// <inheritdoc cref="LockAsync(FileOpen, ReadOnlyMemory{LockRequest}, bool, LockStamp, CancellationToken)"/>
    public static ValueTask<NtStatus> LockAsync(
        this FileOpen open, ReadOnlyMemory<LockRequest> requests, bool failImmediately, CancellationToken cancellationToken) =>
        open.LockAsync(requests, failImmediately, default, cancellationToken);

    /// <summary>The ranges that it has locked.</summary>
    public static IReadOnlyList<LockRequest> GetLocks(this FileOpen open) => open.File.Locks?.GetLocks(open) ?? [];

    /// <summary>Unlocks ranges one after the other, up to the first that is not locked (MS-SMB2 3.3.5.14.1).</summary>
    public static NtStatus Unlock(this FileOpen open, ReadOnlySpan<ByteRange> ranges, LockStamp stamp = default)
    {
        if (open.CheckLock() is var status && status != NtStatus.Success)
        {
            return status;
        }

        return open.File.Locks is { } locks ? locks.Unlock(open, ranges, stamp)
            : ranges.IsEmpty ? NtStatus.Success
            : ranges[0].IsValid ? NtStatus.RangeNotLocked
            : NtStatus.InvalidLockRange;
    }

    private static async ValueTask<NtStatus> LockLaterAsync(
        this FileOpen open, ReadOnlyMemory<LockRequest> requests, bool failImmediately, LockStamp stamp, CancellationToken cancellationToken)
    {
        await open.WhenResumedAsync().ConfigureAwait(false);
        return await open.LockAsync(requests, failImmediately, stamp, cancellationToken).ConfigureAwait(false);
    }

    private static async ValueTask<NtStatus> FinishLockAsync(this FileOpen open, ValueTask<NtStatus> locking)
    {
        var status = await locking.ConfigureAwait(false);
        if (status == NtStatus.Success)
        {
            open.File.Caching.BreakReads(open); // may have been granted before the lock was there
            await open.File.Writes.WaitAsync().ConfigureAwait(false);
            await open.AfterTelling(status).ConfigureAwait(false);
        }

        return status;
    }

    private static NtStatus CheckLock(this FileOpen open)
    {
        if (open.IsDirectory)
        {
            return NtStatus.InvalidParameter;
        }

        return open.HasAny(FileAccessMask.ReadData | FileAccessMask.WriteData | FileAccessMask.AppendData | FileAccessMask.Execute)
            ? NtStatus.Success
            : NtStatus.AccessDenied;
    }
}
