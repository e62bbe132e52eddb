using Smb3.Embedded.Compression;
using Smb3.Embedded.Wire.Negotiate;
using Xunit;

namespace Smb3.Embedded.Tests.Compression.Native;

/// <summary>What ours has compressed is read by implementations of others, and the other way round.</summary>
public sealed class OtherImplementationTests
{
    private static readonly CodecPool Codecs = new();

    /// <summary>MS-XCA 2.4 has no longest match; libfwnt refuses those of plain LZ77 that are longer.</summary>
    private const int LongestMatch = 32_771;

    /// <summary>
    /// Of LZ77+Huffman it counts the length of a match in 16 bits, so that one of 65,536 bytes, a whole block behind the first one, is none to it.
    /// MS-XCA 2.2.4 allows more: 16 bits hold the length less 3, and where they do not, 32 follow.
    /// </summary>
    private const int BeforeWholeBlock = 131_071;

    private static readonly int[] Lengths = [1, 2, 100, 4095, 4096, 4097, 10_000, 32_772, 65_535, 65_536, 65_537, 131_071, 131_072, 300_000];

    public static TheoryData<string> Kinds => [.. Corpus.Kinds.Concat(SampleData.Kinds.Select(static kind => "sample " + kind))];

    [NativeTheory("libfwnt")]
    [MemberData(nameof(Kinds))]
    public void Libfwnt_reads_ours(string kind)
    {
        foreach (var algorithm in new[] { Smb2CompressionAlgorithm.Lznt1, Smb2CompressionAlgorithm.Lz77, Smb2CompressionAlgorithm.Lz77Huffman })
        {
            var hasLongMatches = kind is "run" or "disk" or "sample zeros";
            var longest = !hasLongMatches || algorithm == Smb2CompressionAlgorithm.Lznt1 ? int.MaxValue
                : algorithm == Smb2CompressionAlgorithm.Lz77 ? LongestMatch : BeforeWholeBlock;
            IsReadBy(NativeCodec.Libfwnt, algorithm, kind, longest);
        }
    }

    [NativeTheory("wimlib")]
    [MemberData(nameof(Kinds))]
    public void Wimlib_reads_ours_and_ours_reads_it(string kind)
    {
        IsReadBy(NativeCodec.Wimlib, Smb2CompressionAlgorithm.Lz77Huffman, kind);
        Reads(NativeCodec.Wimlib, Smb2CompressionAlgorithm.Lz77Huffman, kind);
    }

    [NativeTheory("liblz4")]
    [MemberData(nameof(Kinds))]
    public void Liblz4_reads_ours_and_ours_reads_it(string kind)
    {
        IsReadBy(NativeCodec.Lz4, Smb2CompressionAlgorithm.Lz4, kind);
        Reads(NativeCodec.Lz4, Smb2CompressionAlgorithm.Lz4, kind);
    }

    private static byte[] Make(string kind, int length) =>
        kind.StartsWith("sample ", StringComparison.Ordinal) ? SampleData.Make(kind["sample ".Length..], length) : Corpus.Make(kind, length);

    private static void IsReadBy(NativeCodec other, Smb2CompressionAlgorithm algorithm, string kind, int longest = int.MaxValue)
    {
        foreach (var length in Lengths.Where(length => length <= longest && length <= other.Longest))
        {
            var data = Make(kind, length);
            var compressed = new byte[(2 * length) + 1000];
            var written = Codecs.Compress(algorithm, data, compressed);
            Assert.NotEqual(0, written);
            var target = new byte[length];
            Assert.True(other.TryDecompress(algorithm, compressed, written, target), $"{other.Name} does not read {algorithm} of {length}");
            Assert.Equal(data, target);
        }
    }

    private static void Reads(NativeCodec other, Smb2CompressionAlgorithm algorithm, string kind)
    {
        foreach (var length in Lengths.Where(length => length <= other.Longest))
        {
            var data = Make(kind, length);
            var compressed = new byte[(2 * length) + 1000];
            var written = other.Compress(algorithm, data, compressed);
            if (written == 0)
            {
                // wimlib leaves what does not become shorter as it is.
                Assert.True(kind is "random" or "office" or "sample random" or "sample mixed" or "sample far" || length < 1000, $"nothing for {length}");
                continue;
            }

            var target = new byte[length];
            Assert.True(Codecs.TryDecompress(algorithm, compressed.AsSpan(0, written), target), $"{other.Name}'s {algorithm} of {length} is not read");
            Assert.Equal(data, target);
        }
    }
}
