using System.Threading.Channels;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Tests.Pipes;
using Xunit;

namespace Smb3.Embedded.Tests.Rpc;

/// <summary>A connection of the runtime with nothing between it and the test: whole fragments in, whole fragments out.</summary>
internal sealed class RpcPeer : IRpcOutput, IDisposable
{
    private readonly Channel<byte[]> _answers = Channel.CreateUnbounded<byte[]>();

    public RpcPeer(RpcServer? server = null, ScriptedInterface? served = null, RpcCaller? caller = null)
    {
        Faults = [];
        Server = server ?? new RpcServer(new RpcLimits(), null, Faults.Add);
        Served = served ?? new ScriptedInterface();
        Quota = Server.Quotas.Enter(caller ?? PipeClient.User)!;
        Connection = new RpcConnection(Server, new RpcEndpoint("135", [Served]), Quota.Caller, Quota, this);
    }

    public List<Exception> Faults { get; }

    public RpcServer Server { get; }

    public ScriptedInterface Served { get; }

    public RpcQuota Quota { get; }

    public RpcConnection Connection { get; }

    public bool HasEnded { get; private set; }

    public bool HasAnswer => _answers.Reader.Count > 0;

    public static byte[] Number(uint value) => BitConverter.GetBytes(value);

    public bool TrySend(ReadOnlyMemory<byte> fragment) => _answers.Writer.TryWrite(fragment.ToArray());

    public void End() => HasEnded = true;

    public async Task<bool> SendAsync(byte[] pdu) =>
        await Connection.ReceiveAsync(RpcHeader.Parse(pdu), pdu, CancellationToken.None);

    public async Task<byte[]> NextAsync() => await _answers.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20));

    public async Task<byte[]> AskAsync(byte[] pdu)
    {
        await SendAsync(pdu);
        return await NextAsync();
    }

    public async Task<RpcPeer> BindAsync(bool multiplexed = false)
    {
        var pdu = PipeClient.BindPdu(RpcPacketType.Bind, 0, 4280, (ScriptedInterface.Uuid, 1, RpcSyntax.Ndr));
        pdu[3] |= (byte)(multiplexed ? RpcPacketFlags.ConcurrentMultiplexing : RpcPacketFlags.None);
        var ack = await AskAsync(pdu);
        Assert.Equal(RpcPacketType.BindAck, PipeClient.Type(ack));
        Assert.Equal(multiplexed, ((RpcPacketFlags)ack[3]).HasFlag(RpcPacketFlags.ConcurrentMultiplexing));
        return this;
    }

    public void Dispose()
    {
        Connection.Dispose();
        Server.Quotas.Leave(Quota);
    }
}
