using System.Buffers.Binary;
using System.Numerics;

namespace Smb3.Embedded.Compression.Matching;

/// <summary>
/// Where a sequence of four bytes was last seen. One place for each hash, no chains: it finds most of what there is to find at a cost that does
/// not depend on the data.
/// </summary>
internal sealed class MatchTable
{
    /// <summary>The shortest sequence that it finds.</summary>
    public const int Shortest = 4;

    private const int Bits = 14;
    private const uint Spread = 2654435761; // Knuth's multiplicative hash: 2^32 divided by the golden ratio

    // A place is kept with the number at which its data began, and what is older counts for nothing: so nothing has to be cleared in between.
    private readonly int[] _places = new int[1 << Bits];
    private int _began = 1;
    private int _end = 1;

    /// <summary>Forgets everything, for data of this length.</summary>
    public void Begin(int length)
    {
        if (_end > int.MaxValue - length - 1)
        {
            Array.Clear(_places);
            _end = 1;
        }

        _began = _end;
        _end += length;
    }

    /// <summary>Where the four bytes at a place were last seen, or -1, and enters the place.</summary>
    public int Exchange(ReadOnlySpan<byte> data, int at)
    {
        ref var entry = ref _places[HashOf(BinaryPrimitives.ReadUInt32LittleEndian(data[at..]), Bits)];
        var seen = entry - _began;
        entry = _began + at;
        return seen;
    }

    /// <summary>A hash of four bytes, of so many bits.</summary>
    public static int HashOf(uint four, int bits) => (int)((four * Spread) >> (32 - bits));

    /// <summary>How many bytes at two places are the same, at most up to the end of the data.</summary>
    /// <param name="data">The data.</param>
    /// <param name="earlier">A place.</param>
    /// <param name="at">A later one.</param>
    public static int LengthOfMatch(ReadOnlySpan<byte> data, int earlier, int at)
    {
        var here = data[at..];
        var there = data.Slice(earlier, here.Length);
        if (here.Length >= sizeof(ulong))
        {
            var difference = BinaryPrimitives.ReadUInt64LittleEndian(here) ^ BinaryPrimitives.ReadUInt64LittleEndian(there);
            if (difference != 0)
            {
                return BitOperations.TrailingZeroCount(difference) >> 3;
            }
        }

        return here.CommonPrefixLength(there);
    }
}
