namespace Smb3.Embedded.Storage.Memory;

// Copies for snapshots, the owner that the bytes are charged to, and the capacity taken for anything but data.
internal abstract partial class MemoryNode
{
    private MemoryAccount? _account;
    private MemoryHolding _holding;

    /// <summary>A copy without a name that shares the data. It is charged to no owner: no user can free what a snapshot holds.</summary>
    protected MemoryNode(MemoryNode source)
    {
        Id = source.Id;
        _time = source._time;
        Space = source.Space;
        _holding = new MemoryHolding(Space);
        _names = source._names;
        _maxLength = source._maxLength;
        lock (source.Sync)
        {
            _attributes = source._attributes;
            _mode = source._mode;
            _creationTime = source._creationTime;
            _lastAccessTime = source._lastAccessTime;
            _lastWriteTime = source._lastWriteTime;
            _changeTime = source._changeTime;
            _securityDescriptor = source._securityDescriptor;
            _reparsePoint = source._reparsePoint;
            _objectId = source._objectId;
            _compressed = source._compressed;
            _extendedAttributes = source._extendedAttributes;
            Data = source.Data?.Copy(static () => { });
            _streams = source._streams?.Copy();
            _holding.Take(CostOfItself() + (_streams?.Cost() ?? 0));
        }
    }

    /// <summary>Counts a new name of a copy.</summary>
    public void CountLink()
    {
        lock (Sync)
        {
            _links++;
        }
    }

    /// <summary>Charges the bytes to another owner from now on; called with <see cref="Sync"/> held.</summary>
    private void ChargeTo(MemoryAccount? account)
    {
        if (account == _account)
        {
            return;
        }

        _account = account;
        Data?.ChargeTo(account);
        _streams?.ChargeTo(account);
    }

    /// <summary>Replaces a value by a copy of another; false when there is no room for it.</summary>
    private bool TryReplace(ref ReadOnlyMemory<byte> kept, ReadOnlyMemory<byte> value)
    {
        if (!_holding.TryTake(MemoryCosts.OfBytes(value.Length) - MemoryCosts.OfBytes(kept.Length)))
        {
            return false;
        }

        kept = value.ToArray();
        return true;
    }

    private long CostOfItself() => (IsDirectory ? MemoryCosts.Directory : MemoryCosts.File)
        + MemoryCosts.OfBytes(_securityDescriptor.Length)
        + MemoryCosts.OfBytes(_reparsePoint.Length)
        + MemoryCosts.OfBytes(_objectId.Length)
        + _extendedAttributes.Cost;
}
