namespace Smb3.Embedded.Storage.Memory;

// Copies for snapshots, and whose bytes they are.
internal abstract partial class MemoryNode
{
    private MemoryAccount? _account;

    /// <summary>A copy that shares the data. It belongs to no owner's account: nobody can free what a snapshot holds.</summary>
    protected MemoryNode(MemoryNode source)
    {
        Id = source.Id;
        _time = source._time;
        _space = source._space;
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
            _links = source._links;
            _reparsePoint = source._reparsePoint;
            _objectId = source._objectId;
            _compressed = source._compressed;
            _eaSize = source._eaSize;
            _extendedAttributes = source._extendedAttributes; // never changed in place
            Data = source.Data?.Copy(static () => { });
            if (source._streams is not { Count: > 0 } streams)
            {
                return;
            }

            _streams = new(_names);
            foreach (var (name, stream) in streams)
            {
                _streams.Add(name, new MemoryNamedStream(stream.Name, stream.Data.Copy(static () => { })));
            }
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
}
