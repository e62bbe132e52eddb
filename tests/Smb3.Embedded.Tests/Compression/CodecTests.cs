using System.Text;
using Smb3.Embedded.Compression;
using Smb3.Embedded.Fuzzing.Targets;
using Smb3.Embedded.Wire.Negotiate;
using Xunit;

namespace Smb3.Embedded.Tests.Compression;

/// <summary>The algorithms by themselves: MS-XCA's examples, all that can be compressed, and all that cannot be decompressed.</summary>
public sealed class CodecTests
{
    private static readonly CodecPool Codecs = new();
    private static readonly byte[] Alphabet = Encoding.ASCII.GetBytes("abcdefghijklmnopqrstuvwxyz");
    private static readonly byte[] Abc100 = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("abc", 100)));

    public static TheoryData<int, string> KindsOfAll
    {
        get
        {
            var all = new TheoryData<int, string>();
            foreach (var algorithm in Algorithms)
            {
                foreach (var kind in SampleData.Kinds)
                {
                    all.Add((int)algorithm, kind);
                }
            }

            return all;
        }
    }

    public static TheoryData<int> All => [.. Algorithms.Select(static algorithm => (int)algorithm)];

    private static Smb2CompressionAlgorithm[] Algorithms =>
    [
        Smb2CompressionAlgorithm.Lznt1, Smb2CompressionAlgorithm.Lz77, Smb2CompressionAlgorithm.Lz77Huffman, Smb2CompressionAlgorithm.Lz4,
    ];

    /// <summary>MS-XCA 3.1 (LZ77+Huffman: its table is one nibble for each of the 26 letters, the end, and so on) and 3.2 (plain LZ77).</summary>
    [Fact]
    public void The_examples_of_the_specification_come_out()
    {
        Assert.Equal(Alphabet, Decompress(Smb2CompressionAlgorithm.Lz77, Convert.FromHexString("3F000000" + Convert.ToHexString(Alphabet)), 26));
        Assert.Equal(Abc100, Decompress(Smb2CompressionAlgorithm.Lz77, Convert.FromHexString("FFFFFF1F61626317000FFF2601"), 300));

        // a, b, c, the end and one kind of match: codes of 3, 3, 2, 2 and 2 bits, then three bytes, the match, its length in between.
        var table = new byte[256];
        table['a' / 2] = 0x30;
        table['b' / 2] = 0x23;
        table[256 / 2] = 0x02;
        table[(256 + 31) / 2] = 0x20;
        byte[] huffman = [.. table, .. Convert.FromHexString("A8DC0000FF2601")];
        Assert.Equal(Abc100, Decompress(Smb2CompressionAlgorithm.Lz77Huffman, huffman, 300));
        Assert.Equal(huffman, Compress(Smb2CompressionAlgorithm.Lz77Huffman, Abc100));
        Assert.Equal("FFFFFF1F61626317000FFF2601", Convert.ToHexString(Compress(Smb2CompressionAlgorithm.Lz77, Abc100)));
    }

    [Theory]
    [MemberData(nameof(KindsOfAll))]
    public void What_was_compressed_comes_back_and_the_plain_decoder_reads_it_too(int number, string kind)
    {
        var algorithm = (Smb2CompressionAlgorithm)number;
        foreach (var length in SampleData.Lengths)
        {
            var data = SampleData.Make(kind, length);
            var compressed = Compress(algorithm, data);
            Assert.Equal(data, Decompress(algorithm, compressed, length));
            if (algorithm != Smb2CompressionAlgorithm.Lz4)
            {
                Assert.Equal(data, ReferenceDecoders.TryRead(algorithm, compressed, length));
            }
        }
    }

    [Theory]
    [MemberData(nameof(KindsOfAll))]
    public void Nothing_is_decompressed_to_another_length(int number, string kind)
    {
        var algorithm = (Smb2CompressionAlgorithm)number;
        foreach (var length in SampleData.Lengths.Where(static length => length > 1))
        {
            var compressed = Compress(algorithm, SampleData.Make(kind, length));
            Assert.Null(Decompress(algorithm, compressed, length - 1));
            Assert.Null(Decompress(algorithm, compressed, length + 1));

            if (algorithm != Smb2CompressionAlgorithm.Lz77Huffman)
            {
                // There the end is a match of three bytes to who wants more, and the bits that fill its word may be the end again.
                Assert.Null(Decompress(algorithm, compressed, length + 3));
                Assert.Null(Decompress(algorithm, compressed, 2 * length));
            }
        }
    }

    [Theory]
    [MemberData(nameof(KindsOfAll))]
    public void What_does_not_fit_is_not_written(int number, string kind)
    {
        var algorithm = (Smb2CompressionAlgorithm)number;
        foreach (var length in SampleData.Lengths)
        {
            var data = SampleData.Make(kind, length);
            var whole = Compress(algorithm, data).Length;
            for (var room = 0; room < whole; room += 1 + (whole / 50))
            {
                var target = new byte[room + 8];
                target.AsSpan(room).Fill(0xEE);
                var written = Codecs.Compress(algorithm, data, target.AsSpan(0, room));
                Assert.InRange(written, 0, room);
                Assert.Equal(-1, target.AsSpan(room).IndexOfAnyExcept((byte)0xEE));
                if (written > 0)
                {
                    Assert.Equal(data, Decompress(algorithm, target[..written], length)); // another way, and still right
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Every_cut_and_every_changed_byte_is_refused_or_makes_as_many_bytes_as_were_asked_for(int number)
    {
        var algorithm = (Smb2CompressionAlgorithm)number;
        var random = new Random(7);
        foreach (var kind in SampleData.Kinds)
        {
            var data = SampleData.Make(kind, 5000);
            var compressed = Compress(algorithm, data);
            for (var cut = 0; cut < compressed.Length; cut += 1 + (cut / 200))
            {
                Assert.NotEqual(data, Decompress(algorithm, compressed[..cut], data.Length) ?? []);
            }

            for (var i = 0; i < 3000; i++)
            {
                var wrong = compressed.ToArray();
                wrong[random.Next(i % 2 == 0 ? Math.Min(wrong.Length, 300) : wrong.Length)] = (byte)random.Next(256);
                Compare(algorithm, wrong, data.Length);
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Nonsense_is_read_as_the_plain_decoder_reads_it(int number)
    {
        var random = new Random(11);
        for (var i = 0; i < 20_000; i++)
        {
            var nonsense = new byte[random.Next(0, 400)];
            random.NextBytes(nonsense);
            nonsense.AsSpan(random.Next(nonsense.Length + 1)).Clear();
            Compare((Smb2CompressionAlgorithm)number, nonsense, random.Next(0, 600));
        }
    }

    /// <summary>A length of four bytes, in front of which two are zero: more than any message, up to all of them.</summary>
    [Theory]
    [InlineData(0x7FFF_FFFFu)]
    [InlineData(0xFFFF_FFFFu)]
    [InlineData(0xFFFF_FFE9u)]
    [InlineData(21u)]
    public void A_length_of_four_bytes_does_not_wrap(uint length)
    {
        byte[] lz77 = [0xFF, 0xFF, 0xFF, 0x7F, 0x61, 0x07, 0x00, 0x0F, 0xFF, 0x00, 0x00, .. BitConverter.GetBytes(length)];
        Assert.Null(Decompress(Smb2CompressionAlgorithm.Lz77, lz77, 4096));
    }

    [Fact]
    public void A_match_of_four_bytes_of_length_is_written_and_read()
    {
        var zeros = new byte[5 << 20];
        var compressed = Compress(Smb2CompressionAlgorithm.Lz77, zeros);
        Assert.True(compressed.Length < 32);
        Assert.Equal(zeros, Decompress(Smb2CompressionAlgorithm.Lz77, compressed, zeros.Length));
        Assert.Equal(zeros, ReferenceDecoders.PlainLz77(compressed));
    }

    [Fact]
    public void A_short_chunk_in_the_middle_is_filled_with_zeros()
    {
        // "ab" as it is, then "c" as it is.
        byte[] source = [0x01, 0x30, 0x61, 0x62, 0x00, 0x30, 0x63];
        var expected = new byte[4097];
        (expected[0], expected[1], expected[4096]) = ((byte)'a', (byte)'b', (byte)'c');
        Assert.Equal(expected, Decompress(Smb2CompressionAlgorithm.Lznt1, source, 4097));
        Assert.Null(Decompress(Smb2CompressionAlgorithm.Lznt1, source, 3));
        Assert.Null(Decompress(Smb2CompressionAlgorithm.Lznt1, [0x01, 0x20, 0x61, 0x62], 2)); // another signature
    }

    /// <summary>A table that is not full, or more than full, is none.</summary>
    [Fact]
    public void A_code_that_is_not_complete_is_refused()
    {
        // Four times the first symbol, and the end.
        byte[] block = [.. new byte[256], 0x00, 0x08, 0x00, 0x00];
        Assert.Null(Decompress(Smb2CompressionAlgorithm.Lz77Huffman, block, 4));
        block[0] = 0x01;
        Assert.Null(Decompress(Smb2CompressionAlgorithm.Lz77Huffman, block, 4));
        block[128] = 0x01;
        Assert.Equal(new byte[4], Decompress(Smb2CompressionAlgorithm.Lz77Huffman, block, 4));
        block[1] = 0x01;
        Assert.Null(Decompress(Smb2CompressionAlgorithm.Lz77Huffman, block, 4));
    }

    /// <summary>A code must not need more than 15 bits, which counts like those of Fibonacci would.</summary>
    [Fact]
    public void Codes_stay_within_fifteen_bits()
    {
        var data = new List<byte>();
        for (int symbol = 0, count = 1, next = 1; symbol < 22; symbol++)
        {
            data.AddRange(Enumerable.Repeat((byte)(symbol * 7), count));
            (count, next) = (next, count + next);
        }

        // In an order in which hardly anything repeats.
        var shuffled = data.ToArray();
        new Random(3).Shuffle(shuffled);
        Assert.Equal(shuffled, Decompress(Smb2CompressionAlgorithm.Lz77Huffman, Compress(Smb2CompressionAlgorithm.Lz77Huffman, shuffled), shuffled.Length));
    }

    [Theory]
    [InlineData("zeros", true)]
    [InlineData("text", true)]
    [InlineData("runs", true)]
    [InlineData("random", false)]
    public void A_look_at_a_little_tells_what_gains(string kind, bool gains)
    {
        Assert.Equal(gains, CompressionSample.MayGain(SampleData.Make(kind, 65_536)));
        Assert.Equal(gains, CompressionSample.MayGain(SampleData.Make(kind, CompressionSample.LeastData)));
        Assert.False(CompressionSample.MayGain(SampleData.Make(kind, CompressionSample.LeastData - 1)));
    }

    private static byte[] Compress(Smb2CompressionAlgorithm algorithm, byte[] data)
    {
        var target = new byte[(2 * data.Length) + 1000];
        var written = Codecs.Compress(algorithm, data, target);
        Assert.NotEqual(0, written);
        return target[..written];
    }

    private static byte[]? Decompress(Smb2CompressionAlgorithm algorithm, byte[] compressed, int length)
    {
        var target = new byte[length];
        return Codecs.TryDecompress(algorithm, compressed, target) ? target : null;
    }

    /// <summary>What both read is the same.</summary>
    private static void Compare(Smb2CompressionAlgorithm algorithm, byte[] compressed, int length)
    {
        if (Decompress(algorithm, compressed, length) is { } ours && ReferenceDecoders.TryRead(algorithm, compressed, length) is { } theirs)
        {
            Assert.Equal(theirs, ours);
        }
    }
}
