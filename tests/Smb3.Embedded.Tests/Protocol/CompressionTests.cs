using System.Buffers.Binary;
using Smb3.Embedded.Compression;
using Smb3.Embedded.Hosting.Life;
using Smb3.Embedded.Hosting.Users;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Authentication;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Tests.Compression;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Compression;
using Smb3.Embedded.Wire.Io;
using Smb3.Embedded.Wire.Negotiate;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>Compressed messages on a connection: what is agreed, what is compressed, and what ends the connection.</summary>
public sealed class CompressionTests : ProtocolTest
{
    private static readonly Smb2CompressionAlgorithm[] All =
    [
        Smb2CompressionAlgorithm.PatternV1, Smb2CompressionAlgorithm.Lz4, Smb2CompressionAlgorithm.Lz77, Smb2CompressionAlgorithm.Lz77Huffman,
        Smb2CompressionAlgorithm.Lznt1,
    ];

    public static TheoryData<int, bool, string> Ways
    {
        get
        {
            var ways = new TheoryData<int, bool, string>();
            foreach (var algorithm in All.Skip(1))
            {
                foreach (var isChained in new[] { false, true })
                {
                    foreach (var protection in new[] { "plain", "signed", "sealed" })
                    {
                        ways.Add((int)algorithm, isChained, protection);
                    }
                }
            }

            return ways;
        }
    }

    [Fact]
    public async Task What_both_can_do_is_agreed_in_the_order_of_the_client()
    {
        Assert.Equal(new byte[] { 5, 0, 0, 0, 1, 0, 0, 0, 4, 0, 5, 0, 2, 0, 3, 0, 1, 0 }, await AnswerAsync(All, chains: true));
        Assert.Equal(new byte[] { 1, 0, 0, 0, 1, 0, 0, 0, 3, 0 }, await AnswerAsync([(Smb2CompressionAlgorithm)77, Smb2CompressionAlgorithm.Lz77Huffman], chains: true));
        Assert.Equal(new byte[] { 1, 0, 0, 0, 1, 0, 0, 0, 4, 0 }, await AnswerAsync([Smb2CompressionAlgorithm.PatternV1], chains: true));

        // One message, one algorithm; a pattern alone is no message.
        Assert.Equal(new byte[] { 1, 0, 0, 0, 0, 0, 0, 0, 5, 0 }, await AnswerAsync(All, chains: false));
        Assert.Equal(new byte[] { 1, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, await AnswerAsync([Smb2CompressionAlgorithm.PatternV1], chains: false));
        Assert.Equal(new byte[] { 1, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, await AnswerAsync([(Smb2CompressionAlgorithm)6], chains: true));
        Assert.Null(await AnswerAsync([], chains: true));
    }

    [Fact]
    public async Task Where_it_is_off_nothing_is_said_of_it()
    {
        Start(new ServerSettings { Compression = false });
        Assert.Null(await AnswerAsync(All, chains: true));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Data_is_written_and_read_compressed(int algorithm, bool chains, string protection)
    {
        var (file, compressor) = await OpenAsync((Smb2CompressionAlgorithm)algorithm, chains, protection);
        var session = file.Tree.Session;
        foreach (var kind in new[] { "text", "zeros", "runs" })
        {
            var data = SampleData.Make(kind, 300_000);
            await session.Connection.EnsureCreditsAsync(20);
            var written = await session.Connection.CallAsync(file.WriteRequest(0, data), new SmbTestFrameOptions { Compress = true });
            written.Expect(NtStatus.Success);
            Assert.True(session.Connection.LastFrame.Length < 200_000);

            var received = compressor.Received;
            Assert.Equal(data, await ReadAsync(file, 300_000, ReadFlags.RequestCompressed));
            Assert.Equal(received + 1, compressor.Received);
            Assert.True(compressor.LastSize < 200_000);

            // Who does not ask gets it as it is.
            Assert.Equal(data, await file.ReadAsync(0, 300_000));
            Assert.Equal(received + 1, compressor.Received);
        }
    }

    [Fact]
    public async Task What_does_not_gain_is_sent_as_it_is()
    {
        var (file, compressor) = await OpenAsync(Smb2CompressionAlgorithm.Lz77, chains: true, "plain");
        await file.WriteAsync(0, SampleData.Make("random", 65_536));
        Assert.Equal(SampleData.Make("random", 65_536), await ReadAsync(file, 65_536, ReadFlags.RequestCompressed));
        await file.WriteAsync(0, new byte[900]);
        Assert.Equal(new byte[900], await ReadAsync(file, 900, ReadFlags.RequestCompressed));
        Assert.Equal(NtStatus.EndOfFile, (await CallReadAsync(file, 1 << 20, 100, ReadFlags.RequestCompressed)).Status);
        Assert.Equal(0, compressor.Received);
    }

    [Fact]
    public async Task A_compound_is_compressed_as_one()
    {
        var (file, compressor) = await OpenAsync(Smb2CompressionAlgorithm.Lz77, chains: true, "signed");
        await file.WriteAsync(0, SampleData.Make("text", 20_000));
        var calls = await file.Tree.Session.Connection.SendAsync(
            [Asking(file.ReadRequest(0, 10_000)), Asking(file.ReadRequest(10_000, 10_000))]);
        var first = ReadAnswer.Parse((await calls[0].ExpectAsync(NtStatus.Success)).Message).Data;
        var second = ReadAnswer.Parse((await calls[1].ExpectAsync(NtStatus.Success)).Message).Data;
        Assert.Equal(SampleData.Make("text", 20_000), (byte[])[.. first, .. second]);
        Assert.Equal(1, compressor.Received);
    }

    [Fact]
    public async Task What_did_not_gain_is_looked_at_less_and_less_often()
    {
        var (file, compressor) = await OpenAsync(Smb2CompressionAlgorithm.Lz77, chains: true, "plain");
        await file.WriteAsync(0, SampleData.Make("random", 8192));
        for (var i = 0; i < 64; i++)
        {
            await ReadAsync(file, 8192, ReadFlags.RequestCompressed);
        }

        Assert.Equal(0, compressor.Received);
        await file.WriteAsync(0, SampleData.Make("text", 8192));
        for (var i = 0; i <= CompressionOutlook.MostSkipped; i++)
        {
            await ReadAsync(file, 8192, ReadFlags.RequestCompressed);
        }

        Assert.InRange(compressor.Received, 1, CompressionOutlook.MostSkipped);
        var before = compressor.Received;
        await ReadAsync(file, 8192, ReadFlags.RequestCompressed);
        Assert.Equal(before + 1, compressor.Received);
    }

    /// <summary>
    /// The connection is read on meanwhile: an ECHO that came behind is answered first, at least now and then, which it never is where the one
    /// thread does both.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_long_message_does_not_hold_up_the_connection(bool chains)
    {
        const int size = 2 << 20;
        var (file, compressor) = await OpenAsync(Smb2CompressionAlgorithm.Lz77Huffman, chains, "sealed");
        var connection = file.Tree.Session.Connection;
        var data = SampleData.Make("text", size);
        await connection.EnsureCreditsAsync(100);
        int readsPassed = 0, writesPassed = 0;
        for (var round = 0; round < 50 && (readsPassed == 0 || writesPassed == 0); round++)
        {
            var write = await connection.SendAsync(file.WriteRequest(0, data), new SmbTestFrameOptions { Compress = true });
            await connection.EchoAsync();
            writesPassed += write.IsAnswered ? 0 : 1;
            await write.ExpectAsync(NtStatus.Success);

            var received = compressor.Received;
            var read = await connection.SendAsync(Asking(file.ReadRequest(0, size)));
            await connection.EchoAsync();
            readsPassed += read.IsAnswered ? 0 : 1;
            Assert.Equal(data, ReadAnswer.Parse((await read.ExpectAsync(NtStatus.Success)).Message).Data);
            Assert.Equal(received + 1, compressor.Received);
        }

        Assert.True(readsPassed > 0 && writesPassed > 0, $"passed: {readsPassed} READs, {writesPassed} WRITEs");
    }

    /// <summary>Requests that are small on the wire count as what they become, before the connection is read on.</summary>
    [Fact]
    public async Task What_is_decompressed_beside_the_reading_is_bounded()
    {
        const int size = 1 << 20;
        const long limit = 4 << 20;
        Start(new ServerSettings { Limits = new ServerLimits { MaxBytesInFlight = limit } });
        var (file, _) = await OpenAsync(Smb2CompressionAlgorithm.Lz77, chains: true, "plain");
        var connection = file.Tree.Session.Connection;
        await connection.EnsureCreditsAsync(400);
        var calls = new List<SmbTestCall>();
        for (var i = 0; i < 20; i++)
        {
            calls.Add(await connection.SendAsync(file.WriteRequest(0, SampleData.Make("text", size)), new SmbTestFrameOptions { Compress = true }));
        }

        foreach (var call in calls)
        {
            await call.ExpectAsync(NtStatus.Success);
        }

        // The limit, one more that was let in under it, and what each was received in.
        Assert.InRange(Server.Bytes.MostRented, size, limit + (4 * size));
    }

    [Fact]
    public async Task Responses_that_a_client_would_not_take_compressed_are_not()
    {
        Start(new ServerSettings { Limits = new ServerLimits { MaxReadSize = 65_536, MaxWriteSize = 65_536, MaxTransactSize = 65_536 } });
        var (file, compressor) = await OpenAsync(Smb2CompressionAlgorithm.Lz77, chains: true, "signed");
        await file.WriteAsync(0, SampleData.Make("text", 65_536));
        var calls = await file.Tree.Session.Connection.SendAsync(
            [Asking(file.ReadRequest(0, 4000)), Asking(file.ReadRequest(4000, 61_000))]);
        foreach (var call in calls)
        {
            await call.ExpectAsync(NtStatus.Success);
        }

        // Together they are 65,000 bytes and two headers, which is still within MS-SMB2 3.2.5.1.1.2.
        Assert.Equal(1, compressor.Received);
        calls = await file.Tree.Session.Connection.SendAsync(
            [Asking(file.ReadRequest(0, 4000)), Asking(file.ReadRequest(0, 65_300))]);
        foreach (var call in calls)
        {
            await call.ExpectAsync(NtStatus.Success);
        }

        Assert.Equal(1, compressor.Received);
    }

    [Fact]
    public async Task A_share_asks_for_it_where_it_was_agreed()
    {
        Server.Graph.Shares.TryAdd(new Share { Name = "squeezed", Volume = Server.Volume, Compress = true });
        var agreed = await Server.ConnectToAsync("squeezed", Compressing(All, chains: true));
        Assert.True((agreed.Answer.Flags & Smb2ShareFlags.CompressData) != 0);
        var usual = await Server.ConnectToAsync("squeezed");
        Assert.True((usual.Answer.Flags & Smb2ShareFlags.CompressData) == 0);
        var other = await agreed.Session.ConnectAsync("data");
        Assert.True((other.Answer.Flags & Smb2ShareFlags.CompressData) == 0);

        // SHI1005_FLAGS_COMPRESS_DATA, MS-SRVS 2.2.4.29.
        var host = new PipeHost(Server.Graph, new AccountDirectory("SERVER", new InMemoryUserStore()));
        foreach (var share in await host.ListSharesAsync(default!, default))
        {
            Assert.Equal(share.Name == "squeezed", (share.Flags & 0x0010_0000) != 0);
        }
    }

    /// <summary>What is wrong with a message: its size, its offset, its algorithm, its kind, its bytes, and what it becomes.</summary>
    [Theory]
    [InlineData("size")]
    [InlineData("bomb")]
    [InlineData("offset")]
    [InlineData("algorithm")]
    [InlineData("cut")]
    [InlineData("short")]
    [InlineData("nested")]
    [InlineData("nothing")]
    public async Task A_message_that_is_none_ends_the_connection(string wrong)
    {
        var (file, _) = await OpenAsync(Smb2CompressionAlgorithm.Lz77, chains: false, "plain");
        var call = await file.Tree.Session.Connection.SendAsync(
            file.WriteRequest(0, new byte[4096]), new SmbTestFrameOptions { Compress = true, Tamper = frame => Spoil(frame, wrong) });
        await Assert.ThrowsAsync<EndOfStreamException>(call.ResponseAsync);
        await file.Tree.Session.Connection.WaitForCloseAsync();
        await TestServer.UntilAsync(
            () => Server.Logged("DecompressionFailed") || Server.Logged("ProtocolViolation"), "the log says why");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nothing_is_decompressed_that_was_not_agreed(bool isSealed)
    {
        var tree = await Server.ConnectToAsync(isSealed ? "sealed" : "data");
        var file = await tree.OpenAsync("file.bin");
        var call = await tree.Session.Connection.SendAsync(
            file.WriteRequest(0, new byte[4096]),
            isSealed ? new SmbTestFrameOptions { Encrypt = false, Tamper = frame => tree.Session.Seal(Squeeze(frame)) } : new SmbTestFrameOptions { Tamper = Squeeze });
        await Assert.ThrowsAsync<EndOfStreamException>(call.ResponseAsync);
    }

    [Fact]
    public async Task Who_has_not_logged_on_gets_no_more_memory_by_compressing()
    {
        var client = Server.Connect(Compressing([Smb2CompressionAlgorithm.Lz77], chains: false));
        await client.NegotiateAsync();
        var header = new byte[CompressionTransformHeader.Size];
        CompressionTransformHeader.WriteUnchained(header, 65_537, Smb2CompressionAlgorithm.Lz77, 0);
        await client.SendFrameAsync((byte[])[.. header, 0xFF, 0xFF, 0xFF, 0x7F, 0xFE, 0x07, 0x00, 0x0F, 0xFF, 0xFD, 0xFF]);
        await client.WaitForCloseAsync();
    }

    private static byte[] Squeeze(byte[] frame) =>
        new TestCompressor(new CompressionAgreement([Smb2CompressionAlgorithm.Lz77], IsChained: false)).Compress(frame);

    private static byte[] Spoil(byte[] frame, string how)
    {
        switch (how)
        {
            case "size":
                frame[4]++;
                return frame;
            case "bomb":
                BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(4), 200 << 20);
                return frame;
            case "offset":
                BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(12), uint.MaxValue);
                return frame;
            case "algorithm":
                frame[8] = 1;
                return frame;
            case "cut":
                return frame[..^1];
            case "short":
                return frame[..15];
            case "nested":
                var inner = new byte[CompressionTransformHeader.Size + frame.Length];
                CompressionTransformHeader.WriteUnchained(inner, 0, Smb2CompressionAlgorithm.Lz77, (uint)frame.Length);
                frame.CopyTo(inner, CompressionTransformHeader.Size);
                return [.. inner, 0xFF, 0xFF, 0xFF, 0xFF];
            default:
                CompressionTransformHeader.WriteUnchained(frame, 0, Smb2CompressionAlgorithm.Lz77, 0);
                return [.. frame[..CompressionTransformHeader.Size], 0xFF, 0xFF, 0xFF, 0xFF];
        }
    }

    private static SmbTestClientOptions Compressing(IReadOnlyList<Smb2CompressionAlgorithm> algorithms, bool chains) =>
        new() { Compression = algorithms, ChainsCompression = chains };

    private static SmbTestRequest Asking(SmbTestRequest read)
    {
        read.Body[3] = (byte)ReadFlags.RequestCompressed;
        return read;
    }

    private static async Task<SmbTestResponse> CallReadAsync(SmbTestFile file, ulong offset, uint length, ReadFlags flags)
    {
        var request = file.ReadRequest(offset, length);
        request.Body[3] = (byte)flags;
        return await file.Tree.Session.CallAsync(request);
    }

    private static async Task<byte[]> ReadAsync(SmbTestFile file, uint length, ReadFlags flags) =>
        ReadAnswer.Parse((await CallReadAsync(file, 0, length, flags)).Expect(NtStatus.Success).Message).Data;

    private async Task<byte[]?> AnswerAsync(IReadOnlyList<Smb2CompressionAlgorithm> algorithms, bool chains)
    {
        var client = Server.Connect(Compressing(algorithms, chains));
        return (await client.NegotiateAsync()).Find(NegotiateContextType.Compression);
    }

    private async Task<(SmbTestFile File, TestCompressor Compressor)> OpenAsync(Smb2CompressionAlgorithm algorithm, bool chains, string protection)
    {
        var tree = await Server.ConnectToAsync(
            protection == "sealed" ? "sealed" : "data",
            Compressing(chains ? [Smb2CompressionAlgorithm.PatternV1, algorithm] : [algorithm], chains) with
            {
                SecurityMode = protection == "signed" ? Smb2SecurityMode.SigningRequired : Smb2SecurityMode.SigningEnabled,
            });
        return (await tree.OpenAsync("file.bin"), tree.Session.Connection.Compressor!);
    }
}
