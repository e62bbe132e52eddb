using System.Buffers.Binary;
using System.Numerics;
using Smb3.Embedded.Compression.Matching;

namespace Smb3.Embedded.Compression;

/// <summary>
/// Plain LZ77 (MS-XCA 2.3 and 2.4): 32 flags in front of 32 items each, the highest bit first; 0 is a byte, 1 a match of two bytes, 13 bits for its
/// offset less 1 and 3 bits for its length less 3. A length that does not fit there goes on in half a byte, two matches share one, then
/// in a byte, in two, and in four.
/// </summary>
internal static class PlainLz77
{
    private const int Farthest = 1 << 13;
    private const int ShortestMatch = 3;
    private const int MostInThreeBits = 7;
    private const int MostInHalf = 15;
    private const int MostInByte = 255;

    /// <summary>The most bytes of one item, flags included: offset, half, byte, two, four.</summary>
    private const int LongestItem = sizeof(uint) + 2 + 1 + 1 + 2 + 4;

    /// <summary>Compresses data.</summary>
    /// <param name="source">The data.</param>
    /// <param name="target">Where it goes. What does not fit is not worth compressing.</param>
    /// <param name="table">What has been seen.</param>
    /// <returns>Bytes written; 0: it does not fit.</returns>
    public static int Compress(ReadOnlySpan<byte> source, Span<byte> target, MatchTable table)
    {
        if (target.Length < LongestItem)
        {
            return 0;
        }

        table.Begin(source.Length);
        var output = new Output(target);
        int at = 0, missed = 0;
        while (at <= source.Length - MatchTable.Shortest)
        {
            var seen = table.Exchange(source, at);
            var length = seen < 0 || at - seen > Farthest ? 0 : MatchTable.LengthOfMatch(source, seen, at);
            if (length < MatchTable.Shortest)
            {
                // The longer nothing was found, the fewer places are looked at: what cannot be compressed costs little.
                var step = Math.Min(1 + (missed++ >> 6), source.Length - at);
                if (!output.TryAddBytes(source.Slice(at, step)))
                {
                    return 0;
                }

                at += step;
                continue;
            }

            if (!output.TryAddMatch(at - seen, length))
            {
                return 0;
            }

            missed = 0;
            at += length;
            if (at <= source.Length - MatchTable.Shortest)
            {
                _ = table.Exchange(source, at - 1);
            }
        }

        return output.TryAddBytes(source[at..]) ? output.Finish() : 0;
    }

    /// <summary>Decompresses data.</summary>
    /// <param name="source">The compressed data, which ends where it says that it ends.</param>
    /// <param name="target">Exactly as long as what comes out.</param>
    /// <returns>False: it is not the compressed form of as many bytes.</returns>
    public static bool TryDecompress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        int from = 0, to = 0, half = -1, left = 0;
        uint flags = 0;
        while (true)
        {
            if (left == 0)
            {
                if (source.Length - from < sizeof(uint))
                {
                    // The flags of an end are asked for by MS-XCA 2.3.4, and not needed to see it.
                    return from == source.Length && to == target.Length;
                }

                flags = BinaryPrimitives.ReadUInt32LittleEndian(source[from..]);
                from += sizeof(uint);
                left = 32;
            }

            if (flags >> 31 == 0)
            {
                // All bytes up to the next match at once.
                var count = Math.Min(left, flags == 0 ? 32 : BitOperations.LeadingZeroCount(flags));
                if (count > source.Length - from || count > target.Length - to)
                {
                    return false;
                }

                source.Slice(from, count).CopyTo(target[to..]);
                from += count;
                to += count;
                left -= count;
                flags = count == 32 ? 0 : flags << count;
                continue;
            }

            flags <<= 1;
            left--;
            if (from == source.Length)
            {
                return to == target.Length;
            }

            if (source.Length - from < sizeof(ushort))
            {
                return false;
            }

            var match = BinaryPrimitives.ReadUInt16LittleEndian(source[from..]);
            from += sizeof(ushort);
            var length = match & MostInThreeBits;
            if (length == MostInThreeBits && !TryReadLength(source, ref from, ref half, out length))
            {
                return false;
            }

            length += ShortestMatch;
            if (!MatchCopy.TryCopy(target, to, (match >> 3) + 1, length))
            {
                return false;
            }

            to += length;
        }
    }

    /// <summary>Reads the rest of a length of 7 and more.</summary>
    private static bool TryReadLength(ReadOnlySpan<byte> source, ref int from, ref int half, out int length)
    {
        length = 0;
        if (half < 0)
        {
            if (from == source.Length)
            {
                return false;
            }

            half = from;
            length = source[from++] & MostInHalf;
        }
        else
        {
            length = source[half] >> 4;
            half = -1;
        }

        if (length == MostInHalf)
        {
            if (from == source.Length)
            {
                return false;
            }

            length = source[from++];
            if (length == MostInByte)
            {
                // From here on the number is the whole of it.
                if (!LongLength.TryRead(source, ref from, out length) || length < MostInHalf + MostInThreeBits)
                {
                    return false;
                }

                return true;
            }

            length += MostInHalf;
        }

        length += MostInThreeBits;
        return true;
    }

    private ref struct Output(Span<byte> target)
    {
        private readonly Span<byte> _target = target;
        private int _at = sizeof(uint);
        private int _flagsAt;
        private uint _flags;
        private int _items;
        private int _half = -1;

        public bool TryAddBytes(ReadOnlySpan<byte> bytes)
        {
            while (!bytes.IsEmpty)
            {
                var count = Math.Min(bytes.Length, 32 - _items);
                if (_target.Length - _at < count + sizeof(uint))
                {
                    return false;
                }

                bytes[..count].CopyTo(_target[_at..]);
                _at += count;
                bytes = bytes[count..];
                Count(count, 0);
            }

            return true;
        }

        public bool TryAddMatch(int offset, int length)
        {
            if (_target.Length - _at < LongestItem)
            {
                return false;
            }

            var rest = length - ShortestMatch;
            BinaryPrimitives.WriteUInt16LittleEndian(_target[_at..], (ushort)(((offset - 1) << 3) | Math.Min(rest, MostInThreeBits)));
            _at += sizeof(ushort);
            if (rest >= MostInThreeBits)
            {
                AddLength(rest);
            }

            Count(1, 1);
            return true;
        }

        /// <summary>The flags that are left say that matches follow, and none does: that is the end (MS-XCA 2.3.4).</summary>
        public readonly int Finish()
        {
            var left = 32 - _items;
            var flags = left == 32 ? uint.MaxValue : (_flags << left) | ((1u << left) - 1);
            BinaryPrimitives.WriteUInt32LittleEndian(_target[_flagsAt..], flags);
            return _at;
        }

        private void AddLength(int rest)
        {
            var more = rest - MostInThreeBits;
            var inHalf = Math.Min(more, MostInHalf);
            if (_half < 0)
            {
                _half = _at;
                _target[_at++] = (byte)inHalf;
            }
            else
            {
                _target[_half] |= (byte)(inHalf << 4);
                _half = -1;
            }

            if (more < MostInHalf)
            {
                return;
            }

            more -= MostInHalf;
            _target[_at++] = (byte)Math.Min(more, MostInByte);
            if (more >= MostInByte)
            {
                _at += LongLength.Write(_target[_at..], rest);
            }
        }

        private void Count(int items, uint flag)
        {
            _flags = items == 32 ? 0 : (_flags << items) | flag;
            _items += items;
            if (_items == 32)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(_target[_flagsAt..], _flags);
                _flags = 0;
                _items = 0;
                _flagsAt = _at;
                _at += sizeof(uint);
            }
        }
    }
}
