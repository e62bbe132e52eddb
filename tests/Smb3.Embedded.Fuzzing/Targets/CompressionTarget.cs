using Smb3.Embedded.Compression;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Fuzzing.Targets;

/// <summary>Compressed data by each algorithm, and whole messages with their headers and chains.</summary>
internal static class CompressionTarget
{
    private const int Longest = 1 << 17;

    private static readonly CodecPool Codecs = new();

    private static readonly CompressionAgreement Chained = new(
        [
            Smb2CompressionAlgorithm.PatternV1, Smb2CompressionAlgorithm.Lz77, Smb2CompressionAlgorithm.Lz77Huffman, Smb2CompressionAlgorithm.Lznt1,
            Smb2CompressionAlgorithm.Lz4,
        ],
        IsChained: true);

    /// <summary>
    /// One algorithm for the whole input, and room for the length that its first bytes say. What comes out is what the plain decoder makes of it.
    /// </summary>
    public static TargetAction Of(Smb2CompressionAlgorithm algorithm) => input =>
    {
        if (input.Length < 2)
        {
            return;
        }

        var target = new byte[(input[0] << 8) | input[1]];
        if (Codecs.TryDecompress(algorithm, input[2..], target)
            && ReferenceDecoders.TryRead(algorithm, input[2..].ToArray(), target.Length) is { } expected
            && !target.AsSpan().SequenceEqual(expected))
        {
            throw new InvalidDataException($"{algorithm} makes something else of it than the plain decoder.");
        }
    };

    /// <summary>A whole message.</summary>
    public static void Message(ReadOnlySpan<byte> input)
    {
        if (MessageDecompressor.TryReadSize(input, Chained, Longest, out var size))
        {
            MessageDecompressor.TryDecompress(input, Chained, Codecs, new byte[size]);
        }
    }

    /// <summary>Compressed data of several kinds, its length in front.</summary>
    public static Func<IEnumerable<byte[]>> SeedsOf(Smb2CompressionAlgorithm algorithm) => () => Kinds().Select(data =>
    {
        var target = new byte[(2 * data.Length) + 1000];
        var written = Codecs.Compress(algorithm, data, target);
        return (byte[])[(byte)(data.Length >> 8), (byte)data.Length, .. target[..written]];
    });

    /// <summary>Messages by all algorithms, chained and not.</summary>
    public static IEnumerable<byte[]> Messages()
    {
        foreach (var data in Kinds())
        {
            foreach (var algorithm in Chained.Algorithms.Skip(1))
            {
                foreach (var isChained in new[] { false, true })
                {
                    byte[] message = [.. new byte[100], .. data, .. new byte[100]];
                    var agreement = new CompressionAgreement(isChained ? [Smb2CompressionAlgorithm.PatternV1, algorithm] : [algorithm], isChained);
                    if (CompressionPlan.TryMake(agreement, message, 100, out var plan))
                    {
                        var target = new byte[plan.Room];
                        yield return target[..MessageCompressor.TryCompress(plan, Codecs, message, target)];
                    }
                }
            }
        }
    }

    private static IEnumerable<byte[]> Kinds()
    {
        var random = new Random(1);
        var noise = new byte[300];
        random.NextBytes(noise);
        yield return noise;
        yield return new byte[9000];
        yield return [.. Enumerable.Range(0, 6000).Select(at => (byte)(at * at >> 7))];
        yield return [.. Enumerable.Range(0, 5000).Select(_ => (byte)"some text of few letters"[random.Next(24)])];
    }
}
