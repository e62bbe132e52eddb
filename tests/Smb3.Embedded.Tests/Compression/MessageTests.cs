using System.Buffers.Binary;
using Smb3.Embedded.Compression;
using Smb3.Embedded.Wire.Compression;
using Smb3.Embedded.Wire.Negotiate;
using Xunit;

namespace Smb3.Embedded.Tests.Compression;

/// <summary>Whole messages: chained and not, and everything that a transform header can claim (MS-SMB2 2.2.42, 3.1.4.4 and 3.1.5.3).</summary>
public sealed class MessageTests
{
    private const int Leading = 80;
    private const int Most = 8 << 20;

    private static readonly CodecPool Codecs = new();

    private static readonly CompressionAgreement Unchained = new([Smb2CompressionAlgorithm.Lz77], IsChained: false);
    private static readonly CompressionAgreement Chained = new(
        [Smb2CompressionAlgorithm.PatternV1, Smb2CompressionAlgorithm.Lz77, Smb2CompressionAlgorithm.Lz77Huffman, Smb2CompressionAlgorithm.Lznt1, Smb2CompressionAlgorithm.Lz4],
        IsChained: true);

    public static TheoryData<bool, int, string> Messages
    {
        get
        {
            var all = new TheoryData<bool, int, string>();
            foreach (var isChained in new[] { false, true })
            {
                foreach (var algorithm in Chained.Algorithms.Skip(1))
                {
                    foreach (var kind in SampleData.Kinds)
                    {
                        all.Add(isChained, (int)algorithm, kind);
                    }
                }
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void A_message_comes_back(bool isChained, int number, string kind)
    {
        var algorithm = (Smb2CompressionAlgorithm)number;
        CompressionAgreement[] agreements =
            [new([algorithm], isChained), .. isChained ? [new([Smb2CompressionAlgorithm.PatternV1, algorithm], isChained)] : Array.Empty<CompressionAgreement>()];
        foreach (var agreement in agreements)
        {
            foreach (var length in SampleData.Lengths)
            {
                foreach (var zeros in new[] { 0, 63, 64, 5000 })
                {
                    byte[] message = [.. SampleData.Make("random", Leading), .. new byte[zeros], .. SampleData.Make(kind, length), .. new byte[zeros]];
                    var compressed = Compress(agreement, message);
                    Assert.InRange(compressed.Length, 0, message.Length - (message.Length / 16));
                    if (compressed.Length > 0)
                    {
                        Assert.Equal(message, Decompress(agreement, compressed));
                    }
                    else
                    {
                        Assert.True(message.Length < 1200 || kind is "random" or "mixed" or "far", $"{kind} of {length} with {zeros}");
                    }
                }
            }
        }
    }

    [Fact]
    public void A_message_of_one_byte_is_told_as_a_pattern()
    {
        byte[] message = [.. SampleData.Make("random", Leading), .. Enumerable.Repeat((byte)0x55, 100_000)];
        var target = Compress(Chained, message);
        var written = target.Length;

        // The header of all, the first payload as it is, the pattern (MS-SMB2 2.2.42.2.1 and .2).
        Assert.Equal(8 + 8 + Leading + 8 + 8, written);
        Assert.Equal((uint)message.Length, BinaryPrimitives.ReadUInt32LittleEndian(target.AsSpan(4)));
        Assert.Equal([0, 0, 1, 0, Leading, 0, 0, 0], target[8..16]);
        Assert.Equal([4, 0, 0, 0, 8, 0, 0, 0, 0x55, 0, 0, 0, 0xA0, 0x86, 1, 0], target[(16 + Leading)..written]);
    }

    [Theory]
    [InlineData("text", 1)]
    [InlineData("text", 2)]
    [InlineData("text", 3)]
    [InlineData("text", 5)]
    [InlineData("half", 2)]
    [InlineData("half", 5)]
    [InlineData("runs", 3)]
    [InlineData("random", 5)]
    public void Much_data_is_compressed_in_pieces(string kind, int algorithm)
    {
        foreach (var (length, zeros) in new[] { ((1 << 20) - 1, 0), ((1 << 20) + 1, 100_000), ((3 << 19) + 500_000, 0) })
        {
            // Of "half" every other piece is noise, the first one too.
            var data = SampleData.Make(kind == "half" ? "text" : kind, length);
            for (var at = 0; kind == "half" && at < length; at += 1 << 20)
            {
                SampleData.Make("random", Math.Min(length - at, 1 << 19)).CopyTo(data, at);
            }

            byte[] message = [.. SampleData.Make("random", Leading), .. new byte[zeros], .. data, .. new byte[zeros]];
            foreach (var isChained in new[] { true, false })
            {
                var agreement = new CompressionAgreement([Smb2CompressionAlgorithm.PatternV1, (Smb2CompressionAlgorithm)algorithm], isChained);
                var compressed = Compress(agreement, message);
                if (kind == "random" && zeros == 0)
                {
                    Assert.Empty(compressed);
                }
                else if (compressed.Length > 0)
                {
                    Assert.InRange(compressed.Length, 1, message.Length - (message.Length / 16));
                    Assert.Equal(message, Decompress(agreement, compressed));
                    if (isChained && kind is ("text" or "half"))
                    {
                        // The header of the READ, the runs, the pieces.
                        Assert.Equal(1 + (zeros > 0 ? 2 : 0) + (length / (1 << 19)), PayloadsOf(compressed));
                    }
                }
                else
                {
                    // Who does not chain compresses all of it or nothing.
                    Assert.True(!isChained && kind != "text", $"{kind} of {length} with {zeros}, chained: {isChained}");
                }
            }
        }
    }

    [Fact]
    public void Memory_to_work_in_is_kept_for_as_many_as_work_at_once_and_given_back()
    {
        var codecs = new CodecPool();
        var data = SampleData.Make("text", 200_000);
        Parallel.For(0, 64, _ => Assert.NotEqual(0, codecs.Compress(Smb2CompressionAlgorithm.Lz77Huffman, data, new byte[data.Length])));
        Assert.InRange(codecs.Kept, 1, CodecPool.MostKept);
        codecs.Trim();
        Assert.InRange(codecs.Kept, 1, CodecPool.MostKept);
        codecs.Trim();
        Assert.Equal(0, codecs.Kept);
        Assert.NotEqual(0, codecs.Compress(Smb2CompressionAlgorithm.Lz77, data, new byte[data.Length]));
        Assert.Equal(1, codecs.Kept);
    }

    [Fact]
    public void Sizes_count_before_memory_is_taken()
    {
        Assert.False(TryReadSize(Unchained, Header(Most + 1u, Smb2CompressionAlgorithm.Lz77, 0, 0)));
        Assert.False(TryReadSize(Unchained, Header(uint.MaxValue, Smb2CompressionAlgorithm.Lz77, 0, 0)));
        Assert.True(TryReadSize(Unchained, [.. Header(Most - 16u, Smb2CompressionAlgorithm.Lz77, 0, 16), .. new byte[16]]));
        Assert.False(TryReadSize(Unchained, [.. Header(Most - 15u, Smb2CompressionAlgorithm.Lz77, 0, 16), .. new byte[16]]));

        // Sums that wrap (CVE-2020-0796): the part as it is may not reach beyond what was received.
        Assert.False(TryReadSize(Unchained, [.. Header(uint.MaxValue, Smb2CompressionAlgorithm.Lz77, 0, 16), .. new byte[16]]));
        Assert.False(TryReadSize(Unchained, [.. Header(16, Smb2CompressionAlgorithm.Lz77, 0, uint.MaxValue - 3), .. new byte[16]]));
        Assert.False(TryReadSize(Unchained, [.. Header(16, Smb2CompressionAlgorithm.Lz77, 0, 17), .. new byte[16]]));
        Assert.False(TryReadSize(Chained, Header(Most + 1u, Smb2CompressionAlgorithm.None, 1, 0)));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [InlineData(3, false)]
    [InlineData(4, false)]
    [InlineData(5, false)]
    [InlineData(6, false)]
    public void Only_what_was_agreed_is_taken(int algorithm, bool isAgreed)
    {
        Assert.Equal(isAgreed, TryReadSize(Unchained, Header(100, (Smb2CompressionAlgorithm)algorithm, 0, 0)));
        Assert.False(TryReadSize(Unchained, Header(100, (Smb2CompressionAlgorithm)algorithm, 1, 0)));
        Assert.False(TryReadSize(Unchained, Header(100, (Smb2CompressionAlgorithm)algorithm, 2, 0)));
    }

    [Fact]
    public void A_chain_has_only_what_was_agreed()
    {
        var agreement = new CompressionAgreement([Smb2CompressionAlgorithm.Lznt1], IsChained: true);
        byte[] lz77 = [0x3F, 0, 0, 0, .. "abcdefghijklmnopqrstuvwxyz"u8];
        Assert.Null(Decompress(agreement, Chain(26, Payload(Smb2CompressionAlgorithm.Lz77, lz77, 26))));
        Assert.NotNull(Decompress(Chained, Chain(26, Payload(Smb2CompressionAlgorithm.Lz77, lz77, 26))));
        Assert.Null(Decompress(agreement, Chain(26, Pattern(7, 26))));
        Assert.NotNull(Decompress(Chained, Chain(26, Pattern(7, 26))));
        Assert.Null(Decompress(Chained, Chain(26, Payload((Smb2CompressionAlgorithm)6, new byte[26]))));
    }

    [Fact]
    public void The_payloads_of_a_chain_make_exactly_the_message()
    {
        var plain = Payload(Smb2CompressionAlgorithm.None, new byte[20]);
        Assert.NotNull(Decompress(Chained, Chain(60, plain, Pattern(1, 20), plain)));
        Assert.Null(Decompress(Chained, Chain(59, plain, Pattern(1, 20), plain)));
        Assert.Null(Decompress(Chained, Chain(61, plain, Pattern(1, 20), plain)));
        Assert.Null(Decompress(Chained, Chain(60, plain, Pattern(1, 40), plain)));
        Assert.Null(Decompress(Chained, Chain(60, Pattern(1, uint.MaxValue), Pattern(1, 61))));
        Assert.Null(Decompress(Chained, Chain(60, Payload(Smb2CompressionAlgorithm.Lz77, new byte[20], uint.MaxValue))));
        Assert.Null(Decompress(Chained, [.. Chain(60, plain, Pattern(1, 20), plain), 0]));
        Assert.NotNull(Decompress(Chained, Chain(60, plain, Pattern(1, 20), Pattern(1, 0), plain)));
    }

    [Fact]
    public void Every_cut_and_every_length_of_a_chain_is_refused()
    {
        var chain = Chain(60, Payload(Smb2CompressionAlgorithm.None, new byte[20]), Pattern(1, 20), Payload(Smb2CompressionAlgorithm.None, new byte[20]));
        for (var cut = 0; cut < chain.Length; cut++)
        {
            Assert.Null(Decompress(Chained, chain[..cut]));
        }

        // The length of the first payload, which is at 12, is any other.
        for (var length = 0u; length < 200; length++)
        {
            var wrong = chain.ToArray();
            BinaryPrimitives.WriteUInt32LittleEndian(wrong.AsSpan(12), length);
            Assert.Equal(length == 20, Decompress(Chained, wrong) is not null);
        }
    }

    private static bool TryReadSize(CompressionAgreement agreement, byte[] received) =>
        MessageDecompressor.TryReadSize(received, agreement, Most, out _);

    private static byte[] Compress(CompressionAgreement agreement, byte[] message)
    {
        if (!CompressionPlan.TryMake(agreement, message, Leading, out var plan))
        {
            return [];
        }

        // What is behind the room is not touched.
        var target = new byte[plan.Room + 8];
        target.AsSpan(plan.Room).Fill(0xEE);
        var written = MessageCompressor.TryCompress(plan, Codecs, message, target.AsMemory(0, plan.Room));
        Assert.Equal(-1, target.AsSpan(plan.Room).IndexOfAnyExcept((byte)0xEE));
        return target[..written];
    }

    private static byte[]? Decompress(CompressionAgreement agreement, byte[] received)
    {
        if (!MessageDecompressor.TryReadSize(received, agreement, Most, out var size))
        {
            return null;
        }

        var message = new byte[size];
        return MessageDecompressor.TryDecompress(received, agreement, Codecs, message) ? message : null;
    }

    /// <summary>How many payloads a chain has.</summary>
    private static int PayloadsOf(byte[] compressed)
    {
        ReadOnlySpan<byte> chain = compressed.AsSpan(CompressionTransformHeader.ChainedSize);
        var count = 0;
        for (; !chain.IsEmpty; count++)
        {
            Assert.True(CompressionPayloadHeader.TryParse(chain, out _, out chain));
        }

        return count;
    }

    private static byte[] Header(uint size, Smb2CompressionAlgorithm algorithm, ushort flags, uint offset)
    {
        var header = new byte[CompressionTransformHeader.Size];
        CompressionTransformHeader.WriteUnchained(header, size, algorithm, offset);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(10), flags);
        return header;
    }

    private static byte[] Chain(uint size, params byte[][] payloads)
    {
        var header = new byte[CompressionTransformHeader.ChainedSize];
        CompressionTransformHeader.WriteChained(header, size);
        byte[] chain = [.. header, .. payloads.SelectMany(static payload => payload)];
        chain[10] = 1;
        return chain;
    }

    private static byte[] Payload(Smb2CompressionAlgorithm algorithm, byte[] payload, uint original = 0)
    {
        var header = new byte[CompressionPayloadHeader.Size + CompressionPayloadHeader.OriginalSizeSize];
        var written = CompressionPayloadHeader.Write(header, algorithm, first: false, payload.Length, original);
        return [.. header[..written], .. payload];
    }

    private static byte[] Pattern(byte value, uint length)
    {
        byte[] payload = [value, 0, 0, 0, .. BitConverter.GetBytes(length)];
        return Payload(Smb2CompressionAlgorithm.PatternV1, payload);
    }
}
