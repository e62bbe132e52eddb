using Smb3.Embedded.Contention.Content;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Contention.Caching;

/// <summary>What one client caches of one file under a lease or an oplock. Breaks take effect the moment they arrive.</summary>
internal sealed class CachedFile(Guid? leaseKey)
{
    private readonly Lock _sync = new();
    private readonly Dictionary<int, long> _clean = [];
    private readonly Dictionary<int, Unwritten> _dirty = [];
    private Smb2LeaseState _held;
    private Smb2LeaseState _brokenTo;
    private long _lastBreak;
    private int _breaks;
    private long _generation;
    private long _endedAt = -1;
    private long _doubtfulUntil = -1;

    /// <summary>The lease's key; null: it is an oplock.</summary>
    public Guid? LeaseKey { get; } = leaseKey;

    /// <summary>The opens that it is for. Guarded by the client's lock.</summary>
    public List<FileHandle> Handles { get; } = [];

    /// <summary>CREATE requests with its key that are under way. Guarded by the client's lock.</summary>
    public int Opening { get; set; }

    /// <summary>
    /// Breaks that have not been answered. Until then a client is not told of a further one, which its answer brings (MS-FSA 2.1.5.19): what it
    /// goes on caching may be older than what others have written. Guarded by the client's lock.
    /// </summary>
    public int Unanswered { get; set; }

    /// <summary>How many breaks have come.</summary>
    public int Breaks
    {
        get
        {
            lock (_sync)
            {
                return _breaks;
            }
        }
    }

    /// <summary>The work for breaks that have come, one after the other.</summary>
    public Task Answers { get; set; } = Task.CompletedTask;

    /// <summary>The latest of the flushes, which come one after the other. Guarded by the client's lock.</summary>
    public Task Flush { get; set; } = Task.CompletedTask;

    public Smb2LeaseState Held
    {
        get
        {
            lock (_sync)
            {
                return _held;
            }
        }
    }

    /// <summary>Changes whenever what was read before may not be cached any more.</summary>
    public long Generation
    {
        get
        {
            lock (_sync)
            {
                return _generation;
            }
        }
    }

    /// <summary>Takes out an open that is to be closed. Called with the client's lock held.</summary>
    /// <returns>Whether it was there.</returns>
    public bool Remove(FileHandle handle)
    {
        if (!Handles.Remove(handle))
        {
            return false;
        }

        if (Handles.Count == 0)
        {
            handle.WasLast = true;
            Lower(Smb2LeaseState.None);
        }

        return true;
    }

    /// <summary>
    /// The close of an open was answered. With the last one the lease was over, and the key means another one from then on: what was asked
    /// for before needs no answer. When the next open was already on its way, who knows which came first. Called with the client's lock held.
    /// </summary>
    public void Closed(FileHandle handle, long arrival)
    {
        if (!handle.WasLast)
        {
            return;
        }

        lock (_sync)
        {
            if (Handles.Count == 0 && Opening == 0)
            {
                _endedAt = Math.Max(_endedAt, arrival);
            }
            else
            {
                _doubtfulUntil = arrival;
            }
        }
    }

    /// <summary>Whether a break came before the end of the lease that it was for. Called with the client's lock held.</summary>
    public bool IsOver(long breakArrival)
    {
        lock (_sync)
        {
            return breakArrival < _endedAt;
        }
    }

    /// <summary>Whether the server may have seen the end of the lease before the answer. Called with the client's lock held.</summary>
    public bool MayBeOver(long breakArrival) => IsOver(breakArrival) || breakArrival < _doubtfulUntil || Handles.Count == 0;

    /// <summary>The server answered a CREATE with this state.</summary>
    public void Grant(Smb2LeaseState state, bool breaking, long arrival)
    {
        lock (_sync)
        {
            if (breaking)
            {
                return;
            }

            // Nothing is being asked for (SMB2_LEASE_FLAG_BREAK_IN_PROGRESS): what was asked for before is over, with its lease or without.
            _endedAt = Math.Max(_endedAt, arrival);
            _held = arrival > _lastBreak ? state : state & _brokenTo;
        }
    }

    /// <summary>A break has come.</summary>
    public void Break(Smb2LeaseState to, long arrival)
    {
        lock (_sync)
        {
            _breaks++;
            _lastBreak = Math.Max(_lastBreak, arrival);
            _brokenTo = to;
            LowerLocked(to);
        }
    }

    /// <summary>The client gives up more than it was asked for, or all with its last handle.</summary>
    public void Lower(Smb2LeaseState to)
    {
        lock (_sync)
        {
            LowerLocked(to);
        }
    }

    /// <summary>Keeps what was just read or written, if nothing came between.</summary>
    public void Keep(int block, long version, long generation)
    {
        lock (_sync)
        {
            if ((_held & Smb2LeaseState.Read) != 0 && _generation == generation)
            {
                _clean[block] = version;
            }
        }
    }

    /// <summary>What is cached of a block that others could have written.</summary>
    public (long Version, long Generation)? Find(int block)
    {
        lock (_sync)
        {
            return (_held & Smb2LeaseState.Read) != 0 && !_dirty.ContainsKey(block) && _clean.TryGetValue(block, out var version)
                ? (version, _generation)
                : null;
        }
    }

    /// <summary>Whether what <see cref="Find"/> said is still true to the client.</summary>
    public bool IsCurrent(long generation)
    {
        lock (_sync)
        {
            return (_held & Smb2LeaseState.Read) != 0 && _generation == generation;
        }
    }

    /// <summary>Writes into the cache, when writes may be cached.</summary>
    public bool TryWrite(int block, BlockTruth truth)
    {
        lock (_sync)
        {
            if ((_held & Smb2LeaseState.Write) == 0)
            {
                return false;
            }

            var before = truth.Lowest;
            var version = truth.Begin();
            truth.Complete(version);
            _dirty[block] = new Unwritten(version, _dirty.TryGetValue(block, out var older) ? older.OnServer : before);
            _clean.Remove(block);
            return true;
        }
    }

    /// <summary>Blocks that are not on the server yet.</summary>
    public KeyValuePair<int, Unwritten>[] Dirty
    {
        get
        {
            lock (_sync)
            {
                return [.. _dirty];
            }
        }
    }

    /// <summary>A block is on the server now.</summary>
    public void Written(int block, long version)
    {
        lock (_sync)
        {
            if (_dirty.TryGetValue(block, out var dirty) && dirty.Version == version)
            {
                _dirty.Remove(block);
            }
        }
    }

    /// <summary>The client is cut off: what it had not written is lost.</summary>
    public void Discard(BlockTruth[] truth)
    {
        lock (_sync)
        {
            foreach (var (block, unwritten) in _dirty)
            {
                truth[block].Discard(unwritten.OnServer);
            }

            _dirty.Clear();
            LowerLocked(Smb2LeaseState.None);
        }
    }

    private void LowerLocked(Smb2LeaseState to)
    {
        _held &= to;
        if ((to & Smb2LeaseState.Read) != 0)
        {
            return;
        }

        _generation++;
        _clean.Clear();
    }

    /// <summary>A block that is written in the cache only.</summary>
    /// <param name="Version">What the client has.</param>
    /// <param name="OnServer">The oldest that the server may have.</param>
    internal readonly record struct Unwritten(long Version, long OnServer);
}
