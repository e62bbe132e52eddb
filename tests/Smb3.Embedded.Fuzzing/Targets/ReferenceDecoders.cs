using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Fuzzing.Targets;

/// <summary>
/// The decoders of MS-XCA in the plainest form: a byte at a time, a bit at a time, with exceptions for what lies outside. Slow, and easy to
/// compare with the text.
/// </summary>
internal static class ReferenceDecoders
{
    /// <summary>
    /// What comes out by an algorithm of MS-XCA; <see langword="null"/>: nothing, because it wants flags or words behind the last byte, which need not be there
    /// to see the end, or because it is not one of them.
    /// </summary>
    /// <param name="algorithm">How it was compressed.</param>
    /// <param name="compressed">The compressed data.</param>
    /// <param name="length">How much is wanted.</param>
    public static byte[]? TryRead(Smb2CompressionAlgorithm algorithm, byte[] compressed, int length)
    {
        try
        {
            var read = algorithm switch
            {
                Smb2CompressionAlgorithm.Lznt1 => Lznt1(compressed),
                Smb2CompressionAlgorithm.Lz77 => PlainLz77(compressed),
                Smb2CompressionAlgorithm.Lz77Huffman => Lz77Huffman(compressed, length),
                _ => null,
            };
            return read?[..Math.Min(read.Length, length)];
        }
        catch (Exception e) when (e is ArgumentException or IndexOutOfRangeException or InvalidDataException)
        {
            return null;
        }
    }

    /// <summary>MS-XCA 2.4.4.</summary>
    public static byte[] PlainLz77(byte[] input)
    {
        var output = new List<byte>();
        var flags = 0u;
        var flagCount = 0;
        var position = 0;
        var half = 0;
        while (true)
        {
            if (flagCount == 0)
            {
                flags = BitConverter.ToUInt32(input, position);
                position += 4;
                flagCount = 32;
            }

            flagCount--;
            if ((flags & (1u << flagCount)) == 0)
            {
                output.Add(input[position++]);
                continue;
            }

            if (position == input.Length)
            {
                return [.. output];
            }

            var match = BitConverter.ToUInt16(input, position);
            position += 2;
            long length = match % 8;
            var offset = (match / 8) + 1;
            if (length == 7)
            {
                if (half == 0)
                {
                    length = input[position] % 16;
                    half = position++;
                }
                else
                {
                    length = input[half] / 16;
                    half = 0;
                }

                if (length == 15)
                {
                    length = input[position++];
                    if (length == 255)
                    {
                        length = BitConverter.ToUInt16(input, position);
                        position += 2;
                        if (length == 0)
                        {
                            length = BitConverter.ToUInt32(input, position);
                            position += 4;
                        }

                        length -= 15 + 7;
                        if (length < 0)
                        {
                            throw new InvalidDataException();
                        }
                    }

                    length += 15;
                }

                length += 7;
            }

            Copy(output, offset, length + 3);
        }
    }

    /// <summary>MS-XCA 2.2.4, for as many bytes as are wanted.</summary>
    public static byte[] Lz77Huffman(byte[] input, int wanted)
    {
        var output = new List<byte>();
        var position = 0;
        while (output.Count < wanted)
        {
            var codes = new Dictionary<(int Length, int Code), int>();
            var code = 0;
            for (var length = 1; length <= 15; length++)
            {
                code *= 2;
                for (var symbol = 0; symbol < 512; symbol++)
                {
                    if (((input[position + (symbol / 2)] >> (symbol % 2 * 4)) & 15) == length)
                    {
                        codes[(length, code++)] = symbol;
                    }
                }
            }

            if (code != 1 << 15)
            {
                throw new InvalidDataException();
            }

            position += 256;
            var bits = new Bits(input, position);
            var end = Math.Min(wanted, output.Count + 65_536);
            while (output.Count < end)
            {
                var symbol = bits.Symbol(codes);
                if (symbol < 256)
                {
                    output.Add((byte)symbol);
                    continue;
                }

                long length = (symbol - 256) % 16;
                var offsetBits = (symbol - 256) / 16;
                if (length == 15)
                {
                    length = bits.Byte();
                    if (length == 255)
                    {
                        length = bits.Byte() + (bits.Byte() << 8);
                        if (length == 0)
                        {
                            length = (uint)(bits.Byte() + (bits.Byte() << 8) + (bits.Byte() << 16) + (bits.Byte() << 24));
                        }

                        length -= 15;
                        if (length < 0)
                        {
                            throw new InvalidDataException();
                        }
                    }

                    length += 15;
                }

                var offset = 1;
                for (var i = 0; i < offsetBits; i++)
                {
                    offset = (offset * 2) + bits.Bit();
                }

                Copy(output, offset, length + 3);
            }

            position = bits.Position;
        }

        return [.. output];
    }

    /// <summary>MS-XCA 2.5.</summary>
    public static byte[] Lznt1(byte[] input)
    {
        var output = new List<byte>();
        var position = 0;
        while (position + 2 <= input.Length && BitConverter.ToUInt16(input, position) is var header && header != 0)
        {
            while (output.Count % 4096 != 0)
            {
                output.Add(0);
            }

            if ((header >> 12 & 7) != 3)
            {
                throw new InvalidDataException();
            }

            position += 2;
            var end = position + (header & 0xFFF) + 1;
            var chunk = new List<byte>();
            if (header >> 15 == 0)
            {
                chunk.AddRange(input[position..end]);
                position = end;
            }

            while (position < end)
            {
                var flags = input[position++];
                for (var i = 0; i < 8 && position < end; i++)
                {
                    if ((flags >> i & 1) == 0)
                    {
                        chunk.Add(input[position++]);
                        continue;
                    }

                    var lengthBits = 12;
                    for (var place = chunk.Count - 1; place >= 16; place /= 2)
                    {
                        lengthBits--;
                    }

                    var match = BitConverter.ToUInt16(input, position);
                    position += 2;
                    if (position > end)
                    {
                        throw new InvalidDataException();
                    }

                    Copy(chunk, (match >> lengthBits) + 1, (match % (1 << lengthBits)) + 3);
                }
            }

            if (chunk.Count > 4096)
            {
                throw new InvalidDataException();
            }

            output.AddRange(chunk);
        }

        return [.. output];
    }

    private static void Copy(List<byte> output, int offset, long length)
    {
        // No input of these tests becomes longer than this.
        if (length > 1 << 24)
        {
            throw new InvalidDataException();
        }

        for (; length > 0; length--)
        {
            output.Add(output[output.Count - offset]);
        }
    }

    private sealed class Bits
    {
        private readonly byte[] _input;
        private readonly Queue<int> _ready = new();

        public Bits(byte[] input, int position)
        {
            _input = input;
            Position = position;
            Fill();
            Fill();
        }

        public int Position { get; private set; }

        public int Byte() => _input[Position++];

        public int Bit()
        {
            var bit = _ready.Dequeue();
            if (_ready.Count < 16)
            {
                Fill();
            }

            return bit;
        }

        public int Symbol(Dictionary<(int Length, int Code), int> codes)
        {
            var code = 0;
            for (var length = 1; length <= 15; length++)
            {
                code = (code * 2) + Bit();
                if (codes.TryGetValue((length, code), out var symbol))
                {
                    return symbol;
                }
            }

            throw new InvalidDataException();
        }

        private void Fill()
        {
            var word = BitConverter.ToUInt16(_input, Position);
            Position += 2;
            for (var bit = 15; bit >= 0; bit--)
            {
                _ready.Enqueue(word >> bit & 1);
            }
        }
    }
}
