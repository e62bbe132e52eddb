using System.Diagnostics;
using System.Globalization;
using Smb3.Embedded.Compression;
using Smb3.Embedded.Tests.Compression;
using Smb3.Embedded.Tests.Compression.Native;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Benchmarks.Compressing;

/// <summary>
/// What each algorithm costs for each kind of data, on one core, beside a C library where the system has one: both in turns, and of each the
/// quickest round. A library is called as ours is, with data of the same length.
/// </summary>
internal static class CodecRates
{
    private const int Length = 1 << 20;
    private const int Rounds = 7;
    private static readonly TimeSpan RoundTime = TimeSpan.FromMilliseconds(60);

    private static readonly CodecPool Codecs = new();

    private static readonly (Smb2CompressionAlgorithm Algorithm, NativeCodec? Other)[] Ways =
    [
        (Smb2CompressionAlgorithm.Lznt1, null), (Smb2CompressionAlgorithm.Lz77, null), (Smb2CompressionAlgorithm.Lz77Huffman, NativeCodec.Wimlib),
        (Smb2CompressionAlgorithm.Lz4, NativeCodec.Lz4),
    ];

    public static void Run()
    {
        Console.WriteLine("| algorithm | data | becomes | compress MB/s | s per GiB | decompress MB/s | s per GiB | beside | becomes | compress | decompress |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (var (algorithm, library) in Ways)
        {
            var other = library;
            if (other?.Missing is { } missing)
            {
                Console.WriteLine($"| {algorithm} | left out: {missing} |");
                other = null;
            }

            foreach (var kind in Corpus.Kinds)
            {
                Measure(algorithm, kind, other);
            }
        }
    }

    private static void Measure(Smb2CompressionAlgorithm algorithm, string kind, NativeCodec? other)
    {
        var all = Corpus.Make(kind, Length);
        var pieces = all.Chunk(Math.Min(Length, other?.Longest ?? Length)).ToList();
        var ours = pieces.ConvertAll(piece => Room(piece.Length));
        var sizes = new int[pieces.Count];
        var theirs = pieces.ConvertAll(piece => Room(piece.Length));
        var theirSizes = new int[pieces.Count];
        var back = pieces.ConvertAll(piece => new byte[piece.Length]);

        var (compress, compressOther) = Race(
            i => sizes[i] = Codecs.Compress(algorithm, pieces[i], ours[i]),
            other is null ? null : i => theirSizes[i] = other.Compress(algorithm, pieces[i], theirs[i]), pieces.Count);
        var (decompress, decompressOther) = Race(
            i => Check(Codecs.TryDecompress(algorithm, ours[i].AsSpan(0, sizes[i]), back[i])),
            other is null ? null : i => Check(other.TryDecompress(algorithm, ours[i], sizes[i], back[i])), pieces.Count);

        // wimlib says 0 of what does not become shorter.
        var theirWhole = theirSizes.Select((size, i) => size == 0 ? pieces[i].Length : size).Sum();
        var beside = other is null ? "| | | |" : string.Create(
            CultureInfo.InvariantCulture,
            $"{other.Name} | {100.0 * theirWhole / Length:0.0} % | {compress / compressOther:0.00} | {decompress / decompressOther:0.00} |");
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {algorithm} | {kind} | {100.0 * sizes.Sum() / Length:0.0} % | {Rate(compress)} | {Cost(compress)} | {Rate(decompress)} | {Cost(decompress)} | {beside}"));
    }

    private static byte[] Room(int length) => new byte[length + (length / 8) + 1024];

    /// <summary>Seconds of one pass of each, in turns.</summary>
    private static (double Work, double Other) Race(Action<int> work, Action<int>? other, int count)
    {
        var (best, bestOther) = (double.MaxValue, double.MaxValue);
        for (var round = 0; round < Rounds; round++)
        {
            best = Math.Min(best, SecondsOf(work, count));
            bestOther = other is null ? bestOther : Math.Min(bestOther, SecondsOf(other, count));
        }

        return (best, bestOther);
    }

    /// <summary>The processor's time, so that what else the machine does does not count.</summary>
    private static double SecondsOf(Action<int> work, int count)
    {
        var passes = 0;
        var started = Stopwatch.GetTimestamp();
        var used = Environment.CpuUsage.TotalTime;
        do
        {
            for (var i = 0; i < count; i++)
            {
                work(i);
            }

            passes++;
        }
        while (Stopwatch.GetElapsedTime(started) < RoundTime);
        return (Environment.CpuUsage.TotalTime - used).TotalSeconds / passes;
    }

    private static string Rate(double seconds) => (Length / 1e6 / seconds).ToString("0", CultureInfo.InvariantCulture);

    private static string Cost(double seconds) => (seconds * ((1 << 30) / Length)).ToString("0.0", CultureInfo.InvariantCulture);

    private static void Check(bool worked)
    {
        if (!worked)
        {
            throw new InvalidOperationException("What was compressed does not come back.");
        }
    }
}
