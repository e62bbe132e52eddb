using System.Diagnostics;
using System.Globalization;
using Smb3.Embedded.Compression;
using Smb3.Embedded.Tests.Compression;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Benchmarks.Compressing;

/// <summary>
/// What it brings that long messages are compressed in pieces side by side: the time of one as the server does it, beside that of its pieces one after
/// the other. <c>taskset -c 0</c> before the command shows what it costs where there is one core.
/// </summary>
internal static class PieceGain
{
    private const int PieceSize = 512 * 1024;
    private const int Rounds = 15;
    private static readonly CodecPool Codecs = new();

    public static void Run()
    {
        Console.WriteLine($"{Environment.ProcessorCount} cores");
        foreach (var algorithm in new[] { Smb2CompressionAlgorithm.Lz4, Smb2CompressionAlgorithm.Lz77, Smb2CompressionAlgorithm.Lz77Huffman })
        {
            foreach (var mebibytes in new[] { 1, 2, 8 })
            {
                var (whole, one) = Measure(new CompressionAgreement([algorithm], IsChained: true), Corpus.Make("text", mebibytes << 20));
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{algorithm,-11} {mebibytes} MiB of text: {whole * 1000:0.0} ms, its pieces one by one {one * 1000:0.0} ms: {whole / one:0.00}"));
            }
        }
    }

    /// <summary>The median seconds of each, by turns.</summary>
    private static (double Whole, double OneByOne) Measure(CompressionAgreement agreement, byte[] data)
    {
        var room = new byte[data.Length + 65_536];
        var (whole, one) = (new List<double>(), new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            whole.Add(SecondsOf(() => Compress(agreement, data, room)));
            one.Add(SecondsOf(() =>
            {
                for (var at = 0; at < data.Length; at += PieceSize)
                {
                    Compress(agreement, data.AsMemory(at, PieceSize), room);
                }
            }));
        }

        return (whole.Order().ElementAt(Rounds / 2), one.Order().ElementAt(Rounds / 2));
    }

    private static void Compress(CompressionAgreement agreement, ReadOnlyMemory<byte> data, Memory<byte> room)
    {
        if (!CompressionPlan.TryMake(agreement, data.Span, leading: 0, out var plan) || MessageCompressor.TryCompress(plan, Codecs, data, room[..plan.Room]) == 0)
        {
            throw new InvalidOperationException("The text does not become shorter.");
        }
    }

    private static double SecondsOf(Action work)
    {
        var started = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
