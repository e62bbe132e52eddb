using Smb3.Embedded.Compression.Matching;

namespace Smb3.Embedded.Compression.Huffman;

/// <summary>Decompresses LZ77+Huffman (MS-XCA 2.2).</summary>
internal sealed class HuffmanDecoder
{
    private readonly ushort[] _decoder = new ushort[1 << HuffmanCode.LongestCode];

    /// <summary>Decompresses data.</summary>
    /// <param name="source">The compressed data.</param>
    /// <param name="target">Exactly as long as what comes out.</param>
    /// <returns>False: it is not the compressed form of as many bytes.</returns>
    public bool TryDecompress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        if (target.IsEmpty)
        {
            return source.IsEmpty;
        }

        int from = 0, to = 0;
        while (true)
        {
            if (!TryBeginBlock(source, from, out var bits))
            {
                return false;
            }

            var end = (int)Math.Min((long)to + Lz77Huffman.BlockSize, target.Length);
            while (to < end)
            {
                if (bits.IsOver)
                {
                    return false;
                }

                var entry = _decoder[bits.Peek15];
                bits.Skip(entry & 0xF);
                var symbol = entry >> 4;
                if (symbol < Lz77Huffman.FirstMatch)
                {
                    target[to++] = (byte)symbol;
                }
                else if (!TryReadMatch(ref bits, symbol - Lz77Huffman.FirstMatch, out var offset, out var length)
                    || !MatchCopy.TryCopy(target, to, offset, length))
                {
                    return false;
                }
                else
                {
                    to += length;
                }
            }

            from = bits.At;
            if (to == target.Length)
            {
                // An encoder may give the end a block of its own.
                return IsEnd(bits, source.Length) || (TryBeginBlock(source, from, out bits) && IsEnd(bits, source.Length));
            }
        }
    }

    private bool TryBeginBlock(ReadOnlySpan<byte> source, int from, out BitReader bits)
    {
        if (source.Length - from < HuffmanCode.TableSize
            || !HuffmanCode.TryMakeDecoder(source.Slice(from, HuffmanCode.TableSize), _decoder))
        {
            bits = default;
            return false;
        }

        bits = new BitReader(source, from + HuffmanCode.TableSize);
        return true;
    }

    /// <summary>Whether nothing comes behind the last byte but the symbol of the end.</summary>
    private bool IsEnd(BitReader bits, int length)
    {
        var entry = _decoder[bits.Peek15];
        bits.Skip(entry & 0xF);
        return entry >> 4 == Lz77Huffman.End && bits.At == length;
    }

    private static bool TryReadMatch(ref BitReader bits, int kind, out int offset, out int length)
    {
        offset = 0;
        length = kind & 0xF;
        if (length == Lz77Huffman.MostInSymbol)
        {
            if (!bits.TryTakeByte(out length))
            {
                return false;
            }

            if (length == Lz77Huffman.MostInByte)
            {
                if (!bits.TryTakeLongLength(out length) || length < Lz77Huffman.MostInSymbol)
                {
                    return false;
                }
            }
            else
            {
                length += Lz77Huffman.MostInSymbol;
            }
        }

        length += Lz77Huffman.ShortestMatch;
        var size = kind >> 4;
        offset = (1 << size) + bits.Take(size);
        return true;
    }
}
