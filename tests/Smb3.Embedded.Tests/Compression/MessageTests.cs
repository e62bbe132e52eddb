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
    private const int Most = 1 << 20;

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
                foreach (var zeros in new[] { 0, 31, 32, 5000 })
                {
                    byte[] message = [.. SampleData.Make("random", Leading), .. new byte[zeros], .. SampleData.Make(kind, length), .. new byte[zeros]];
                    var target = new byte[message.Length];
                    var written = MessageCompressor.TryCompress(agreement, message, Leading, target);
                    Assert.InRange(written, 0, message.Length - (message.Length / 16));
                    if (written > 0)
                    {
                        Assert.Equal(message, Decompress(agreement, target[..written]));
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
        var target = new byte[message.Length];
        var written = MessageCompressor.TryCompress(Chained, message, Leading, target);

        // The header of all, the first payload as it is, the pattern (MS-SMB2 2.2.42.2.1 and .2).
        Assert.Equal(8 + 8 + Leading + 8 + 8, written);
        Assert.Equal((uint)message.Length, BinaryPrimitives.ReadUInt32LittleEndian(target.AsSpan(4)));
        Assert.Equal([0, 0, 1, 0, Leading, 0, 0, 0], target[8..16]);
        Assert.Equal([4, 0, 0, 0, 8, 0, 0, 0, 0x55, 0, 0, 0, 0xA0, 0x86, 1, 0], target[(16 + Leading)..written]);
        Assert.True(MessageCompressor.MayGain(Chained, message, Leading));
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

    private static byte[]? Decompress(CompressionAgreement agreement, byte[] received)
    {
        if (!MessageDecompressor.TryReadSize(received, agreement, Most, out var size))
        {
            return null;
        }

        var message = new byte[size];
        return MessageDecompressor.TryDecompress(received, agreement, message) ? message : null;
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
