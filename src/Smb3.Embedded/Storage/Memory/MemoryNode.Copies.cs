namespace Smb3.Embedded.Storage.Memory;

// Copies for snapshots, whose bytes they are, and what of the store's capacity is taken beside the data.
internal abstract partial class MemoryNode
{
    private MemoryAccount? _account;

    // What it has taken for itself and for all that it keeps but the bytes of data.
    private long _paid;

    /// <summary>A copy without a name that shares the data. It belongs to no owner's account: nobody can free what a snapshot holds.</summary>
    protected MemoryNode(MemoryNode source)
    {
        Id = source.Id;
        _time = source._time;
        Space = source.Space;
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
            _eaSize = source._eaSize;
            _extendedAttributes = source._extendedAttributes; // never changed in place
            Data = source.Data?.Copy(static () => { });
            Pay(CostOfItself());
            if (source._streams is not { Count: > 0 } streams)
            {
                return;
            }

            _streams = new(_names);
            foreach (var (name, stream) in streams)
            {
                _streams.Add(name, new MemoryNamedStream(stream.Name, stream.Data.Copy(static () => { })));
                Pay(MemoryCosts.OfStream(stream.Name));
            }
        }
    }

    /// <summary>Counts a name of a copy in.</summary>
    public void CountLink()
    {
        lock (Sync)
        {
            _links++;
        }
    }

    /// <summary>The bytes count for another owner from now on; called with <see cref="Sync"/> held.</summary>
    private void ChargeTo(MemoryAccount? account)
    {
        if (account == _account)
        {
            return;
        }

        _account = account;
        Data?.ChargeTo(account);
        foreach (var stream in _streams?.Values ?? Enumerable.Empty<MemoryNamedStream>())
        {
            stream.Data.ChargeTo(account);
        }
    }

    /// <summary>Keeps a copy of a value in the place of another; false when there is no room for it.</summary>
    private bool TryReplace(ref ReadOnlyMemory<byte> kept, ReadOnlyMemory<byte> value)
    {
        if (!TryPay(MemoryCosts.OfBytes(value.Length) - MemoryCosts.OfBytes(kept.Length)))
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
        + MemoryCosts.OfAttributes(_extendedAttributes);

    private bool TryPay(long bytes)
    {
        if (bytes > 0 && !Space.TryTake(bytes))
        {
            return false;
        }

        _paid += bytes;
        if (bytes < 0)
        {
            Space.Return(-bytes);
        }

        return true;
    }

    private void Pay(long bytes)
    {
        _paid += bytes;
        Space.Take(bytes);
    }
}
