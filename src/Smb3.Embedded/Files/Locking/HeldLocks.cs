using System.Runtime.InteropServices;

namespace Smb3.Embedded.Files.Locking;

/// <summary>
/// The locks that are held on one file, found by position, by owner, and by exact range: nothing here walks through all of them. Guarded by
/// the lock of <see cref="ByteRangeLocks"/>.
/// </summary>
internal sealed class HeldLocks
{
    private readonly Places _exclusive = new();
    private readonly Places _shared = new();
    private readonly Dictionary<ILockOwner, HeldLock> _byOwner = [];
    private readonly Dictionary<(ILockOwner Owner, ByteRange Range, bool Exclusive), HeldLock> _byRange = [];
    private long _lastNumber;

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>Whether an exclusive lock of any owner but <paramref name="besides"/> lies in the range.</summary>
    public bool AnyExclusive(ByteRange range, ILockOwner? besides) => _exclusive.Any(range, besides);

    /// <summary>Whether a shared lock lies in the range.</summary>
    public bool AnyShared(ByteRange range) => _shared.Any(range, null);

    /// <summary>Whether any lock begins before <paramref name="end"/>, which is not 0.</summary>
    public bool AnyBefore(ulong end) => _exclusive.AnyBefore(end) || _shared.AnyBefore(end);

    /// <summary>Adds a lock.</summary>
    public HeldLock Add(ILockOwner owner, LockRequest request)
    {
        var held = new HeldLock(owner, request.Range, request.Exclusive, ++_lastNumber);
        (held.Exclusive ? _exclusive : _shared).Of(held.Range).Add(held);
        ref var same = ref CollectionsMarshal.GetValueRefOrAddDefault(_byRange, (owner, held.Range, held.Exclusive), out _);
        held.Earlier = same;
        same = held;
        ref var first = ref CollectionsMarshal.GetValueRefOrAddDefault(_byOwner, owner, out _);
        held.Next = first;
        if (first is not null)
        {
            first.Previous = held;
        }

        first = held;
        Count++;
        return held;
    }

    /// <summary>The locks of one open, the newest first.</summary>
    public IEnumerable<HeldLock> Of(ILockOwner owner)
    {
        for (var held = _byOwner.GetValueOrDefault(owner); held is not null; held = held.Next)
        {
            yield return held;
        }
    }

    /// <summary>Removes one lock of exactly this range.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Remove(ILockOwner owner, ByteRange range, bool exclusive)
    {
        if (!_byRange.TryGetValue((owner, range, exclusive), out var held))
        {
            return false;
        }

        Remove(held);
        return true;
    }

    /// <summary>Removes all locks of one open.</summary>
    /// <returns>Whether there were any.</returns>
    public bool RemoveAll(ILockOwner owner)
    {
        var any = false;
        while (_byOwner.TryGetValue(owner, out var first))
        {
            // The latest lock of a range goes first, as Remove requires: the owner's list is in that order.
            Remove(first);
            any = true;
        }

        return any;
    }

    /// <summary>Removes a lock that is the latest of its owner and range.</summary>
    public void Remove(HeldLock held)
    {
        (held.Exclusive ? _exclusive : _shared).Of(held.Range).Remove(held);
        var name = (held.Owner, held.Range, held.Exclusive);
        if (held.Earlier is { } earlier)
        {
            _byRange[name] = earlier;
        }
        else
        {
            _byRange.Remove(name);
        }

        if (held.Next is { } next)
        {
            next.Previous = held.Previous;
        }

        if (held.Previous is { } previous)
        {
            previous.Next = held.Next;
        }
        else if (held.Next is { } first)
        {
            _byOwner[held.Owner] = first;
        }
        else
        {
            _byOwner.Remove(held.Owner);
        }

        Count--;
    }

    /// <summary>Locks of one kind: those on bytes, and those on empty ranges, which conflict with others by a rule of their own.</summary>
    private sealed class Places
    {
        private readonly LockTree _bytes = new();
        private readonly LockTree _gaps = new();

        public LockTree Of(ByteRange range) => range.Length == 0 ? _gaps : _bytes;

        public bool AnyBefore(ulong end) => _bytes.Any(end - 1, 0, null) || _gaps.Any(end - 1, 0, null);

        public bool Any(ByteRange range, ILockOwner? besides)
        {
            // An empty range lies between two bytes, and overlaps a range that has both of them; two empty ones never overlap.
            if (range.Length == 0)
            {
                return range.Offset > 0 && _bytes.Any(range.Offset - 1, range.Offset, besides);
            }

            var last = range.Offset + (range.Length - 1);
            return _bytes.Any(last, range.Offset, besides) || (range.Length > 1 && _gaps.Any(last, range.Offset + 1, besides));
        }
    }
}
