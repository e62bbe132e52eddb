using System.Buffers.Binary;
using System.Security.Cryptography;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Transport;
using Smb3.Embedded.Transport.Rdma;
using Smb3.Embedded.Transport.Rdma.InProcess;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Io;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>READ and WRITE through RDMA channels over SMB Direct (MS-SMB2 3.3.5.12, 3.3.5.13; MS-SMBD 3.1.4).</summary>
[Trait("Transport", "own")]
public sealed class RdmaChannelTests : ProtocolTest
{
    private const int Length = 300_000;

    private readonly byte[] _data = RandomNumberGenerator.GetBytes(Length);
    private readonly List<RegisteredBuffer> _registered = [];

    [Theory]
    [InlineData(Smb2Dialect.Smb300, Smb2Channel.RdmaV1)]
    [InlineData(Smb2Dialect.Smb302, Smb2Channel.RdmaV1)]
    [InlineData(Smb2Dialect.Smb302, Smb2Channel.RdmaV1Invalidate)]
    [InlineData(Smb2Dialect.Smb311, Smb2Channel.RdmaV1)]
    [InlineData(Smb2Dialect.Smb311, Smb2Channel.RdmaV1Invalidate)]
    internal async Task Data_goes_beside_the_messages(Smb2Dialect dialect, Smb2Channel channel)
    {
        var (file, pair) = await OpenAsync(Speaking(dialect));
        var one = Register(pair, _data.AsSpan(100_000), RemoteAccess.Read);
        var other = Register(pair, _data.AsSpan(0, 100_000), RemoteAccess.Read);
        (await file.Tree.Session.CallAsync(ThroughMemory.Write(file, 0, Length, ThroughMemory.Info(one, other), channel))).Expect(NtStatus.Success);
        Assert.Equal((byte[])[.. _data[100_000..], .. _data[..100_000]], await file.ReadAsync(0, Length));

        // The first piece was closed by the response, and by nothing else; the other is the client's to close.
        Assert.Equal(channel == Smb2Channel.RdmaV1Invalidate ? 1 : 2, pair.OpenCount);

        var target = Register(pair, new byte[Length + 10], RemoteAccess.Write);
        var info = ThroughMemory.Info(target with { Offset = target.Offset + 5, Length = Length });
        var response = (await file.Tree.Session.CallAsync(ThroughMemory.Read(file, 50_000, Length, info, channel))).Expect(NtStatus.Success);
        var body = response.Message.AsSpan(Smb2Header.Size);
        Assert.Equal(0u, BinaryPrimitives.ReadUInt32LittleEndian(body[4..]));
        Assert.Equal(250_000u, BinaryPrimitives.ReadUInt32LittleEndian(body[8..]));
        Assert.Equal(await file.ReadAsync(50_000, 250_000), _registered[^1].Memory[5..250_005].ToArray());
        Assert.True(_registered[^1].Memory.Span[250_005..].IndexOfAnyExcept((byte)0) < 0);
        await EndAsync(file);
    }

    [Theory]
    [InlineData(Smb2Dialect.Smb300, Smb2Channel.RdmaV1Invalidate)]
    [InlineData(Smb2Dialect.Smb311, Smb2Channel.RdmaTransform)] // was not negotiated
    [InlineData(Smb2Dialect.Smb311, (Smb2Channel)4)]
    internal async Task A_channel_that_there_is_not_is_an_invalid_parameter(Smb2Dialect dialect, Smb2Channel channel)
    {
        var (file, pair) = await OpenAsync(Speaking(dialect));
        var info = ThroughMemory.Info(Register(pair, new byte[1000], RemoteAccess.Read | RemoteAccess.Write));
        (await file.Tree.Session.CallAsync(ThroughMemory.Read(file, 0, 1000, info, channel))).Expect(NtStatus.InvalidParameter);
        (await file.Tree.Session.CallAsync(ThroughMemory.Write(file, 0, 1000, info, channel))).Expect(NtStatus.InvalidParameter);
        await EndAsync(file);
    }

    [Fact]
    public async Task Descriptors_that_hold_too_little_are_refused_before_anything_moves()
    {
        var (file, pair) = await OpenAsync();
        await file.WriteAsync(0, _data);
        var target = Register(pair, new byte[1000], RemoteAccess.Read | RemoteAccess.Write);
        foreach (var info in new[]
        {
            ThroughMemory.Info(target with { Length = 999 }),
            ThroughMemory.Info(target)[..15],
            [],
            [.. ThroughMemory.Info(target), 0],
        })
        {
            (await file.Tree.Session.CallAsync(ThroughMemory.Read(file, 0, 1000, info))).Expect(NtStatus.InvalidParameter);
            (await file.Tree.Session.CallAsync(ThroughMemory.Write(file, 0, 1000, info))).Expect(NtStatus.InvalidParameter);
        }

        // Nothing at all, in a WRITE a first buffer without room, and data both in the message and beside it (MS-SMB2 3.3.5.12, 3.3.5.13).
        var all = ThroughMemory.Info(target);
        (await file.Tree.Session.CallAsync(ThroughMemory.Read(file, 0, 0, all))).Expect(NtStatus.InvalidParameter);
        (await file.Tree.Session.CallAsync(ThroughMemory.Write(file, 0, 0, all))).Expect(NtStatus.InvalidParameter);
        (await file.Tree.Session.CallAsync(ThroughMemory.Write(file, 0, 1000, [.. ThroughMemory.Info(target with { Length = 0 }), .. all])))
            .Expect(NtStatus.InvalidParameter);
        var both = ThroughMemory.Write(file, 0, 1000, all);
        BinaryPrimitives.WriteUInt16LittleEndian(both.Body.AsSpan(2), Smb2Header.Size + 48);
        (await file.Tree.Session.CallAsync(both)).Expect(NtStatus.InvalidParameter);
        Assert.True(_registered[^1].Memory.Span.IndexOfAnyExcept((byte)0) < 0);
        Assert.Equal(_data, await file.ReadAsync(0, Length));
        await EndAsync(file);
    }

    [Theory]
    [InlineData(true, 0, 0ul, 0u)] // memory that may only be written is read
    [InlineData(false, 0, 0ul, 0u)] // and the reverse
    [InlineData(true, 1, 0ul, 0u)] // another token
    [InlineData(true, 0, 1ul, 0u)] // behind its end
    [InlineData(false, 0, ulong.MaxValue, 0u)] // before its beginning
    [InlineData(false, 0, 0ul, 1u)] // longer than it is
    public async Task Memory_that_is_not_as_described_ends_the_connection_and_nothing_else(
        bool writes, int token, ulong offset, uint length)
    {
        var (file, pair) = await OpenAsync();
        await file.WriteAsync(0, _data);
        var right = (token, offset, length) == (0, 0ul, 0u)
            ? writes ? RemoteAccess.Write : RemoteAccess.Read
            : RemoteAccess.Read | RemoteAccess.Write;
        var opened = Register(pair, new byte[1000], right);
        var info = ThroughMemory.Info(
            new RdmaBufferDescriptor(opened.Offset + offset, opened.Token + (uint)token, opened.Length + length));
        var request = writes ? ThroughMemory.Write(file, 0, 1000 + length, info) : ThroughMemory.Read(file, 0, 1000 + length, info);
        await file.Tree.Session.Connection.SendAsync(request);
        await file.Tree.Session.Connection.WaitForCloseAsync();
        Assert.True(_registered[^1].Memory.Span.IndexOfAnyExcept((byte)0) < 0);

        // Another client finds what was there.
        var (again, second) = await OpenAsync();
        Assert.Equal(_data, await again.ReadAsync(0, Length));
        Assert.NotSame(pair, second);
        await EndAsync(again);
    }

    [Fact]
    public async Task A_client_gets_no_longer_message_than_it_takes()
    {
        var least = new SmbDirectSettings { MaxFragmentedSize = 131_072 };
        var session = await Server.ConnectRdma(out _, settings: least).LogOnAsync(TestServer.Alice, TestServer.Password);
        await session.Connection.EnsureCreditsAsync(32);
        var file = await (await session.ConnectAsync("data")).OpenAsync("file.bin");
        for (var at = 0; at < Length; at += 100_000)
        {
            await file.WriteAsync((ulong)at, _data[at..(at + 100_000)]);
        }

        var read = await file.ReadAsync(1, Length - 1);
        Assert.InRange(read.Length, 65_536, 131_072);
        Assert.Equal(_data[1..(read.Length + 1)], read);

        // It would not be enough for this one.
        var body = RequestBody.Read(file.FileId, 0, Length);
        BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(32), 200_000);
        (await session.CallAsync(file.Tree.Request(Smb2Command.Read, body, Length))).Expect(NtStatus.InvalidParameter);
        await file.CloseAsync();
    }

    [Fact]
    public async Task What_must_be_sealed_does_not_go_through_memory_in_the_clear()
    {
        var (file, pair) = await OpenAsync(share: "sealed");
        await file.WriteAsync(0, _data);
        var info = ThroughMemory.Info(Register(pair, new byte[1000], RemoteAccess.Read | RemoteAccess.Write));
        (await file.Tree.Session.CallAsync(ThroughMemory.Read(file, 0, 1000, info))).Expect(NtStatus.InvalidParameter);
        (await file.Tree.Session.CallAsync(ThroughMemory.Write(file, 0, 1000, info))).Expect(NtStatus.InvalidParameter);
        Assert.True(_registered[^1].Memory.Span.IndexOfAnyExcept((byte)0) < 0);
        Assert.Equal(_data, await file.ReadAsync(0, Length));
        await EndAsync(file);
    }

    [Fact]
    public async Task A_read_that_fails_moves_nothing_and_closes_what_it_was_asked_to()
    {
        var (file, pair) = await OpenAsync();
        await file.WriteAsync(0, _data);
        var target = Register(pair, new byte[1000], RemoteAccess.Write);
        (await file.Tree.Session.CallAsync(ThroughMemory.Read(file, Length, 1000, ThroughMemory.Info(target), Smb2Channel.RdmaV1Invalidate)))
            .Expect(NtStatus.EndOfFile);
        Assert.Equal(0, pair.OpenCount);
        Assert.True(_registered[^1].Memory.Span.IndexOfAnyExcept((byte)0) < 0);
        await EndAsync(file);
    }

    [Theory]
    [InlineData(QueuePairOperation.Send)]
    [InlineData(QueuePairOperation.Write)]
    [InlineData(QueuePairOperation.Read)]
    internal async Task A_connection_that_breaks_in_the_middle_leaves_nothing(QueuePairOperation operation)
    {
        for (var after = 0; after < 6; after++)
        {
            var (file, pair) = await OpenAsync();
            var target = Register(pair, _data, RemoteAccess.Read | RemoteAccess.Write);
            var left = after;
            pair.Peer.Faults = posted =>
                posted == operation && left-- == 0 ? QueuePairFault.Break : QueuePairFault.None;
            try
            {
                for (var i = 0; i < 8; i++)
                {
                    await file.Tree.Session.CallAsync(ThroughMemory.Write(file, 0, Length, ThroughMemory.Info(target)));
                    await file.Tree.Session.CallAsync(ThroughMemory.Read(file, 0, Length, ThroughMemory.Info(target)));
                }

                Assert.Fail("The connection should be gone.");
            }
            catch (EndOfStreamException)
            {
                // As it should be: TestServer looks whether anything is left.
            }

            await file.Tree.Session.Connection.WaitForCloseAsync();
            _registered[^1].Dispose();
        }
    }

    private RdmaBufferDescriptor Register(InProcessQueuePair pair, ReadOnlySpan<byte> content, RemoteAccess access)
    {
        var buffer = pair.Rent(content.Length);
        content.CopyTo(buffer.Memory.Span);
        _registered.Add(buffer);
        var opened = pair.Open(buffer, content.Length, access);
        return new RdmaBufferDescriptor(opened.Offset, opened.Token, opened.Length);
    }

    private async Task<(SmbTestFile File, InProcessQueuePair Pair)> OpenAsync(SmbTestClientOptions? options = null, string share = "data")
    {
        var session = await Server.ConnectRdma(out var pair, options).LogOnAsync(TestServer.Alice, TestServer.Password);
        var tree = await session.ConnectAsync(share);
        await tree.Session.Connection.EnsureCreditsAsync(32);
        return (await tree.OpenAsync("file.bin"), pair);
    }

    private async Task EndAsync(SmbTestFile file)
    {
        await file.CloseAsync();
        _registered.ForEach(buffer => buffer.Dispose());
    }
}
