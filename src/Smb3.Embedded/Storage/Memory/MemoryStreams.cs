using System.Diagnostics.CodeAnalysis;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Accounting;

namespace Smb3.Embedded.Storage.Memory;

/// <summary>The named streams of a node, by name, and the capacity that they take beside their data. Guarded by the lock of the node.</summary>
internal sealed class MemoryStreams(StringComparer names, MemorySpace space)
{
    private readonly Dictionary<string, MemoryNamedStream> _streams = new(names);
    private MemoryHolding _holding = new(space);

    /// <summary>Finds a stream.</summary>
    public bool TryFind(string name, [NotNullWhen(true)] out MemoryNamedStream? stream) => _streams.TryGetValue(name, out stream);

    /// <summary>Adds a stream, in place of one that has its name; null when there is no room for it.</summary>
    public MemoryNamedStream? TryAdd(string name, MemoryData data)
    {
        if (!_holding.TryTake(MemoryCosts.OfStream(name)))
        {
            return null;
        }

        Remove(name);
        var stream = new MemoryNamedStream(name, data);
        _streams.Add(name, stream);
        return stream;
    }

    /// <summary>Removes a stream; its data goes with the last handle on it.</summary>
    public bool Remove(string name)
    {
        if (!_streams.Remove(name, out var stream))
        {
            return false;
        }

        stream.IsRemoved = true;
        if (stream.Handles == 0)
        {
            Release(stream);
        }

        return true;
    }

    /// <summary>Uncounts a handle of a stream.</summary>
    public void Close(MemoryNamedStream stream)
    {
        if (--stream.Handles == 0 && stream.IsRemoved)
        {
            Release(stream);
        }
    }

    /// <summary>Gives a stream another name.</summary>
    public NtStatus Rename(MemoryNamedStream stream, string newName, bool replace)
    {
        var replaces = _streams.TryGetValue(newName, out var victim) && victim != stream;
        if (replaces && !replace)
        {
            return NtStatus.ObjectNameCollision;
        }

        if (!_holding.TryTake(MemoryCosts.OfStream(newName) - MemoryCosts.OfStream(stream.Name)))
        {
            return NtStatus.DiskFull;
        }

        if (replaces)
        {
            Remove(newName);
        }

        _streams.Remove(stream.Name);
        stream.Name = newName;
        _streams.Add(newName, stream);
        return NtStatus.Success;
    }

    /// <summary>Takes the data of a stream, which loses its name; handles on it stay.</summary>
    public MemoryData TakeData(MemoryNamedStream stream)
    {
        _streams.Remove(stream.Name);
        _holding.Take(-MemoryCosts.OfStream(stream.Name));
        return stream.Data;
    }

    /// <summary>The streams as they are listed.</summary>
    public IReadOnlyList<StoreStreamEntry> ToList()
    {
        var list = new List<StoreStreamEntry>(_streams.Count);
        foreach (var stream in _streams.Values)
        {
            list.Add(new StoreStreamEntry(stream.Name, stream.Data.Length, stream.Data.Size));
        }

        return list;
    }

    /// <summary>Creates copies that share the data. They take their space even from a full store.</summary>
    public MemoryStreams Copy()
    {
        var copy = new MemoryStreams(names, space);
        foreach (var (name, stream) in _streams)
        {
            copy._streams.Add(name, new MemoryNamedStream(stream.Name, stream.Data.Copy(static () => { })));
            copy._holding.Take(MemoryCosts.OfStream(stream.Name));
        }

        return copy;
    }

    /// <summary>Charges their data to another owner from now on.</summary>
    public void ChargeTo(QuotaAccount? account)
    {
        foreach (var stream in _streams.Values)
        {
            stream.Data.ChargeTo(account);
        }
    }

    /// <summary>Releases all of them.</summary>
    public void ReleaseAll()
    {
        foreach (var stream in _streams.Values)
        {
            stream.Data.Release();
        }

        _holding.ReturnAll();
    }

    private void Release(MemoryNamedStream stream)
    {
        stream.Data.Release();
        _holding.Take(-MemoryCosts.OfStream(stream.Name));
    }
}
