using System.Diagnostics.CodeAnalysis;

namespace Smb3.Embedded.Storage.Memory;

/// <summary>The named streams of a file, by name. Guarded by the lock of the file.</summary>
internal sealed class MemoryStreams(StringComparer names)
{
    private readonly Dictionary<string, MemoryNamedStream> _streams = new(names);

    /// <summary>Finds a stream.</summary>
    public bool TryFind(string name, [NotNullWhen(true)] out MemoryNamedStream? stream) => _streams.TryGetValue(name, out stream);

    /// <summary>Adds a stream under its name.</summary>
    public void Add(MemoryNamedStream stream) => _streams.Add(stream.Name, stream);

    /// <summary>Removes a stream.</summary>
    public bool Remove(string name, [NotNullWhen(true)] out MemoryNamedStream? stream) => _streams.Remove(name, out stream);

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

    /// <summary>Creates copies that share the data.</summary>
    public MemoryStreams Copy()
    {
        var copy = new MemoryStreams(names);
        foreach (var stream in _streams.Values)
        {
            copy.Add(new MemoryNamedStream(stream.Name, stream.Data.Copy(static () => { })));
        }

        return copy;
    }

    /// <summary>How much of the store's capacity they take, not counting their data.</summary>
    public long Cost()
    {
        var cost = 0L;
        foreach (var stream in _streams.Values)
        {
            cost += MemoryCosts.OfStream(stream.Name);
        }

        return cost;
    }

    /// <summary>Charges their data to another owner from now on.</summary>
    public void ChargeTo(MemoryAccount? account)
    {
        foreach (var stream in _streams.Values)
        {
            stream.Data.ChargeTo(account);
        }
    }

    /// <summary>Releases their data.</summary>
    public void Release()
    {
        foreach (var stream in _streams.Values)
        {
            stream.Data.Release();
        }
    }
}
