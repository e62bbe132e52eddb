using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files.Locking;

/// <summary>The byte-range locks of one file (MS-FSA 2.1.5.8, 2.1.5.9 and 2.1.4.10).</summary>
/// <remarks>
/// A lock belongs to the open that made it. Shared locks may overlap each other; an exclusive lock can be overlapped only by shared ones of
/// its own open. Waiting requests are served in order of arrival.
/// </remarks>
internal sealed class ByteRangeLocks(int limit)
{
    private readonly Lock _sync = new();
    private readonly HeldLocks _held = new();
    private readonly LinkedList<Waiter> _waiting = [];
    private volatile int _count;

    /// <summary>How many locks are held.</summary>
    public int Count => _count;

    /// <summary>How many requests wait.</summary>
    public int WaitingCount
    {
        get
        {
            lock (_sync)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>
    /// Whether <paramref name="open"/> may read or write <paramref name="range"/>. If the file has no locks, this is a single read of a
    /// field.
    /// </summary>
    public bool Permits(ILockOwner open, ByteRange range, bool write)
    {
        if (_count == 0 || range.Length == 0)
        {
            return true;
        }

        lock (_sync)
        {
            // Under a shared lock no open may write, not even its owner; under an exclusive one its owner may both read and write.
            return !_held.AnyExclusive(range, besides: open) && !(write && _held.AnyShared(range));
        }
    }

    /// <summary>Whether any lock begins before <paramref name="end"/>.</summary>
    public bool AnyBefore(long end)
    {
        if (_count == 0 || end <= 0)
        {
            return false;
        }

        lock (_sync)
        {
            return _held.AnyBefore((ulong)end);
        }
    }

    /// <summary>Takes all of <paramref name="requests"/> or none, without waiting.</summary>
    public NtStatus TryLock(ILockOwner open, ReadOnlySpan<LockRequest> requests, LockStamp stamp = default)
    {
        lock (_sync)
        {
            if (stamp.IsDone)
            {
                return NtStatus.Success;
            }

            var added = requests.Length > 1 ? new Stack<HeldLock>(requests.Length) : null;
            foreach (var request in requests)
            {
                var status = !request.Range.IsValid ? NtStatus.InvalidLockRange
                    : _held.Count >= limit ? NtStatus.InsufficientResources
                    : !IsFree(open, request) ? NtStatus.LockNotGranted
                    : NtStatus.Success;
                if (status != NtStatus.Success)
                {
                    while (added is not null && added.TryPop(out var undone))
                    {
                        _held.Remove(undone);
                    }

                    return status;
                }

                var held = _held.Add(open, request);
                added?.Push(held);
            }

            _count = _held.Count;
            stamp.Enter();
            open.LocksChanged();
            return NtStatus.Success;
        }
    }

    /// <summary>
    /// Takes one lock, waiting for it if necessary. A wait ends with CANCELLED when <paramref name="cancellationToken"/> is cancelled, and
    /// with RANGE_NOT_LOCKED when the open is closed.
    /// </summary>
    public async ValueTask<NtStatus> LockAsync(ILockOwner open, LockRequest request, LockStamp stamp, CancellationToken cancellationToken)
    {
        if (!request.Range.IsValid)
        {
            return NtStatus.InvalidLockRange;
        }

        LinkedListNode<Waiter> node;
        lock (_sync)
        {
            if (open.IsClosing)
            {
                return NtStatus.RangeNotLocked;
            }

            // Sent again while the first one waited, and granted since: it must not wait for itself.
            if (stamp.IsDone)
            {
                return NtStatus.Success;
            }

            if (_held.Count + _waiting.Count >= limit)
            {
                return NtStatus.InsufficientResources;
            }

            if (IsFree(open, request))
            {
                _held.Add(open, request);
                _count = _held.Count;
                stamp.Enter();
                open.LocksChanged();
                return NtStatus.Success;
            }

            node = _waiting.AddLast(new Waiter(open, request, stamp));
        }

        using var registration = cancellationToken.UnsafeRegister(_ => End(node, NtStatus.Cancelled), null);
        return await node.Value.Completion.Task.ConfigureAwait(false);
    }

    /// <summary>
    /// Releases one lock for each range, which must match exactly, up to the first that is not there. Waiting requests are checked once,
    /// however many locks go.
    /// </summary>
    public NtStatus Unlock(ILockOwner open, ReadOnlySpan<ByteRange> ranges, LockStamp stamp = default)
    {
        lock (_sync)
        {
            var status = NtStatus.Success;
            var gone = 0;
            foreach (var range in ranges)
            {
                // If both kinds are on the same range, the exclusive one goes first.
                status = !range.IsValid ? NtStatus.InvalidLockRange
                    : _held.Remove(open, range, exclusive: true) || _held.Remove(open, range, exclusive: false) ? NtStatus.Success
                    : NtStatus.RangeNotLocked;
                if (status != NtStatus.Success)
                {
                    break;
                }

                gone++;
            }

            if (status == NtStatus.Success)
            {
                stamp.Enter();
            }

            if (gone > 0)
            {
                open.LocksChanged();
                ServeWaiting(gone == 1 ? ranges[0] : null);
            }

            return status;
        }
    }

    /// <summary>Ends the waits of <paramref name="open"/>; locks that it holds stay.</summary>
    public void EndWaiting(ILockOwner open)
    {
        lock (_sync)
        {
            EndWaitingLocked(open);
        }
    }

    /// <summary>The locks that <paramref name="open"/> holds.</summary>
    public IReadOnlyList<LockRequest> GetLocks(ILockOwner open)
    {
        lock (_sync)
        {
            return [.. _held.Of(open).Select(held => new LockRequest(held.Range, held.Exclusive))];
        }
    }

    /// <summary>The locks that <paramref name="open"/> holds, and the numbers of the requests that have made them so.</summary>
    public (IReadOnlyList<LockRequest> Locks, byte[] Numbers) Capture(ILockOwner open, LockSequences sequences)
    {
        lock (_sync)
        {
            return (GetLocks(open), sequences.ToArray());
        }
    }

    /// <summary>Ends everything that <paramref name="open"/> holds and waits for.</summary>
    public void Release(ILockOwner open)
    {
        lock (_sync)
        {
            EndWaitingLocked(open);
            if (_held.RemoveAll(open))
            {
                open.LocksChanged();
                ServeWaiting(null);
            }
        }
    }

    /// <summary>Runs something while no lock comes or goes. Called with the file's lock held.</summary>
    public void Freeze(Action action)
    {
        lock (_sync)
        {
            action();
        }
    }

    private void EndWaitingLocked(ILockOwner open)
    {
        for (var node = _waiting.First; node is not null;)
        {
            var next = node.Next;
            if (node.Value.Owner == open)
            {
                _waiting.Remove(node);
                node.Value.Completion.TrySetResult(NtStatus.RangeNotLocked);
            }

            node = next;
        }
    }

    // MS-FSA 2.1.4.10: a shared lock can be placed over an exclusive one of the same open, but not the other way round.
    private bool IsFree(ILockOwner open, LockRequest request) => request.Exclusive
        ? !_held.AnyExclusive(request.Range, null) && !_held.AnyShared(request.Range)
        : !_held.AnyExclusive(request.Range, besides: open);

    /// <summary>Grants waiting requests that can be granted now.</summary>
    /// <param name="released">The only range where a lock was released; <see langword="null"/>: anywhere.</param>
    private void ServeWaiting(ByteRange? released)
    {
        for (var node = _waiting.First; node is not null;)
        {
            var next = node.Next;
            var waiter = node.Value;
            if (released is not { } range || range.Overlaps(waiter.Request.Range))
            {
                // The same request may wait twice, over two channels.
                var isDone = waiter.Stamp.IsDone;
                if (isDone || IsFree(waiter.Owner, waiter.Request))
                {
                    _waiting.Remove(node);
                    if (!isDone)
                    {
                        _held.Add(waiter.Owner, waiter.Request);
                        waiter.Stamp.Enter();
                        waiter.Owner.LocksChanged();
                    }

                    waiter.Completion.TrySetResult(NtStatus.Success);
                }
            }

            node = next;
        }

        _count = _held.Count;
    }

    private void End(LinkedListNode<Waiter> node, NtStatus status)
    {
        lock (_sync)
        {
            if (node.List is null)
            {
                return;
            }

            _waiting.Remove(node);
            node.Value.Completion.TrySetResult(status);
        }
    }

    private sealed class Waiter(ILockOwner owner, LockRequest request, LockStamp stamp)
    {
        public ILockOwner Owner { get; } = owner;

        public LockRequest Request { get; } = request;

        public LockStamp Stamp { get; } = stamp;

        public TaskCompletionSource<NtStatus> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
