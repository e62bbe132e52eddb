using Smb3.Embedded.Fuzzing.Cases;
using Smb3.Embedded.Fuzzing.Driving;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Fuzzing.Generating;

/// <summary>DCE/RPC over pipes: bind, alter context, calls of every interface in one piece and in fragments; by FSCTL, or WRITE and READ.</summary>
internal sealed class PipeGenerator(Source source) : IGenerator
{
    private const int InputAt = 56;
    private const int DataAt = 48;
    private static readonly Guid Transfer = new("8a885d04-1ceb-11c9-9fe8-08002b104860");
    private static readonly Guid SrvSvc = new("4b324fc8-1670-01d3-1278-5a47bf6ee188");
    private static readonly Guid WksSvc = new("6bffd098-a112-3610-9833-46c3f87e345a");
    private static readonly Guid Lsa = new("12345778-1234-abcd-ef00-0123456789ab");

    private static readonly Guid Samr = new("12345778-1234-abcd-ef00-0123456789ac");

    private readonly Chance _chance = source.Chance;
    private readonly HashSet<int> _bound = [];
    private uint _call = 1;

    public int Weight => source.Pipe() is null ? 0 : 16;

    public Message? Next()
    {
        if (source.Pipe() is not { } pipe)
        {
            return null;
        }

        if (_bound.Add(pipe.Number) || _chance.OneIn(30))
        {
            return Send(pipe, Bind(pipe, (byte)(_chance.OneIn(6) ? 14 : 11)), null);
        }

        if (_chance.OneIn(20))
        {
            return _chance.OneIn(2)
                ? source.On(pipe, Smb2Command.Read, RequestBody.Read(pipe.FileId, 0, (uint)_chance.Between(1, 5000)), 16, 5000)
                : source.On(pipe, Smb2Command.Ioctl, RequestBody.Ioctl(FsControlCode.PipePeek, pipe.FileId, [], 1024), 8, 1024);
        }

        var (operation, stub, handleAt) = Name(pipe) switch
        {
            "srvsvc" => ServerService(),
            "wkssvc" => Workstation(),
            "samr" => Accounts(),
            _ => Authority(),
        };
        Reference? handle = handleAt >= 0 && Handle() is { } number ? new Reference(ReferenceKind.PolicyHandle, number, handleAt) : null;
        if (_chance.OneIn(15) && stub.Length > 8)
        {
            // In two fragments.
            var at = _chance.Next(stub.Length / 4) * 4;
            byte[] both = [.. Ndr.Request(operation, stub.AsSpan(0, at), ++_call, 1), .. Ndr.Request(operation, stub.AsSpan(at), _call, 2)];
            return Send(pipe, both, null);
        }

        return Send(pipe, Ndr.Request(operation, stub, ++_call), handle);
    }

    private static string Name(KnownOpen pipe) => pipe.Name.TrimStart('\\').ToLowerInvariant();

    private int? Handle()
    {
        var known = source.World.Valued.FindAll(one => one.Kind == ReferenceKind.PolicyHandle);
        return known.Count == 0 ? null : known[Math.Max(0, known.Count - 1 - _chance.Next(3))].Number;
    }

    /// <summary>By FSCTL_PIPE_TRANSCEIVE, or by WRITE; the handle lies in the stub.</summary>
    private Message Send(KnownOpen pipe, byte[] pdu, Reference? handle)
    {
        var isWrite = _chance.OneIn(8);
        var output = _chance.OneIn(10) ? _chance.Next(200) : _chance.Between(1024, 65536);
        var body = isWrite ? RequestBody.Write(pipe.FileId, 0, pdu) : RequestBody.Ioctl(FsControlCode.PipeTransceive, pipe.FileId, pdu, (uint)output);
        var at = (isWrite ? DataAt : InputAt) + Ndr.StubAt;
        var command = isWrite ? Smb2Command.Write : Smb2Command.Ioctl;
        var payload = isWrite ? pdu.Length : Math.Max(pdu.Length, output);
        return handle is { } reference
            ? source.On(pipe, command, body, isWrite ? 16 : 8, payload, reference with { At = at + reference.At })
            : source.On(pipe, command, body, isWrite ? 16 : 8, payload);
    }

    private byte[] Bind(KnownOpen pipe, byte type)
    {
        var name = Name(pipe);
        var contexts = _chance.OneIn(4) ? _chance.Between(2, 4) : 1;
        var body = new Ndr().U16(4280).U16((ushort)_chance.Of(4280, 1432, 5840)).U32((uint)_chance.Next(3)).U32((uint)contexts);
        for (var i = 0; i < contexts; i++)
        {
            var (syntax, version) = name switch { "srvsvc" => (SrvSvc, 3u), "wkssvc" => (WksSvc, 1u), "samr" => (Samr, 1u), _ => (Lsa, 0u) };
            body.U16((ushort)i).U16(1).Guid(i == 0 || _chance.OneIn(2) ? syntax : source.AnyGuid()).U32(version).Guid(Transfer).U32(2);
        }

        return Ndr.Pdu(type, ++_call, body.ToArray());
    }

    private string? ServerName() => _chance.Of(null, @"\\server", "server", "");

    private Ndr Enumerate(Ndr stub, uint level)
    {
        stub.U32(level).U32(level).Pointer().U32(0).U32(0);
        stub.U32(_chance.OneIn(4) ? (uint)_chance.Edge() : uint.MaxValue);
        return _chance.OneIn(2) ? stub.U32(0) : stub.Pointer().U32((uint)_chance.Next(3));
    }

    private (ushort Operation, byte[] Stub, int HandleAt) ServerService()
    {
        var stub = new Ndr().UniqueText(ServerName());
        switch (_chance.Next(12))
        {
            case 0 or 1:
                return (15, Enumerate(stub, (uint)_chance.Of(0, 1, 2, 501, 502, 503)).ToArray(), -1);
            case 2:
                return (36, Enumerate(stub, (uint)_chance.Of(0, 1, 2, 502)).ToArray(), -1);
            case 3:
                return (16, stub.Text(_chance.Of("data", "IPC$", "none")).U32((uint)_chance.Of(0, 1, 2, 501, 502, 503, 1005)).ToArray(), -1);
            case 4:
                return (21, stub.U32((uint)_chance.Of(100, 101, 102, 502, 503)).ToArray(), -1);
            case 5:
                return (28, stub.ToArray(), -1);
            case 6:
                return (18, stub.Text("data").ToArray(), -1);
            case 7:
                return (12, Enumerate(stub.UniqueText(null).UniqueText(null), (uint)_chance.Of(0, 1, 2, 10, 502)).ToArray(), -1);
            case 8:
                return (9, Enumerate(stub.UniqueText(null).UniqueText(null), (uint)_chance.Of(2, 3)).ToArray(), -1);
            case 9:
                return (8, Enumerate(stub.UniqueText("data"), (uint)_chance.Of(0, 1)).ToArray(), -1);
            case 10:
                return (33, stub.Text(_chance.Of("data", "a:b")).U32((uint)_chance.Of(1, 9)).U32(0).ToArray(), -1);
            default:
                return ((ushort)_chance.Next(60), stub.Text("data").U32(1).U32(1).ToArray(), -1);
        }
    }

    private (ushort Operation, byte[] Stub, int HandleAt) Workstation()
    {
        var stub = new Ndr().UniqueText(ServerName());
        return _chance.OneIn(4)
            ? ((ushort)_chance.Next(32), Enumerate(stub, (uint)_chance.Next(2)).ToArray(), -1)
            : ((ushort)0, stub.U32((uint)_chance.Of(100, 101, 102, 502)).ToArray(), -1);
    }

    private (ushort Operation, byte[] Stub, int HandleAt) Authority()
    {
        if (_chance.OneIn(5) || Handle() is null)
        {
            var open = new Ndr().UniqueText(@"\\server").U32(24).U32(0).U32(0).U32(0).U32(0).U32(0);
            return (44, open.U32(0x02000000).ToArray(), -1);
        }

        var stub = new Ndr().Raw(new byte[20]);
        switch (_chance.Next(12))
        {
            case 0:
                return (0, stub.ToArray(), 0);
            case 1:
                return (2, stub.U32(0).U32((uint)_chance.Next(8000)).ToArray(), 0);
            case 2 or 3:
                return ((ushort)_chance.Of(7, 46), stub.U16((ushort)_chance.Of(3, 5, 12, _chance.Next(14))).ToArray(), 0);
            case 4:
                return ((ushort)_chance.Of(11, 13, 50), stub.U32(0).U32(1000).ToArray(), 0);
            case 5 or 6:
                var names = _chance.Between(1, 3);
                stub.U32((uint)names).U32((uint)names);
                for (var i = 0; i < names; i++)
                {
                    stub.Unicode("alice");
                }

                for (var i = 0; i < names; i++)
                {
                    stub.UnicodeBuffer("alice");
                }

                var operation = _chance.Of(14, 58, 68);
                return ((ushort)operation, stub.U32(0).U32(0).U16(1).U32(0).U32(0).U32(2).ToArray(), 0);
            case 7 or 8:
                var sid = Samples.Sid(_chance);
                var bytes = new byte[sid.BinaryLength];
                sid.WriteTo(bytes);
                stub.U32(1).Pointer().U32(1).Pointer().U32((uint)sid.SubAuthorities.Length).Raw(bytes);
                return ((ushort)_chance.Of(15, 57), stub.U32(0).U32(0).U16(1).U32(0).U32(0).U32(2).ToArray(), 0);
            case 9:
                return (31, stub.Unicode("SeBackupPrivilege").UnicodeBuffer("SeBackupPrivilege").ToArray(), 0);
            case 10:
                return (32, stub.U32((uint)_chance.Next(40)).U32(0).ToArray(), 0);
            default:
                return ((ushort)_chance.Next(135), stub.U32(1).U32(1).ToArray(), 0);
        }
    }

    private (ushort Operation, byte[] Stub, int HandleAt) Accounts()
    {
        const uint Maximum = 0x02000000;
        if (_chance.OneIn(5) || Handle() is null)
        {
            return (57, new Ndr().UniqueText(ServerName()).U32(Maximum).ToArray(), -1);
        }

        var stub = new Ndr().Raw(new byte[20]);
        switch (_chance.Next(8))
        {
            case 0:
                var sid = _chance.OneIn(2) ? Nt.WellKnownSids.Builtin : Samples.Sid(_chance);
                var bytes = new byte[sid.BinaryLength];
                sid.WriteTo(bytes);
                return (7, stub.U32(Maximum).U32((uint)sid.SubAuthorities.Length).Raw(bytes).ToArray(), 0);
            case 1:
                return ((ushort)_chance.Of(19, 27, 34), stub.U32(Maximum).U32((uint)_chance.Of(513, 544, 545, _chance.Next(2000))).ToArray(), 0);
            case 2:
                return ((ushort)_chance.Of(6, 11, 13, 15), stub.U32((uint)_chance.Next(600)).U32((uint)_chance.Next(500)).U32(500).ToArray(), 0);
            case 3:
                return ((ushort)_chance.Of(8, 20, 28, 36, 46, 47), stub.U16((ushort)_chance.Next(28)).ToArray(), 0);
            case 4:
                return ((ushort)_chance.Of(40, 48, 51), stub.U16((ushort)_chance.Next(7)).U32((uint)_chance.Next(3)).U32(10).U32(1000).ToArray(), 0);
            case 5:
                return (17, stub.U32(1).U32(1000).U32(0).U32(1).Unicode("alice").UnicodeBuffer("alice").ToArray(), 0);
            case 6:
                return (18, stub.U32(1).U32(1000).U32(0).U32(1).U32((uint)_chance.Of(513, 544, 1)).ToArray(), 0);
            default:
                return ((ushort)_chance.Next(70), stub.U32((uint)_chance.Next(8)).U32(1).ToArray(), 0);
        }
    }
}
