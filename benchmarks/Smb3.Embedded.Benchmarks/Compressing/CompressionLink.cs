using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Tests.Compression;
using Smb3.Embedded.Transport;
using Smb3.Embedded.Transport.DirectTcp;
using Smb3.Embedded.Transport.Tcp;
using Smb3.Embedded.Wire.Io;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Benchmarks.Compressing;

/// <summary>How long a copy of the corpus takes to a server and from it, over whatever link there is, with and without compression.</summary>
internal static class CompressionLink
{
    private const int Block = 1 << 20;
    private const int AtOnce = 4;

    /// <summary>Of each copy the quickest counts: whatever else the machine does makes it slower.</summary>
    private const int Rounds = 3;

    /// <param name="target"><c>IP:PORT,SHARE,USER,PASSWORD</c>.</param>
    /// <param name="more"><c>MEBIBYTES</c> of each file, <c>chained</c> or <c>unchained</c>, kinds of files; all of them, chained, of 8 MiB.</param>
    public static async Task RunAsync(string target, string[] more)
    {
        var mebibytes = more.Length > 0 ? int.Parse(more[0], CultureInfo.InvariantCulture) : 8;
        var chains = more is not [_, "unchained", ..];
        var kinds = more.Length > 2 ? more[2..] : Corpus.Kinds;
        if (target.Split(',') is not [var at, var share, var user, var password] || !IPEndPoint.TryParse(at, out var server))
        {
            throw new ArgumentException("A target is IP:PORT,SHARE,USER,PASSWORD.", nameof(target));
        }

        var files = kinds.ToDictionary(static kind => kind, kind => Corpus.Make(kind, mebibytes * Block));
        Console.WriteLine($"{files.Count} files of {mebibytes} MiB: {string.Join(", ", files.Keys)}; {AtOnce} messages of 1 MiB under way");
        Console.WriteLine("| algorithm | to the server, s | from the server, s |");
        Console.WriteLine("|---|---|---|");
        foreach (var algorithm in new[]
        {
            Smb2CompressionAlgorithm.None, Smb2CompressionAlgorithm.Lz4, Smb2CompressionAlgorithm.Lz77, Smb2CompressionAlgorithm.Lz77Huffman,
            Smb2CompressionAlgorithm.Lznt1,
        })
        {
            var compresses = algorithm != Smb2CompressionAlgorithm.None;
            var options = new SmbTestClientOptions
            {
                Compression = compresses ? chains ? [Smb2CompressionAlgorithm.PatternV1, algorithm] : [algorithm] : [],
                ChainsCompression = chains,
            };
            await using var client = new SmbTestConnection(await ConnectAsync(server), options);
            var tree = await (await client.LogOnAsync(user, password)).ConnectAsync(share);
            await client.EnsureCreditsAsync(AtOnce * (Block / 65_536) * 2);
            var (up, down) = (TimeSpan.Zero, TimeSpan.Zero);
            foreach (var (kind, data) in files)
            {
                var file = await tree.OpenAsync($"{kind}.bin");
                up += await TimeAsync(mebibytes, offset => WriteAsync(file, data, offset, compresses));
                down += await TimeAsync(mebibytes, offset => ReadAsync(file, data, offset, compresses));
                await file.CloseAsync();
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {algorithm} | {up.TotalSeconds:0.0} | {down.TotalSeconds:0.0} |"));
        }
    }

    private static async Task<IMessageTransport> ConnectAsync(IPEndPoint to)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(to);
        return new DirectTcpTransport(new TcpTransportConnection(socket), new BufferPool());
    }

    private static async Task<TimeSpan> TimeAsync(int blocks, Func<int, Task> block)
    {
        var best = TimeSpan.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            await Parallel.ForEachAsync(
                Enumerable.Range(0, blocks), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (number, _) => await block(number * Block));
            var took = Stopwatch.GetElapsedTime(started);
            best = took < best ? took : best;
        }

        return best;
    }

    private static async Task WriteAsync(SmbTestFile file, byte[] data, int offset, bool compresses)
    {
        var request = file.WriteRequest((ulong)offset, data.AsSpan(offset, Block));
        (await file.Tree.Session.Connection.CallAsync(request, new SmbTestFrameOptions { CompressIfShorter = compresses })).Expect(NtStatus.Success);
    }

    private static async Task ReadAsync(SmbTestFile file, byte[] data, int offset, bool compresses)
    {
        var request = file.ReadRequest((ulong)offset, Block);
        request.Body[3] = compresses ? (byte)ReadFlags.RequestCompressed : (byte)0;
        var answer = (await file.Tree.Session.Connection.CallAsync(request)).Expect(NtStatus.Success);
        if (!ReadAnswer.Parse(answer.Message).Data.AsSpan().SequenceEqual(data.AsSpan(offset, Block)))
        {
            throw new InvalidOperationException("What is read is not what was written.");
        }
    }
}
