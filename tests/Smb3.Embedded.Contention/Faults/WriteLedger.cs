using System.Buffers;
using System.Collections.Concurrent;
using Smb3.Embedded.Contention.Content;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Contention.Faults;

/// <summary>What really reached the store: each write with its version, in the order in which it was done.</summary>
internal sealed class WriteLedger
{
    private readonly ConcurrentDictionary<(string File, long Offset), List<long>> _writes = new();

    /// <summary>Writes of a block whose bytes were not those of one version.</summary>
    public int Torn { get; private set; }

    public void Add(StorePath path, long offset, ReadOnlySequence<byte> data)
    {
        var bytes = data.ToArray();
        if (bytes.Length != BlockContent.Size)
        {
            Torn++;
            return;
        }

        var version = BitConverter.ToInt64(bytes, 24);
        var list = _writes.GetOrAdd((path.Text, offset), static _ => []);
        lock (list)
        {
            list.Add(version);
        }
    }

    /// <summary>How many writes of a block there were, which more than once, and how often an older one came after a newer one.</summary>
    public (int Executed, List<long> Repeated, int Stale) Judge(string file, long offset)
    {
        if (!_writes.TryGetValue((file, offset), out var list))
        {
            return (0, [], 0);
        }

        lock (list)
        {
            var repeated = list.GroupBy(version => version).Where(same => same.Count() > 1).Select(same => same.Key).ToList();
            var stale = 0;
            for (var i = 1; i < list.Count; i++)
            {
                stale += list[i] < list[i - 1] ? 1 : 0;
            }

            return (list.Count, repeated, stale);
        }
    }

    /// <summary>Whether a version of a block was executed.</summary>
    public bool Has(string file, long offset, long version)
    {
        if (!_writes.TryGetValue((file, offset), out var list))
        {
            return false;
        }

        lock (list)
        {
            return list.Contains(version);
        }
    }
}
