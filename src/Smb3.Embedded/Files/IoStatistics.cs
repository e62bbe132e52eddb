using System.Runtime.InteropServices;

namespace Smb3.Embedded.Files;

/// <summary>
/// How much was read and written on a volume, counted on each processor by itself, so that no processor waits for another. The counters
/// wrap.
/// </summary>
internal sealed class IoStatistics
{
    private readonly Counters[] _processors = new Counters[Environment.ProcessorCount];

    /// <summary>How many processors there are.</summary>
    public int Processors => _processors.Length;

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
