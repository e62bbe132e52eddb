using System.Buffers.Binary;
using Smb3.Embedded.Compression;
using Smb3.Embedded.Nt;
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
    public async Task A_share_asks_for_it_where_it_was_agreed()
    {
        Server.Graph.Shares.TryAdd(new Share { Name = "squeezed", Volume = Server.Volume, Compress = true });
        var agreed = await Server.ConnectToAsync("squeezed", Compressing(All, chains: true));
        Assert.True((agreed.Answer.Flags & Smb2ShareFlags.CompressData) != 0);
        var usual = await Server.ConnectToAsync("squeezed");
        Assert.True((usual.Answer.Flags & Smb2ShareFlags.CompressData) == 0);
        var other = await agreed.Session.ConnectAsync("data");
        Assert.True((other.Answer.Flags & Smb2ShareFlags.CompressData) == 0);
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

    private static byte[] Squeeze(byte[] frame)
    {
        var target = new byte[frame.Length];
        var written = MessageCompressor.TryCompress(new CompressionAgreement([Smb2CompressionAlgorithm.Lz77], IsChained: false), frame, 112, target);
        return target[..written];
    }

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
