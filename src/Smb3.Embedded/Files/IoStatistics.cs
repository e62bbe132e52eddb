using System.Runtime.InteropServices;

namespace Smb3.Embedded.Files;

/// <summary>
/// How much clients have read from a volume, snapshots included, and written to it, counted on each processor by itself, so that no processor
/// waits for another. Only what was transferred counts, not what a client has zeroed or cloned with one request. The counters wrap.
/// </summary>
internal sealed class IoStatistics
{
    private readonly Counters[] _processors = new Counters[Environment.ProcessorCount];

    /// <summary>How many processors there are.</summary>
    public int Processors => _processors.Length;

    /// <summary>All bytes so far, in both directions.</summary>
    public long Bytes => BytesRead + BytesWritten;

    /// <summary>All bytes read so far.</summary>
    public long BytesRead => Sum(static counters => counters.ReadBytes);

    /// <summary>All bytes written so far.</summary>
    public long BytesWritten => Sum(static counters => counters.WriteBytes);

    /// <summary>Counts a read of so many bytes.</summary>
    public void CountRead(int bytes)
    {
        ref var counters = ref Mine;
        Interlocked.Increment(ref counters.Reads);
        Interlocked.Add(ref counters.ReadBytes, bytes);
    }

    /// <summary>Counts a write of so many bytes.</summary>
    public void CountWrite(long bytes)
    {
        ref var counters = ref Mine;
        Interlocked.Increment(ref counters.Writes);
        Interlocked.Add(ref counters.WriteBytes, bytes);
    }

    /// <summary>What one processor has counted.</summary>
    public (long Reads, long ReadBytes, long Writes, long WriteBytes) Of(int processor)
    {
        ref var counters = ref _processors[processor];
        return (Volatile.Read(ref counters.Reads), Volatile.Read(ref counters.ReadBytes),
            Volatile.Read(ref counters.Writes), Volatile.Read(ref counters.WriteBytes));
    }

    private long Sum(Func<(long Reads, long ReadBytes, long Writes, long WriteBytes), long> what)
    {
        var sum = 0L;
        for (var processor = 0; processor < Processors; processor++)
        {
            sum += what(Of(processor));
        }

        return sum;
    }

    private ref Counters Mine => ref _processors[(uint)Thread.GetCurrentProcessorId() % (uint)_processors.Length];

    // Two cache lines, because a processor fetches them in pairs.
    [StructLayout(LayoutKind.Sequential, Size = 128)]
    private struct Counters
    {
        public long Reads;
        public long ReadBytes;
        public long Writes;
        public long WriteBytes;
    }
}
