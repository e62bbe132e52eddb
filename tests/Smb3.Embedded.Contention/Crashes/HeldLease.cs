using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;

namespace Smb3.Embedded.Contention.Crashes;

/// <summary>
/// What a client knows of one lease, and which versions of blocks it caches under it. Answers and breaks come over several channels, in any
/// order; the epoch says which is newer (MS-SMB2 3.2.5.7.5).
/// </summary>
internal sealed class HeldLease(Guid key)
{
    private readonly Lock _sync = new();
    private readonly Dictionary<int, long> _cached = [];
    private Smb2LeaseState _state;
    private ushort _epoch;
    private bool _isBreaking;
    private bool _isGranted;
    private long _generation;

    public Guid Key { get; } = key;

    public Smb2LeaseState State
    {
        get
        {
            lock (_sync)
            {
                return _state;
            }
        }
    }

    public ushort Epoch
    {
        get
        {
            lock (_sync)
            {
                return _epoch;
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

    /// <summary>A CREATE was answered.</summary>
    /// <returns>What is wrong with that; null: nothing.</returns>
    public string? Grant(in LeaseContext lease)
    {
        lock (_sync)
        {
            var step = (short)(lease.Epoch - _epoch);
            var before = _epoch;
            if (step < 0)
            {
                // What was granted before a break that has come already.
                return null;
            }

            _epoch = lease.Epoch;
            var breaking = (lease.Flags & LeaseFlags.BreakInProgress) != 0;
            if (step == 0 && !breaking && (lease.State & ~_state) != 0 && _isGranted)
            {
                return $"the lease has {lease.State} and had {_state}, both in epoch {before}";
            }

            if (step != 0 || breaking || (lease.State & Smb2LeaseState.Read) == 0)
            {
                Purge();
            }

            // While a break goes on, the state is the one before it; what the client was asked to give up it has given up.
            _state = step == 0 && breaking ? _state & lease.State : lease.State;
            _isBreaking = breaking;
            _isGranted = true;
            return null;
        }
    }

    /// <summary>The client is back: the server tells what it has kept of the lease.</summary>
    /// <param name="lease">What it tells.</param>
    /// <param name="asked">The epoch when the client asked: a break that came behind the answer may have been seen before it.</param>
    /// <param name="kept">Whether something that was cached before may be used from now on.</param>
    /// <returns>What is wrong with that; null: nothing.</returns>
    public string? Reclaim(in LeaseContext lease, ushort asked, out bool kept)
    {
        kept = false;
        if ((short)(lease.Epoch - asked) < 0)
        {
            return $"the lease came back in epoch {lease.Epoch}, and was in epoch {asked} before";
        }

        var wrong = Grant(lease);
        lock (_sync)
        {
            kept = MayCache && _cached.Count > 0;
        }

        return wrong;
    }

    /// <summary>A break has come.</summary>
    public void Break(BreakAnswer notice)
    {
        lock (_sync)
        {
            if ((short)(notice.Epoch - _epoch) < 0)
            {
                return;
            }

            _epoch = notice.Epoch;
            _state &= notice.NewState;
            _isBreaking = notice.AcknowledgmentRequired;
            if (_isBreaking || (_state & Smb2LeaseState.Read) == 0)
            {
                Purge();
            }
        }
    }

    /// <summary>The server has heard that the client caches no more than this.</summary>
    public void Acknowledged(ushort epoch)
    {
        lock (_sync)
        {
            _isBreaking &= epoch != _epoch;
        }
    }

    /// <summary>Forgets what was cached: a break may have been lost with a channel.</summary>
    public void Forget()
    {
        lock (_sync)
        {
            Purge();
        }
    }

    /// <summary>Keeps what was just read, if nothing came between.</summary>
    public void Keep(int block, long version, long generation)
    {
        lock (_sync)
        {
            if (MayCache && _generation == generation)
            {
                _cached[block] = version;
            }
        }
    }

    /// <summary>The client itself is about to change a block.</summary>
    public void Drop(int block)
    {
        lock (_sync)
        {
            _cached.Remove(block);
        }
    }

    /// <summary>What is cached of a block.</summary>
    public (long Version, long Generation)? Find(int block)
    {
        lock (_sync)
        {
            return MayCache && _cached.TryGetValue(block, out var version) ? (version, _generation) : null;
        }
    }

    private bool MayCache => !_isBreaking && (_state & Smb2LeaseState.Read) != 0;

    private void Purge()
    {
        _generation++;
        _cached.Clear();
    }
}
