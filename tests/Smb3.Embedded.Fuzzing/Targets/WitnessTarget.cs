using System.Net;
using Smb3.Embedded.Pipes.EndpointMapper;
using Smb3.Embedded.Pipes.Witness;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Fuzzing.Targets;

/// <summary>
/// What is reached over TCP: the first byte chooses the witness service or the endpoint mapper, and the operation; the rest is its stub. A
/// registration is there already, and the stub of what takes its handle begins behind it.
/// </summary>
internal static class WitnessTarget
{
    public const string NetName = "SERVER";
    public const string Address = "192.0.2.2";
    public const byte Mapper = 0x80;
    public const byte WithHandle = 0x40;

    private static readonly RpcCaller Caller = new("alice", NetName) { LocalAddress = IPAddress.Loopback };

    public static void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return;
        }

        var source = new SmbWitnessSource();
        source.SetInterfaces([new SmbWitnessInterface("NODE", IPAddress.Parse(Address))]);
        using var table = new WitnessTable(source, new WitnessLimits(), TimeProvider.System, static name => name == "docs");
        var service = new WitnessService(table, static name => name == NetName, new WitnessLimits());
        var handles = new RpcContextHandles(8);
        var isMapper = (input[0] & Mapper) != 0;
        IRpcInterface served = isMapper
            ? new EndpointMapperInterface([new MappedEndpoint(service.Syntax, "test", new IPEndPoint(IPAddress.Any, 1))])
            : service;
        var registered = Call(service, handles, 1, Seeding.Register(version2: false));
        source.SetState("NODE", SmbWitnessState.Unavailable);
        source.SetState("NODE", SmbWitnessState.Available);
        byte[] stub = (input[0] & WithHandle) != 0 ? [.. registered.AsSpan(0, 20), .. input[1..]] : input[1..].ToArray();
        Call(served, handles, (ushort)(input[0] & 7), stub);
        handles.RunDown();
        if (table.All.Count > 0)
        {
            throw new InvalidOperationException("A registration outlives its association.");
        }
    }

    /// <summary>A protocol tower by itself.</summary>
    public static void Tower(ReadOnlySpan<byte> input)
    {
        if (ProtocolTower.TryRead(input, out var tower)
            && (!ProtocolTower.TryRead(ProtocolTower.Write(tower.Interface, IPAddress.Loopback, 1), out var again)
                || again.Interface != tower.Interface))
        {
            throw new InvalidOperationException("A tower is not read as it was written.");
        }
    }

    private static byte[] Call(IRpcInterface served, RpcContextHandles handles, ushort opnum, byte[] stub)
    {
        using var output = new NdrWriter();
        using var patience = new CancellationTokenSource();
        var call = new RpcCall(
            opnum, stub, IsBigEndian: false, Caller, RpcAuthLevel.Integrity, new RpcHandleScope(handles, served.Syntax, Caller));
        var running = served.InvokeAsync(call, output, patience.Token).AsTask();
        if (!running.Wait(TimeSpan.FromSeconds(10)))
        {
            throw new TimeoutException("A call does not end.");
        }

        return output.Written.ToArray();
    }
}
