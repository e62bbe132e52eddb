using System.Numerics;
using Smb3.Embedded.Compression.Matching;

namespace Smb3.Embedded.Compression.Huffman;

/// <summary>Compresses to LZ77+Huffman (MS-XCA 2.1): matches first, a block at a time, then their code, then both in bits.</summary>
internal sealed class HuffmanEncoder
{
    /// <summary>A code of 15 bits for a match, as many for its offset, its length in bytes.</summary>
    private const int LongestItem = 4 + 1 + 6;

    private readonly Item[] _items = new Item[Lz77Huffman.BlockSize];
    private readonly int[] _counts = new int[HuffmanCode.Symbols];
    private readonly byte[] _lengths = new byte[HuffmanCode.Symbols];
    private readonly ushort[] _codes = new ushort[HuffmanCode.Symbols];
    private readonly CodeLengths _shortest = new();

    /// <summary>Compresses data.</summary>
    /// <param name="source">The data.</param>
    /// <param name="target">Where it goes. What does not fit is not worth compressing.</param>
    /// <param name="table">What has been seen.</param>
    /// <returns>Bytes written; 0: it does not fit.</returns>
    public int Compress(ReadOnlySpan<byte> source, Span<byte> target, MatchTable table)
    {
        table.Begin(source.Length);
        var written = 0;
        for (var start = 0; start < source.Length; start += Lz77Huffman.BlockSize)
        {
            var end = Math.Min(source.Length, start + Lz77Huffman.BlockSize);
            var items = FindItems(source, start, end, table);
            if (end == source.Length)
            {
                _counts[Lz77Huffman.End]++;
            }

            written = Write(items, end == source.Length, target, written);
            if (written == 0)
            {
                return 0;
            }
        }

        return written;
    }

    private ReadOnlySpan<Item> FindItems(ReadOnlySpan<byte> source, int start, int end, MatchTable table)
    {
        Array.Clear(_counts);
        var block = source[..end];
        int at = start, count = 0, missed = 0;
        while (at <= end - MatchTable.Shortest)
        {
            var seen = table.Exchange(source, at);
            var length = seen < 0 || at - seen > Lz77Huffman.Farthest ? 0 : MatchTable.LengthOfMatch(block, seen, at);
            if (length < MatchTable.Shortest)
            {
                var step = Math.Min(1 + (missed++ >> 6), end - at);
                AddBytes(block.Slice(at, step), ref count);
                at += step;
                continue;
            }

            missed = 0;
            _items[count] = new Item((ushort)(at - seen), length);
            _counts[_items[count++].Symbol]++;
            at += length;
            if (at <= end - MatchTable.Shortest)
            {
                _ = table.Exchange(source, at - 1);
            }
        }

        AddBytes(block[at..], ref count);
        return _items.AsSpan(0, count);
    }

    private void AddBytes(ReadOnlySpan<byte> bytes, ref int count)
    {
        foreach (var one in bytes)
        {
            _items[count++] = new Item(one);
            _counts[one]++;
        }
    }

    private int Write(ReadOnlySpan<Item> items, bool isLast, Span<byte> target, int at)
    {
        if (target.Length - at < HuffmanCode.TableSize + LongestItem)
        {
            return 0;
        }

        _shortest.Find(_counts, _lengths);
        HuffmanCode.AssignCodes(_lengths, _codes);
        HuffmanCode.WriteTable(_lengths, target[at..]);
        var bits = new BitWriter(target, at + HuffmanCode.TableSize);
        foreach (var item in items)
        {
            if (bits.Room < LongestItem)
            {
                return 0;
            }

            var symbol = item.Symbol;
            bits.Put(_codes[symbol], _lengths[symbol]);
            if (!item.IsByte)
            {
                PutMatch(ref bits, item);
            }
        }

        if (isLast)
        {
            if (bits.Room < LongestItem)
            {
                return 0;
            }

            bits.Put(_codes[Lz77Huffman.End], _lengths[Lz77Huffman.End]);
        }

        return bits.Finish();
    }

    private static void PutMatch(ref BitWriter bits, Item item)
    {
        // The length stands in front of the bits of the offset: the reader takes it first, and may take a word behind it then.
        var rest = item.Length - Lz77Huffman.ShortestMatch;
        if (rest >= Lz77Huffman.MostInSymbol)
        {
            var more = rest - Lz77Huffman.MostInSymbol;
            bits.PutByte(Math.Min(more, Lz77Huffman.MostInByte));
            if (more >= Lz77Huffman.MostInByte)
            {
                bits.PutLongLength(rest);
            }
        }

        var size = item.OffsetBits;
        bits.Put(item.Offset - (1 << size), size);
    }

    /// <summary>A byte, or a match with something earlier.</summary>
    private readonly struct Item
    {
        private readonly ushort _offset;
        private readonly int _length;

        public Item(byte one) => _length = one;

        public Item(ushort offset, int length) => (_offset, _length) = (offset, length);

        public bool IsByte => _offset == 0;

        public int Offset => _offset;

        public int Length => _length;

        /// <summary>How many bits of the offset follow the symbol: all but the highest.</summary>
        public int OffsetBits => BitOperations.Log2(_offset);

        public int Symbol => IsByte ? _length : Lz77Huffman.FirstMatch
            + (OffsetBits << 4) + Math.Min(_length - Lz77Huffman.ShortestMatch, Lz77Huffman.MostInSymbol);
    }
}
