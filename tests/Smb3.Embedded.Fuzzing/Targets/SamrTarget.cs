using Smb3.Embedded.Fuzzing.Generating;
using Smb3.Embedded.Hosting.Life;
using Smb3.Embedded.Hosting.Users;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Pipes.Samr;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Rpc.Ndr;
using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Fuzzing.Targets;

/// <summary>
/// The Security Account Manager: the first byte is the operation, the second the object whose handle the stub begins with, or none; the rest is the rest
/// of the stub. Handles of every kind are open already.
/// </summary>
internal static class SamrTarget
{
    private const uint Maximum = 0x02000000;
    private const byte BigEndian = 0x80;

    private static readonly RpcCaller Caller = new("alice", "SERVER");
    private static readonly AccountDirectory Accounts = CreateAccounts();
    private static readonly SamrInterface Served = new(new PipeHost(new ServerGraph(new ServerSettings()), Accounts));

    public static void Run(ReadOnlySpan<byte> input)
    {
        if (input.Length < 2)
        {
            return;
        }

        var handles = new RpcContextHandles(16);
        var opened = Open(handles);
        var which = input[1] & 7;
        byte[] stub = which < opened.Length ? [.. opened[which], .. input[2..]] : input[2..].ToArray();
        Call(handles, input[0], stub, (input[1] & BigEndian) != 0);
        handles.RunDown();
    }

    public static IEnumerable<byte[]> Seeds()
    {
        // Operation, object (0 server, 1 domain, 2 BUILTIN, 3 user, 4 group, 5 local group, 7 none), parameters.
        yield return [57, 7, .. new Ndr().UniqueText(@"\\s").U32(Maximum).ToArray()];
        yield return [64, 7, .. new Ndr().UniqueText(@"\\s").U32(Maximum).U32(1).U32(1).U32(3).U32(0).ToArray()];
        yield return [5, 0, .. new Ndr().Unicode("SERVER").UnicodeBuffer("SERVER").ToArray()];
        yield return [6, 0, .. new Ndr().U32(0).U32(100).ToArray()];
        yield return [7, 0, .. new Ndr().U32(Maximum).U32(1).Raw([1, 1, 0, 0, 0, 0, 0, 5]).U32(32).ToArray()];
        foreach (var list in (byte[])[11, 13, 15])
        {
            yield return [list, (byte)(list == 15 ? 2 : 1), .. new Ndr().U32(0).U32(100).U32(100).ToArray()];
        }

        yield return [16, 2, .. new Ndr().U32(1).Pointer().U32(1).Pointer().U32(1).Raw([1, 1, 0, 0, 0, 0, 0, 5]).U32(11).ToArray()];
        yield return [17, 1, .. new Ndr().U32(1).U32(1000).U32(0).U32(1).Unicode("alice").UnicodeBuffer("alice").ToArray()];
        yield return [18, 1, .. new Ndr().U32(2).U32(1000).U32(0).U32(2).U32(513).U32(1).ToArray()];
        yield return [51, 1, .. new Ndr().U16(1).U32(0).U32(10).U32(1000).ToArray()];
        yield return [49, 1, .. new Ndr().U16(3).Unicode("s").UnicodeBuffer("s").ToArray()];
        foreach (var (operation, target) in new (byte, byte)[] { (3, 1), (8, 1), (20, 4), (25, 4), (28, 5), (33, 5), (36, 3), (39, 3), (44, 3), (65, 1), (37, 3), (50, 1), (1, 3) })
        {
            yield return [operation, target, .. new Ndr().U32(operation == 36 ? 21u : 2u).ToArray()];
        }
    }

    private static byte[][] Open(RpcContextHandles handles)
    {
        var machine = Accounts.MachineSid;
        var user = Accounts.ListUsers()[0];
        var server = Call(handles, 57, new Ndr().U32(0).U32(Maximum).ToArray())[..20];
        var domain = Call(handles, 7, [.. server, .. SidOf(machine)])[..20];
        var builtin = Call(handles, 7, [.. server, .. SidOf(WellKnownSids.Builtin)])[..20];
        return
        [
            server, domain, builtin,
            Call(handles, 34, [.. domain, .. new Ndr().U32(Maximum).U32(user.Account.Sid.Rid!.Value).ToArray()])[..20],
            Call(handles, 19, [.. domain, .. new Ndr().U32(Maximum).U32(513).ToArray()])[..20],
            Call(handles, 27, [.. builtin, .. new Ndr().U32(Maximum).U32(544).ToArray()])[..20],
        ];
    }

    private static byte[] SidOf(Sid sid)
    {
        var bytes = new byte[sid.BinaryLength];
        sid.WriteTo(bytes);
        return new Ndr().U32(Maximum).U32((uint)sid.SubAuthorities.Length).Raw(bytes).ToArray();
    }

    private static byte[] Call(RpcContextHandles handles, ushort opnum, byte[] stub, bool isBigEndian = false)
    {
        using var output = new NdrWriter();
        var call = new RpcCall(opnum, stub, isBigEndian, Caller, RpcAuthLevel.None, new RpcHandleScope(handles, Served.Syntax, Caller));
        var running = Served.InvokeAsync(call, output, CancellationToken.None).AsTask();
        if (!running.Wait(TimeSpan.FromSeconds(10)))
        {
            throw new TimeoutException("A call does not end.");
        }

        return output.Written.ToArray();
    }

    private static AccountDirectory CreateAccounts()
    {
        var users = new InMemoryUserStore();
        users.Add("alice", "x", ["staff", "Administrators"], "Alice Archer");
        return new AccountDirectory("SERVER", users);
    }
}
