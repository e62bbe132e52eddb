using System.Globalization;
using Smb3.Embedded.Benchmarks.Gate;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.Tests.Compression;
using Smb3.Embedded.Wire.Io;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Benchmarks.Compressing;

/// <summary>What it costs to have agreed on compression, where nothing can be compressed: a READ that asks for it, beside one that does not.</summary>
internal static class CompressionCost
{
    private const int Times = 9;

    private static readonly SmbTestClientOptions Compressing = new() { Compression = [Smb2CompressionAlgorithm.PatternV1, Smb2CompressionAlgorithm.Lz77] };

    public static void Run()
    {
        foreach (var (kind, size) in new[] { ("random", 4096), ("random", 65_536), ("random", 1 << 20), ("office", 1 << 20) })
        {
            var ratios = RatiosOf(kind, size);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"READs of {size,8} bytes of {kind,-6}: {ratios[Times / 2]:0.000} ({ratios[0]:0.000} to {ratios[^1]:0.000}) of the time without"));
        }
    }

    /// <summary>The median of several measurements, of which a busy machine spoils some.</summary>
    public static double MedianOf(string kind, int size) => RatiosOf(kind, size)[Times / 2];

    private static List<double> RatiosOf(string kind, int size) => [.. Enumerable.Range(0, Times).Select(_ => RatioOf(kind, size)).Order()];

    /// <summary>
    /// The time of a READ that asks for compression, beside one that does not. Both go over one connection that agreed on it, so that they share
    /// every buffer: those of two servers lie differently in the caches, which is more than what is measured.
    /// </summary>
    private static double RatioOf(string kind, int size)
    {
        using var load = ServerUnderLoad.Start(Corpus.Make(kind, size), Compressing, (_, file) => file.ReadRequest(0, (uint)size));
        return Race.Ratio(() => Send(load, ReadFlags.RequestCompressed), () => Send(load, ReadFlags.None));
    }

    private static void Send(ServerUnderLoad load, ReadFlags flags)
    {
        load.Request.Body[3] = (byte)flags;

        // What does not come at once was compressed elsewhere, and is not what this measures.
        var sending = load.Request.SendAsync();
        if (!sending.IsCompletedSuccessfully || sending.Result != NtStatus.Success)
        {
            throw new InvalidOperationException("The READ does not complete at once.");
        }
    }
}
