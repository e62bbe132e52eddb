using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Caching;

/// <summary>
/// The grants of one file that cache something, and which caching can coexist with them (MS-FSA 2.1.5.18). A grant that was broken to
/// nothing no longer counts, though a lease's table still has it. Guarded by the file's lock, except where stated otherwise.
/// </summary>
internal sealed class GrantSet(ICachedFile file)
{
    private LinkedList<CacheGrant>? _grants;
    private volatile OutsideUseWatch? _outside;
    private volatile int _reading;

    // Counters instead of walks: most opens of a popular file break nothing, and should find that out at once.

    /// <summary>How many there are.</summary>
    public int Count => _grants?.Count ?? 0;

    /// <summary>Opens of the file that keep others from caching writes.</summary>
    public int Blockers { get; set; }

    /// <summary>Grants that are breaking.</summary>
    public int Breaking { get; set; }

    /// <summary>Grants that cache reads. Also read without the lock.</summary>
    public int Reading => _reading;

    /// <summary>Grants that cache writes.</summary>
    public int Writing { get; private set; }

    /// <summary>Grants that cache handles.</summary>
    public int Handling { get; private set; }

    private int Oplocks { get; set; }

    /// <summary>The server has changed the file. Called without the lock.</summary>
    public void NoteOwn() => _outside?.NoteOwn();

    /// <summary>Begins to notice what other programs on the machine do with the file, if anything is cached.</summary>
    public void NoticeOutside(IStoreFile handle)
    {
        if (Count > 0 && _outside is null)
        {
            _outside = OutsideUseWatch.Start(file, handle);
            _outside?.Cover(Writing > 0);
        }
    }

    /// <summary>What other programs do with the file no longer concerns those who cache it.</summary>
    public void StopNoticing()
    {
        _outside?.Dispose();
        _outside = null;
    }

    /// <summary>Whether all of a request would be granted now. Called with the file's lock held.</summary>
    public bool IsGrantedInFull(CachingRequest wish, long extent)
    {
        var own = wish is { Table: { } table, Lease: { } lease } && table.TryFind(lease.Key, out var held) && held.File == file ? held : null;
        return Grantable(own, wish, extent) == Wanted(wish);
    }

    /// <summary>The part of a request that makes sense: a directory has no data that a client could write.</summary>
    public CacheState Wanted(CachingRequest wish) =>
        !file.IsDirectory ? wish.State
        : wish.MayLeaseDirectories ? wish.State & ~CacheState.Write
        : CacheState.None;

    /// <summary>The part of a request that is compatible with all other opens (MS-FSA 2.1.5.18).</summary>
    public CacheState Grantable(CacheGrant? own, CachingRequest wish, long extent)
    {
        var state = Wanted(wish);

        // A lock beyond the end of the file keeps no client from caching what is before it.
        if (file.AnyLockBefore(extent))
        {
            state &= ~CacheState.Read;
        }

        if (Blockers > (own?.Blockers ?? 0))
        {
            state &= ~CacheState.Write;
        }

        if (Writing > (own is not null && (own.State & CacheState.Write) != 0 ? 1 : 0))
        {
            return CacheState.None;
        }

        if (wish.Lease is null)
        {
            // No oplock is granted beside a lease that caches handles; and an oplock never caches handles without writes.
            if (Handling > 0)
            {
                return CacheState.None;
            }

            if ((state & CacheState.Write) == 0)
            {
                state &= CacheState.Read;
            }
        }
        else if (Oplocks > 0 || wish.Table!.IsFull)
        {
            state &= ~CacheState.Handle;
        }

        return (state & CacheState.Read) == 0 ? CacheState.None : state;
    }

    /// <summary>Changes what a grant caches, and updates the counters.</summary>
    public void Set(CacheGrant grant, CacheState state)
    {
        var changed = grant.State ^ state;
        if (!grant.IsLease && (grant.State == CacheState.None) != (state == CacheState.None))
        {
            Oplocks += state == CacheState.None ? -1 : 1;
        }

        if ((grant.State == CacheState.None) != (state == CacheState.None))
        {
            if (state == CacheState.None)
            {
                _grants!.Remove(grant.Place);
            }
            else
            {
                (_grants ??= []).AddLast(grant.Place);
            }
        }

        grant.State = state;
        grant.Changed();
        if ((changed & CacheState.Read) != 0)
        {
            _reading += (state & CacheState.Read) != 0 ? 1 : -1;
        }

        if ((changed & CacheState.Write) != 0)
        {
            Writing += (state & CacheState.Write) != 0 ? 1 : -1;
        }

        if ((changed & CacheState.Handle) != 0)
        {
            Handling += (state & CacheState.Handle) != 0 ? 1 : -1;
        }

        if (Count > 0)
        {
            _outside?.Cover(Writing > 0);
        }
        else if (_outside is { } outside)
        {
            _outside = null;
            outside.Dispose();
        }
    }

    /// <summary>A grant has no opens any more, and is not being broken.</summary>
    public void End(CacheGrant grant)
    {
        Set(grant, CacheState.None);
        if (grant.IsLease)
        {
            grant.Table!.Remove(grant);
        }
    }

    /// <summary>The first, and the one after it: a grant may leave the list while it is being looked at.</summary>
    public (LinkedListNode<CacheGrant>? Node, LinkedListNode<CacheGrant>? Next) First() => After(_grants?.First);

    /// <summary>The next, and the one after it.</summary>
    public static (LinkedListNode<CacheGrant>? Node, LinkedListNode<CacheGrant>? Next) After(LinkedListNode<CacheGrant>? node) =>
        (node, node?.Next);
}
