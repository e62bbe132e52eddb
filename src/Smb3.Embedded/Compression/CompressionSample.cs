using System.Buffers.Binary;
using Smb3.Embedded.Compression.Matching;

namespace Smb3.Embedded.Compression;

/// <summary>Looks at a little of some data and tells whether compressing all of it can gain.</summary>
internal static class CompressionSample
{
    /// <summary>Data shorter than this is not worth the header and the time.</summary>
    public const int LeastData = 1024;

    private const int Pieces = 4;
    private const int PieceSize = 1024;
    private const int TableBits = 11;
    private const int ChancesPerRepeat = 24;

    /// <summary>
    /// Whether enough sequences of four bytes come again within the pieces that are looked at, which random and compressed data do not do.
    /// </summary>
    public static bool MayGain(ReadOnlySpan<byte> data)
    {
        if (data.Length < LeastData)
        {
            return false;
        }

        Span<uint> seen = stackalloc uint[1 << TableBits];
        var pieces = Math.Min(Pieces, data.Length / PieceSize);
        var step = (data.Length - PieceSize) / Math.Max(1, pieces - 1);
        var repeats = 0;
        seen.Clear();
        for (var piece = 0; piece < pieces; piece++)
        {
            var bytes = data.Slice(piece * step, PieceSize);
            for (var at = 0; at <= bytes.Length - sizeof(uint); at += 2)
            {
                var four = BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);
                ref var entry = ref seen[MatchTable.HashOf(four, TableBits)];
                repeats += entry == four ? 1 : 0;
                entry = four;
            }
        }

        return repeats * ChancesPerRepeat >= pieces * PieceSize / 2;
    }
}
