using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Tests.Pipes;
using Xunit;

namespace Smb3.Embedded.Tests.Rpc;

/// <summary>The runtime over a plain stream of bytes, as TCP is: no messages, and fragments cut anywhere.</summary>
public class RpcStreamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(16)]
    [InlineData(25)]
    [InlineData(4096)]
    public async Task AConnectionRunsOverAStreamWhereverItIsCut(int piece)
    {
        using var served = new StreamServer(piece);
        var client = served.Client;
        byte[] all =
        [
            .. PipeClient.BindPdu(RpcPacketType.Bind, 0, 4280, (ScriptedInterface.Uuid, 1, RpcSyntax.Ndr)),
            .. PipeClient.RequestPdu(0, RpcPeer.Number(1), callId: 2),
            .. PipeClient.RequestPdu(0, RpcPeer.Number(2).AsSpan(0, 3), callId: 3, flags: RpcPacketFlags.FirstFragment),
            .. PipeClient.RequestPdu(0, RpcPeer.Number(2).AsSpan(3), callId: 3, flags: RpcPacketFlags.LastFragment),
            .. PipeClient.RequestPdu(6, RpcPeer.Number(10_000), callId: 4),
        ];
        foreach (var part in all.Chunk(piece))
        {
            await client.WriteAsync(part);
        }

        Assert.Equal(RpcPacketType.BindAck, PipeClient.Type(await ReadAsync(client)));
        Assert.Equal(RpcPeer.Number(1), (await ReadAsync(client))[24..]);
        Assert.Equal(RpcPeer.Number(2), (await ReadAsync(client))[24..]);
        var length = 0;
        for (var last = false; !last;)
        {
            var fragment = await ReadAsync(client);
            length += fragment.Length - 24;
            last = ((RpcPacketFlags)fragment[3]).HasFlag(RpcPacketFlags.LastFragment);
        }

        Assert.Equal(10_000, length);
    }

    [Fact]
    public async Task WhatIsNoRpcEndsTheStream()
    {
        using var served = new StreamServer(100);
        await served.Client.WriteAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        var fault = await ReadAsync(served.Client);
        Assert.Equal(RpcPacketType.Fault, PipeClient.Type(fault));
        await served.Completion.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task ABigEndianPeerIsUnderstood()
    {
        using var peer = new RpcPeer();
        Assert.Equal(RpcPacketType.BindAck, PipeClient.Type(await peer.AskAsync(BigEndian.Bind())));

        // uint16, UUID, unique string, SID.
        var id = new Guid("00112233-4455-6677-8899-aabbccddeeff");
        var stub = new BigEndian();
        stub.UInt16(513);
        stub.UInt16(0);
        stub.Bytes(id.ToByteArray(bigEndian: true));
        stub.UInt32(0x20000);
        stub.UInt32(3);
        stub.UInt32(0);
        stub.UInt32(3);
        stub.Bytes(Encoding.BigEndianUnicode.GetBytes("é\u4e2d\0"));
        stub.UInt16(0);
        stub.UInt32(2);
        stub.Bytes([1, 2, 0, 0, 0, 0, 0, 5]);
        stub.UInt32(32);
        stub.UInt32(544);
        var answer = await peer.AskAsync(BigEndian.Request(7, stub, callId: 0x01020304));
        Assert.Equal(RpcPacketType.Response, PipeClient.Type(answer));

        // The answer is in the server's own representation, which its header tells.
        Assert.Equal((0x10, 0x01020304u), (answer[4], RpcHeader.Parse(answer).CallId));
        var count = BinaryPrimitives.ReadInt32LittleEndian(answer.AsSpan(32));
        Assert.Equal($"513 {id} é\u4e2d S-1-5-32-544", Encoding.Unicode.GetString(answer, 36, (count - 1) * 2));
    }

    private static async Task<byte[]> ReadAsync(Stream stream)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var header = new byte[16];
        await stream.ReadExactlyAsync(header, patience.Token);
        var whole = new byte[RpcHeader.Parse(header).FragmentLength];
        header.CopyTo(whole, 0);
        await stream.ReadExactlyAsync(whole.AsMemory(16), patience.Token);
        return whole;
    }

    /// <summary>A stream transport: all that is needed of one.</summary>
    private sealed class StreamServer : IRpcOutput, IDisposable
    {
        private readonly Pipe _toServer = new();
        private readonly Pipe _toClient = new();
        private readonly Lock _lock = new();
        private readonly RpcServer _server = new(new RpcLimits(), null, e => Assert.Fail(e.ToString()));
        private readonly RpcConnection _connection;

        public StreamServer(int piece)
        {
            Client = new Duplex(_toClient.Reader.AsStream(), _toServer.Writer.AsStream());
            var quota = _server.Quotas.Enter(PipeClient.User)!;
            _connection = new RpcConnection(_server, new RpcEndpoint("135", [new ScriptedInterface()]), PipeClient.User, quota, this);
            Completion = Task.Run(() => RunAsync(piece));
        }

        public Duplex Client { get; }

        public Task Completion { get; }

        public bool TrySend(ReadOnlyMemory<byte> fragment)
        {
            lock (_lock)
            {
                fragment.Span.CopyTo(_toClient.Writer.GetSpan(fragment.Length));
                _toClient.Writer.Advance(fragment.Length);
                _ = _toClient.Writer.FlushAsync().AsTask();
                return true;
            }
        }

        public void End() => _toServer.Reader.CancelPendingRead();

        public void Dispose()
        {
            _toServer.Writer.Complete();
            _connection.Dispose();
        }

        private async Task RunAsync(int piece)
        {
            var fragments = new RpcFragmentReader(_server.Limits.MaxFragment);
            var stream = _toServer.Reader.AsStream();
            var buffer = new byte[piece];
            while (await stream.ReadAsync(buffer) is var count && count > 0)
            {
                ReadOnlyMemory<byte> data = buffer.AsMemory(0, count);
                RpcFragmentState state;
                while ((state = fragments.Take(ref data, out var header, out var fragment)) != RpcFragmentState.Incomplete)
                {
                    if (state == RpcFragmentState.Unacceptable)
                    {
                        _connection.Refuse(header);
                        return;
                    }

                    if (!await _connection.ReceiveAsync(header, fragment, CancellationToken.None))
                    {
                        return;
                    }
                }
            }
        }
    }

    private sealed record Duplex(Stream Reader, Stream Writer)
    {
        public static implicit operator Stream(Duplex duplex) => duplex.Reader;

        public async Task WriteAsync(byte[] bytes)
        {
            await Writer.WriteAsync(bytes);
            await Writer.FlushAsync();
        }
    }

    /// <summary>What a client whose integers have their highest byte first sends.</summary>
    private sealed class BigEndian
    {
        private readonly List<byte> _bytes = [];

        public static byte[] Bind()
        {
            var body = new BigEndian();
            body.UInt16(4280);
            body.UInt16(4280);
            body.UInt32(0);
            body.Bytes([1, 0, 0, 0]);
            body.UInt16(0);
            body.Bytes([1, 0]);
            body.Bytes(ScriptedInterface.Uuid.ToByteArray(bigEndian: true));
            body.UInt32(1);
            body.Bytes(RpcSyntax.Ndr.Uuid.ToByteArray(bigEndian: true));
            body.UInt32(2);
            return Pdu(RpcPacketType.Bind, 1, body);
        }

        public static byte[] Request(ushort opnum, BigEndian stub, uint callId)
        {
            var body = new BigEndian();
            body.UInt32(0);
            body.UInt16(0);
            body.UInt16(opnum);
            body.Bytes([.. stub._bytes]);
            return Pdu(RpcPacketType.Request, callId, body);
        }

        public void UInt16(ushort value) => Bytes([(byte)(value >> 8), (byte)value]);

        public void UInt32(uint value)
        {
            UInt16((ushort)(value >> 16));
            UInt16((ushort)value);
        }

        public void Bytes(byte[] bytes) => _bytes.AddRange(bytes);

        private static byte[] Pdu(RpcPacketType type, uint callId, BigEndian body)
        {
            var pdu = new BigEndian();
            pdu.Bytes([5, 0, (byte)type, 3, 0, 0, 0, 0]);
            pdu.UInt16((ushort)(16 + body._bytes.Count));
            pdu.UInt16(0);
            pdu.UInt32(callId);
            pdu.Bytes([.. body._bytes]);
            return [.. pdu._bytes];
        }
    }
}
