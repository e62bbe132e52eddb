namespace Smb3.Embedded.Sessions;

/// <summary>
/// The message ids that a client may use on a connection: Connection.CommandSequenceWindow of MS-SMB2 3.3.1.7. A sliding bitmap: ids
/// below the window are used up, ids inside it can be used once each and in any order, and granting credits widens it at its end.
/// </summary>
internal sealed class CreditWindow
{
    private readonly ulong[] _used;
    private readonly int _capacity;
    private readonly Lock _gate = new();
    private ulong _low;
    private ulong _high;

    /// <param name="maxCredits">How wide the window may become; rounded up to a multiple of 64.</param>
    public CreditWindow(int maxCredits)
    {
        _capacity = (maxCredits + 63) & ~63;
        _used = new ulong[_capacity / 64];
        _high = 1;
    }

    /// <summary>Ids that the client may use from now on: granted and not used yet, including those behind a gap.</summary>
    public int Width
    {
        get
        {
            lock (_gate)
            {
                return (int)(_high - _low);
            }
        }
    }

    /// <summary>
    /// Uses <paramref name="charge"/> consecutive ids from <paramref name="messageId"/>; false when one of them is not available.
    /// </summary>
    public bool TryUse(ulong messageId, int charge)
    {
        lock (_gate)
        {
            if (messageId < _low || messageId >= _high || (ulong)charge > _high - messageId)
            {
                return false;
            }

            for (var id = messageId; id < messageId + (ulong)charge; id++)
            {
                if (IsUsed(id))
                {
                    return false;
                }
            }

            for (var id = messageId; id < messageId + (ulong)charge; id++)
            {
                _used[Slot(id)] |= Bit(id);
            }

            while (_low < _high && IsUsed(_low))
            {
                _used[Slot(_low)] &= ~Bit(_low);
                _low++;
            }

            return true;
        }
    }

    /// <summary>
    /// Grants up to <paramref name="wanted"/> credits, as far as the window may grow; at least one where that is possible at all, so that
    /// a client that asks for none does not run dry (MS-SMB2 3.3.1.2).
    /// </summary>
    public ushort Grant(int wanted)
    {
        lock (_gate)
        {
            var room = _capacity - (int)(_high - _low);
            var granted = Math.Clamp(wanted, Math.Min(1, room), room);
            _high += (ulong)granted;
            return (ushort)granted;
        }
    }

    private bool IsUsed(ulong id) => (_used[Slot(id)] & Bit(id)) != 0;

    private int Slot(ulong id) => (int)(id % (ulong)_capacity / 64);

    private static ulong Bit(ulong id) => 1UL << (int)(id % 64);
}
