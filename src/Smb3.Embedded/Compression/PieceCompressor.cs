using System.Buffers.Binary;
using Smb3.Embedded.Wire.Compression;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Compression;

/// <summary>
/// Compresses much data in pieces, which several cores do side by side. Each piece is a payload of the chain by itself: a receiver takes as many as
/// there are, one after the other (MS-SMB2 3.1.5.3).
/// </summary>
/// <remarks>
/// Each piece has a slot, in which it is compressed, and from which its payload is moved up to the one before it. A slot has room for the piece as it
/// is, with a header, so no payload can reach the slot of one that has not been moved.
/// </remarks>
internal static class PieceCompressor
{
    /// <summary>How long a piece is; the last one is up to twice as long. No format looks back farther than an eighth of it.</summary>
    private const int PieceSize = 512 * 1024;

    private const int HeaderSize = CompressionPayloadHeader.Size;

    /// <summary>How much a slot notes of itself: the length of its compressed data.</summary>
    private const int NoteSize = sizeof(int);

    /// <summary>Whether data is long enough for more than one piece.</summary>
    public static bool Cuts(int length) => CountOf(length) > 1;

    /// <summary>The room that all the slots take.</summary>
    public static int RoomFor(int length) => length + (CountOf(length) * HeaderSize);

    /// <summary>Compresses data, and adds it to a chain.</summary>
    /// <param name="codecs">Where the memory to work in comes from.</param>
    /// <param name="algorithm">How.</param>
    /// <param name="data">The data.</param>
    /// <param name="target">Where the chain is written.</param>
    /// <param name="chain">Writes the chain; what follows its end is the room of the slots.</param>
    public static void Compress(
        CodecPool codecs, Smb2CompressionAlgorithm algorithm, ReadOnlyMemory<byte> data, Memory<byte> target, ref PayloadWriter chain)
    {
        var at = chain.Written;
        var count = CountOf(data.Length);
        Parallel.For(0, count, piece =>
        {
            var bytes = PieceOf(data.Span, piece, count);
            var slot = SlotOf(target.Span[at..], data.Length, piece, count);
            BinaryPrimitives.WriteInt32LittleEndian(
                slot, CompressionSample.MayGain(bytes) ? codecs.Compress(algorithm, bytes, slot[NoteSize..bytes.Length]) : 0);
        });

        for (var piece = 0; piece < count; piece++)
        {
            var bytes = PieceOf(data.Span, piece, count);
            var slot = SlotOf(target.Span[at..], data.Length, piece, count);
            var written = BinaryPrimitives.ReadInt32LittleEndian(slot);
            if (written > 0)
            {
                chain.Move(algorithm, slot.Slice(NoteSize, written), bytes.Length);
            }
            else
            {
                chain.Move(Smb2CompressionAlgorithm.None, bytes, bytes.Length);
            }
        }
    }

    private static int CountOf(int length) => Math.Max(1, length / PieceSize);

    private static ReadOnlySpan<byte> PieceOf(ReadOnlySpan<byte> data, int piece, int count) =>
        piece == count - 1 ? data[(piece * PieceSize)..] : data.Slice(piece * PieceSize, PieceSize);

    private static Span<byte> SlotOf(Span<byte> room, int length, int piece, int count)
    {
        var start = piece * (PieceSize + HeaderSize);
        return room.Slice(start, (piece == count - 1 ? length - (piece * PieceSize) : PieceSize) + HeaderSize);
    }
}
