using System.Buffers.Binary;
using System.Security.Cryptography;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Transport.InMemory;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Io;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>
/// A transport of whole messages, without a stream of bytes, and READ and WRITE through the client's memory beside it (MS-SMB2 3.3.5.12,
/// 3.3.5.13).
/// </summary>
[Trait("Transport", "own")]
public sealed class RemoteMemoryTests : ProtocolTest
{
    private const int Length = 200_000;

    private readonly OpenedMemory _memory = new();
    private readonly byte[] _data = RandomNumberGenerator.GetBytes(Length);

    [Theory]
    [InlineData("data")]
    [InlineData("sealed")]
    public async Task Whole_messages_need_no_stream_of_bytes(string share)
    {
        Start(new TestServerOptions { Transport = TestTransport.Messages });
        var file = await CreateAsync(await Server.ConnectToAsync(share));
        await file.WriteAsync(0, _data);
        Assert.Equal(_data, await file.ReadAsync(0, Length));

        // Compounds, and messages that are sent together.
        var connection = file.Tree.Session.Connection;
        await connection.EnsureCreditsAsync(64);
        var calls = await connection.SendAsync([.. Enumerable.Range(0, 8).Select(i => file.ReadRequest((ulong)i, 1000))]);
        for (var i = 0; i < calls.Length; i++)
        {
            Assert.Equal(_data[i..(i + 1000)], ReadAnswer.Parse((await calls[i].ResponseAsync()).Expect(NtStatus.Success).Message).Data);
        }

        await file.CloseAsync();
    }

    [Fact]
    public async Task A_message_that_is_too_long_ends_the_connection()
    {
        Start(new TestServerOptions { Transport = TestTransport.Messages });
        var client = Server.Connect();
        await client.SendFrameAsync(new byte[65_537]);
        await client.WaitForCloseAsync();
        Assert.True(Server.Logged("FrameTooLong"));
    }

    [Fact]
    public async Task Data_is_placed_in_and_fetched_from_the_memory_of_the_client()
    {
        var file = await OpenAsync();
        var source = _memory.Open(_data);
        await WriteThrough(file, 0, Length, new RdmaBufferDescriptor(100_000, source, 100_000), new RdmaBufferDescriptor(0, source, 100_000))
            .ExpectAsync(NtStatus.Success);
        Assert.Equal((byte[])[.. _data[100_000..], .. _data[..100_000]], await file.ReadAsync(0, Length));

        var target = new byte[Length + 10];
        var token = _memory.Open(target);
        var response = await ReadThrough(
            file, 50_000, Length, new RdmaBufferDescriptor(5, token, 60_000), new RdmaBufferDescriptor(60_005, token, 140_000))
            .ExpectAsync(NtStatus.Success);

        // The response says how much there is, and carries none of it.
        var body = response.Message[Smb2Header.Size..];
        Assert.Equal(0u, BinaryPrimitives.ReadUInt32LittleEndian(body.AsSpan(4)));
        Assert.Equal(150_000u, BinaryPrimitives.ReadUInt32LittleEndian(body.AsSpan(8)));
        Assert.Equal(await file.ReadAsync(50_000, 150_000), target[5..150_005]);
        Assert.All(target[150_005..], rest => Assert.Equal(0, rest));
        await file.CloseAsync();
    }

    [Fact]
    public async Task Memory_that_was_not_opened_is_not_touched()
    {
        var file = await OpenAsync();
        await file.WriteAsync(0, _data);
        var target = new byte[1000];
        var token = _memory.Open(target);
        foreach (var wrong in new[]
        {
            new RdmaBufferDescriptor(0, token + 1, 1000),
            new RdmaBufferDescriptor(1, token, 1000),
            new RdmaBufferDescriptor(ulong.MaxValue, token, 1000),
            new RdmaBufferDescriptor(0, token, 999), // less than is read
        })
        {
            await ReadThrough(file, 0, 1000, wrong).ExpectAsync(NtStatus.InvalidParameter);
            await WriteThrough(file, 0, 1000, wrong).ExpectAsync(NtStatus.InvalidParameter);
        }

        _memory.Close(token);
        await ReadThrough(file, 0, 1000, new RdmaBufferDescriptor(0, token, 1000)).ExpectAsync(NtStatus.InvalidParameter);
        Assert.All(target, one => Assert.Equal(0, one));
        Assert.Equal(_data, await file.ReadAsync(0, Length));
        await file.CloseAsync();
    }

    [Fact]
    public async Task What_must_be_encrypted_does_not_go_through_memory_in_the_clear()
    {
        var file = await OpenAsync("sealed");
        await file.WriteAsync(0, _data);
        var target = new byte[1000];
        await ReadThrough(file, 0, 1000, new RdmaBufferDescriptor(0, _memory.Open(target), 1000)).ExpectAsync(NtStatus.InvalidParameter);
        Assert.All(target, one => Assert.Equal(0, one));
        await file.CloseAsync();
    }

    [Fact]
    public async Task Without_a_way_to_the_memory_of_the_client_there_is_no_channel()
    {
        var file = await CreateAsync(await Server.ConnectToAsync());
        await file.WriteAsync(0, _data);
        await ReadThrough(file, 0, 1000, new RdmaBufferDescriptor(0, 1, 1000)).ExpectAsync(NtStatus.InvalidParameter);
        await WriteThrough(file, 0, 1000, new RdmaBufferDescriptor(0, 1, 1000)).ExpectAsync(NtStatus.InvalidParameter);
        await file.CloseAsync();
    }

    private static Call ReadThrough(SmbTestFile file, ulong offset, uint length, params RdmaBufferDescriptor[] buffers) =>
        new(file.Tree, ThroughMemory.Read(file, offset, length, ThroughMemory.Info(buffers)));

    private static Call WriteThrough(SmbTestFile file, ulong offset, uint length, params RdmaBufferDescriptor[] buffers) =>
        new(file.Tree, ThroughMemory.Write(file, offset, length, ThroughMemory.Info(buffers)));

    private static async Task<SmbTestFile> CreateAsync(SmbTestTree tree)
    {
        await tree.Session.Connection.EnsureCreditsAsync(16);
        return await tree.OpenAsync("file.bin");
    }

    private async Task<SmbTestFile> OpenAsync(string share = "data")
    {
        var session = await Server.Connect(_memory).LogOnAsync(TestServer.Alice, TestServer.Password);
        return await CreateAsync(await session.ConnectAsync(share));
    }

    private readonly record struct Call(SmbTestTree Tree, SmbTestRequest Request)
    {
        public async Task<SmbTestResponse> ExpectAsync(NtStatus status) => (await Tree.Session.CallAsync(Request)).Expect(status);
    }
}
