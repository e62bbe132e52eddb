using System.Numerics;

namespace Smb3.Embedded.Files;

/// <summary>
/// How many bytes clients have read from a volume and written to it. Counting is one addition, which processors do beside each other: each has a
/// cell of its own, as far as there are any.
/// </summary>
internal sealed class VolumeTraffic
{
    private const int MostCells = 16;

    /// <summary>Numbers from one cell to the next: two cache lines, because neighbours are fetched together.</summary>
    private const int Stride = 16;

    private static readonly int Mask = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Min(Environment.ProcessorCount, MostCells)) - 1;

    private readonly long[] _cells = new long[(Mask + 1) * Stride];

    /// <summary>All bytes so far.</summary>
    public long Total
    {
        get
        {
            var total = 0L;
            for (var cell = 0; cell < _cells.Length; cell += Stride)
            {
                total += Volatile.Read(ref _cells[cell]);
            }

            return total;
        }
    }

    /// <summary>Counts bytes.</summary>
    public void Add(long bytes) => Interlocked.Add(ref _cells[(Thread.GetCurrentProcessorId() & Mask) * Stride], bytes);
}
