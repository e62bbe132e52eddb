using System.Buffers.Binary;
using System.Numerics;
using Smb3.Embedded.Compression.Matching;

namespace Smb3.Embedded.Compression;

/// <summary>
/// LZNT1 (MS-XCA 2.5): chunks of 4 KiB that know nothing of each other. A header of two bytes has the chunk's size less 3, a signature, and
/// whether it is compressed. In it a byte of flags, the lowest first, stands in front of eight items: a byte, or a match of 16 bits, of which
/// the offset takes as many as the place in the chunk needs, and the length less 3 the rest.
/// </summary>
internal static class Lznt1
{
    private const int ChunkSize = 4096;
    private const int HeaderSize = sizeof(ushort);
    private const int ShortestMatch = 3;
    private const int SizeMask = 0x0FFF;
    private const int Signature = 0x3000;
    private const int SignatureMask = 0x7000;
    private const int Compressed = 0x8000;
    private const int LeastOffsetBits = 4;

    /// <summary>Compresses data.</summary>
    /// <param name="source">The data.</param>
    /// <param name="target">Where it goes. What does not fit is not worth compressing.</param>
    /// <param name="table">What has been seen.</param>
    /// <returns>Bytes written; 0: it does not fit.</returns>
    public static int Compress(ReadOnlySpan<byte> source, Span<byte> target, MatchTable table)
    {
        var to = 0;
        for (var start = 0; start < source.Length; start += ChunkSize)
        {
            var chunk = source.Slice(start, Math.Min(ChunkSize, source.Length - start));
            if (target.Length - to <= HeaderSize)
            {
                return 0;
            }

            var room = target[(to + HeaderSize)..];
            var flag = Compressed;
            var size = CompressChunk(chunk, room[..Math.Min(room.Length, chunk.Length - 1)], table);
            if (size == 0)
            {
                if (chunk.Length > room.Length)
                {
                    return 0;
                }

                chunk.CopyTo(room);
                flag = 0;
                size = chunk.Length;
            }

            // The header counts itself: the size less 3, with its own two bytes.
            BinaryPrimitives.WriteUInt16LittleEndian(target[to..], (ushort)(flag | Signature | (size - 1)));
            to += HeaderSize + size;
        }

        return to;
    }

    /// <summary>Decompresses data.</summary>
    /// <param name="source">The compressed data.</param>
    /// <param name="target">Exactly as long as what comes out.</param>
    /// <returns>False: it is not the compressed form of as many bytes.</returns>
    public static bool TryDecompress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        while (source.Length >= HeaderSize)
        {
            var header = BinaryPrimitives.ReadUInt16LittleEndian(source);
            if (header == 0)
            {
                break; // the end, where there is more room than data
            }

            var size = (header & SizeMask) + 1;
            source = source[HeaderSize..];
            if ((header & SignatureMask) != Signature || size > source.Length)
            {
                return false;
            }

            var room = target[..Math.Min(target.Length, ChunkSize)];
            int written;
            if ((header & Compressed) == 0)
            {
                if (size > room.Length)
                {
                    return false;
                }

                source[..size].CopyTo(room);
                written = size;
            }
            else if (!TryDecompressChunk(source[..size], room, out written))
            {
                return false;
            }

            source = source[size..];
            if (written < room.Length && source.Length >= HeaderSize && BinaryPrimitives.ReadUInt16LittleEndian(source) != 0)
            {
                // Only the last chunk is shorter; what another one lacks is zeros, as in a compressed file.
                room[written..].Clear();
                written = room.Length;
            }

            target = target[written..];
        }

        return target.IsEmpty;
    }

    /// <summary>How many bits an offset has at a place of a chunk: what it takes to reach the beginning.</summary>
    private static int OffsetBitsAt(int at) => Math.Max(LeastOffsetBits, BitOperations.Log2((uint)(at - 1)) + 1);

    private static int CompressChunk(ReadOnlySpan<byte> chunk, Span<byte> target, MatchTable table)
    {
        table.Begin(chunk.Length);
        int at = 0, to = 0;
        while (at < chunk.Length)
        {
            // Eight items, none of which takes more than two bytes.
            var flagsAt = to++;
            var flags = 0;
            for (var item = 0; item < 8 && at < chunk.Length; item++)
            {
                if (target.Length - to < sizeof(ushort))
                {
                    return 0;
                }

                var (offset, length) = FindMatch(chunk, at, table);
                if (length == 0)
                {
                    target[to++] = chunk[at++];
                    continue;
                }

                flags |= 1 << item;
                var lengthBits = 16 - OffsetBitsAt(at);
                BinaryPrimitives.WriteUInt16LittleEndian(target[to..], (ushort)(((offset - 1) << lengthBits) | (length - ShortestMatch)));
                to += sizeof(ushort);
                at += length;
            }

            target[flagsAt] = (byte)flags;
        }

        return to;
    }

    private static (int Offset, int Length) FindMatch(ReadOnlySpan<byte> chunk, int at, MatchTable table)
    {
        if (chunk.Length - at < MatchTable.Shortest)
        {
            return default;
        }

        var seen = table.Exchange(chunk, at);
        var length = seen < 0 ? 0 : MatchTable.LengthOfMatch(chunk, seen, at);
        return length < MatchTable.Shortest ? default
            : (at - seen, Math.Min(length, (1 << (16 - OffsetBitsAt(at))) - 1 + ShortestMatch));
    }

    private static bool TryDecompressChunk(ReadOnlySpan<byte> source, Span<byte> chunk, out int to)
    {
        var from = 0;
        to = 0;
        while (from < source.Length)
        {
            var flags = source[from++];
            for (var item = 0; item < 8 && from < source.Length; item++, flags >>= 1)
            {
                if ((flags & 1) == 0)
                {
                    if (to == chunk.Length)
                    {
                        return false;
                    }

                    chunk[to++] = source[from++];
                    continue;
                }

                if (to == 0 || source.Length - from < sizeof(ushort))
                {
                    return false;
                }

                var match = BinaryPrimitives.ReadUInt16LittleEndian(source[from..]);
                from += sizeof(ushort);
                var lengthBits = 16 - OffsetBitsAt(to);
                var length = (match & ((1 << lengthBits) - 1)) + ShortestMatch;
                if (!MatchCopy.TryCopy(chunk, to, (match >> lengthBits) + 1, length))
                {
                    return false;
                }

                to += length;
            }
        }

        return true;
    }
}
