namespace Smb3.Embedded.Files.Locking;

/// <summary>
/// How far a set of locks extends: the last byte of any, and the last byte of any with a different owner. So a search for the locks of
/// others is answered without looking at the owner's own locks, however many there are.
/// </summary>
internal readonly struct LockReach
{
    private readonly ILockOwner? _owner;
    private readonly ulong _last;
    private readonly ulong _otherLast;
    private readonly bool _hasOther;

    /// <summary>The reach of one lock.</summary>
    public LockReach(HeldLock held)
        : this(held.Owner, held.Last, false, 0)
    {
    }

    private LockReach(ILockOwner owner, ulong last, bool hasOther, ulong otherLast)
    {
        _owner = owner;
        _last = last;
        _hasOther = hasOther;
        _otherLast = otherLast;
    }

    /// <summary>The reach of two sets together.</summary>
    public LockReach With(LockReach other)
    {
        if (_owner is null)
        {
            return other;
        }

        if (other._owner is null)
        {
            return this;
        }

        if (_owner == other._owner)
        {
            return new LockReach(
                _owner, Math.Max(_last, other._last), _hasOther || other._hasOther, Math.Max(_otherLast, other._otherLast));
        }

        var (far, near) = _last >= other._last ? (this, other) : (other, this);
        return new LockReach(far._owner!, far._last, true, Math.Max(far._otherLast, near._last));
    }

    /// <summary>Whether any of the locks extends to <paramref name="place"/>, not counting those of <paramref name="besides"/>.</summary>
    public bool GetsTo(ulong place, ILockOwner? besides) =>
        _owner is not null && (_owner != besides ? _last >= place : _hasOther && _otherLast >= place);
}
