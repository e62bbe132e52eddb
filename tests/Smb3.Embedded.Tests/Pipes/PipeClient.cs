using System.Buffers.Binary;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Pipes;
using Smb3.Embedded.Pipes.Host;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Rpc.Ndr;
using Xunit;

namespace Smb3.Embedded.Tests.Pipes;

/// <summary>The client's end of a pipe: writes PDUs, reads answers.</summary>
internal sealed class PipeClient : IDisposable
{
    public static readonly Guid SrvSvc = new("4b324fc8-1670-01d3-1278-5a47bf6ee188");
    public static readonly Guid LsaRpc = new("12345778-1234-abcd-ef00-0123456789ab");
    public static readonly RpcSyntax Ndr64 = new(new Guid("71710533-beba-4937-8319-b5dbef9ccc36"), 1, 0);
    public static readonly RpcSyntax Features = new(new Guid("6cb71c2c-9812-4540-0300-000000000000"), 1, 0);

    public PipeClient(string name, RpcCaller? caller = null, IPipeHost? host = null, PipeRegistry? registry = null)
    {
        var status = (registry ?? Registry(host)).Open(name, caller ?? User, out var pipe);
        Assert.Equal(NtStatus.Success, status);
        Pipe = pipe!;
    }

    public static RpcCaller User { get; } = new("alice", "SERVER") { SessionId = 1 };

    public static RpcCaller Administrator { get; } = new("root", "SERVER") { SessionId = 2, IsAdministrator = true };

    public NamedPipe Pipe { get; }

    /// <summary>The association group that the server gave.</summary>
    public uint Group { get; private set; }

    public static PipeRegistry Registry(IPipeHost? host = null, RpcLimits? limits = null, IRpcSecurity? security = null) =>
        new(host ?? new FakePipeHost(), new RpcServer(limits ?? new RpcLimits(), security, e => Assert.Fail(e.ToString())));

    public static byte[] Pdu(RpcPacketType type, uint callId, ReadOnlySpan<byte> body, RpcPacketFlags flags = RpcPacketFlags.OnlyFragment)
    {
        var pdu = new byte[16 + body.Length];
        pdu[0] = 5;
        pdu[2] = (byte)type;
        pdu[3] = (byte)flags;
        pdu[4] = 0x10;
        BinaryPrimitives.WriteUInt16LittleEndian(pdu.AsSpan(8), (ushort)pdu.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(pdu.AsSpan(12), callId);
        body.CopyTo(pdu.AsSpan(16));
        return pdu;
    }

    public static byte[] BindPdu(
        RpcPacketType type, uint group, ushort maxFragment, params (Guid Interface, ushort Major, RpcSyntax Transfer)[] contexts)
    {
        using var body = new NdrWriter();
        body.WriteUInt16(maxFragment);
        body.WriteUInt16(maxFragment);
        body.WriteUInt32(group);
        body.WriteUInt32((uint)contexts.Length);
        for (var i = 0; i < contexts.Length; i++)
        {
            body.WriteUInt16((ushort)i);
            body.WriteUInt16(1);
            body.WriteGuid(contexts[i].Interface);
            body.WriteUInt32(contexts[i].Major);
            body.WriteGuid(contexts[i].Transfer.Uuid);
            body.WriteUInt32(contexts[i].Transfer.Major);
        }

        return Pdu(type, 1, body.Written.Span);
    }

    public static byte[] RequestPdu(
        ushort opnum, ReadOnlySpan<byte> stub, ushort context = 0, uint callId = 2, RpcPacketFlags flags = RpcPacketFlags.OnlyFragment)
    {
        var body = new byte[8 + stub.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(body.AsSpan(4), context);
        BinaryPrimitives.WriteUInt16LittleEndian(body.AsSpan(6), opnum);
        stub.CopyTo(body.AsSpan(8));
        return Pdu(RpcPacketType.Request, callId, body, flags);
    }

    public async Task<byte[]> SendAsync(byte[] pdu)
    {
        Assert.Equal(NtStatus.Success, await Pipe.WriteAsync(pdu));
        return Read();
    }

    public byte[] Read()
    {
        var buffer = new byte[65536];
        Assert.Equal(NtStatus.Success, Pipe.TryRead(buffer, out var count));
        return buffer[..count];
    }

    public async Task<PipeClient> BindAsync(Guid? syntax = null, ushort major = 3, ushort maxFragment = 4280, uint group = 0)
    {
        var ack = await SendAsync(BindPdu(RpcPacketType.Bind, group, maxFragment, (syntax ?? SrvSvc, major, RpcSyntax.Ndr)));
        Assert.Equal(RpcPacketType.BindAck, Type(ack));
        Group = BinaryPrimitives.ReadUInt32LittleEndian(ack.AsSpan(20));
        return this;
    }

    /// <summary>Calls, joins the fragments of the response, and gives its stub.</summary>
    public async Task<byte[]> CallAsync(ushort opnum, byte[] stub)
    {
        var answer = await SendAsync(RequestPdu(opnum, stub));
        var joined = new List<byte>();
        while (true)
        {
            Assert.Equal(RpcPacketType.Response, Type(answer));
            joined.AddRange(answer[24..]);
            if (((RpcPacketFlags)answer[3]).HasFlag(RpcPacketFlags.LastFragment))
            {
                return [.. joined];
            }

            answer = Read();
        }
    }

    public static RpcPacketType Type(byte[] pdu) => (RpcPacketType)pdu[2];

    public static RpcStatus FaultStatus(byte[] pdu)
    {
        Assert.Equal(RpcPacketType.Fault, Type(pdu));
        return (RpcStatus)BinaryPrimitives.ReadUInt32LittleEndian(pdu.AsSpan(24));
    }

    public void Dispose() => Pipe.Dispose();
}
