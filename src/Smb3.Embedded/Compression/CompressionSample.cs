using System.Buffers.Binary;
using Smb3.Embedded.Compression.Matching;

namespace Smb3.Embedded.Compression;

/// <summary>Looks at a little of some data and tells whether compressing all of it can gain.</summary>
internal static class CompressionSample
{
    /// <summary>Data shorter than this is not worth the header and the time.</summary>
    public const int LeastData = 1024;

    private const int MostPieces = 4;
    private const int PieceSize = 1024;

    /// <summary>
    /// There is one piece for so much data: a short response costs little more than a look at four, and what it would save is little too.
    /// </summary>
    private const int DataOfPiece = 8192;

    private const int TableBits = 11;
    private const int MarkBits = 8;
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

        // Of a sequence its mark is kept, a byte that one of 128 others has too: so the table is quickly cleared, and few repeats are none.
        Span<byte> seen = stackalloc byte[1 << TableBits];
        seen.Clear();
        var pieces = Math.Clamp(data.Length / DataOfPiece, 1, MostPieces);
        var step = (data.Length - PieceSize) / Math.Max(1, pieces - 1);
        var repeats = 0;
        for (var piece = 0; piece < pieces; piece++)
        {
            var bytes = data.Slice(piece * step, PieceSize);
            for (var at = 0; at <= bytes.Length - sizeof(uint); at += 2)
            {
                var hash = MatchTable.HashOf(BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]), TableBits + MarkBits);
                var mark = (byte)(hash | 1);
                ref var entry = ref seen[hash >> MarkBits];
                repeats += entry == mark ? 1 : 0;
                entry = mark;
            }
        }

        return repeats * ChancesPerRepeat >= pieces * PieceSize / 2;
    }
}
