using System.Net;
using Smb3.Embedded.Fuzzing.Cases;
using Smb3.Embedded.Fuzzing.Driving;
using Smb3.Embedded.Fuzzing.Generating;
using Smb3.Embedded.Fuzzing.Running;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Pipes.EndpointMapper;
using Smb3.Embedded.Pipes.Witness;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.TestClient.Authentication;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Fscc;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Fuzzing.Targets;

/// <summary>Valid inputs for the targets. The corpus has them as files, together with what was found.</summary>
internal static class Seeding
{
    private static readonly Guid Transfer = new("8a885d04-1ceb-11c9-9fe8-08002b104860");

    /// <summary>The requests that a short round sends.</summary>
    public static IEnumerable<byte[]> Requests()
    {
        var steps = new List<Step>();
        using (var server = new FuzzServer(new Setting()))
        {
            Round.Run(server, 16, new SuccessTable(), steps);
        }

        return steps.OfType<FrameStep>().SelectMany(frame => frame.Messages)
            .DistinctBy(message => (message.Command, message.Body.Length > 4 ? message.Body[2] | (message.Body[3] << 8) | (message.Body[4] << 16) : 0))
            .Select(message => new RequestHeader { Command = message.Command }.Compose(message.Body))
            .Append(RequestBody.Smb1Negotiate("NT LM 0.12", "SMB 2.002", "SMB 2.???"))
            .Where(request => request.Length < 1000).Take(60);
    }

    public static IEnumerable<byte[]> Headers()
    {
        var transform = new byte[Smb2TransformHeader.Size + Smb2Header.Size];
        Smb2TransformHeader.Write(transform, new byte[12], Smb2Header.Size, 1);
        yield return transform;
        yield return [0xFC, 0x53, 0x4D, 0x42, 16, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, .. new byte[16]];
        yield return [0xFC, 0x53, 0x4D, 0x42, 16, 0, 0, 0, 4, 0, 1, 0, 8, 0, 0, 0, 0x41, 0, 0, 0, 16, 0, 0, 0];
    }

    public static IEnumerable<byte[]> CreateContexts()
    {
        var chance = new Chance(1);
        var source = new Source(chance, new World()) { Client = null! };
        for (var i = 0; i < 3; i++)
        {
            var buffer = new byte[2048];
            var writer = new CreateContextWriter(buffer);
            writer.AskMaximalAccess();
            writer.AskDurableHandleV2(new DurableHandleRequestV2(1000, DurableHandleFlags.None, source.AnyGuid()));
            writer.Lease(new LeaseContext { Version = 1 + (i % 2), State = Smb2LeaseState.Read });
            writer.Raw(CreateContextName.SecurityDescriptor, Samples.Descriptor(chance));
            writer.Raw(CreateContextName.ExtendedAttributes, Samples.ExtendedAttributes(chance));
            writer.AppInstanceId(source.AnyGuid());
            writer.AppInstanceVersion(new AppInstanceVersion(1, 2));
            yield return buffer[..writer.Length];
        }
    }

    public static IEnumerable<byte[]> NegotiateContexts()
    {
        var buffer = new byte[1024];
        var writer = new NegotiateContextWriter(buffer.AsSpan());
        writer.PreauthIntegrity([Smb2HashAlgorithm.Sha512], new byte[32]);
        writer.Encryption([Smb2Cipher.Aes128Gcm, Smb2Cipher.Aes256Ccm]);
        writer.Signing([Smb2SigningAlgorithm.AesGmac]);
        writer.Posix();
        writer.NetName("server.example");
        return [[(byte)writer.Count, .. buffer[..writer.Length]]];
    }

    public static IEnumerable<byte[]> Buffers()
    {
        var chance = new Chance(2);
        yield return Samples.ExtendedAttributes(chance);
        yield return Samples.WantedAttributes(chance);
        yield return Samples.Quota(chance);
        yield return Samples.QuotaQuestion(chance);
        yield return Samples.QuotaQuestion(chance);
        yield return Samples.Symlink(chance);
        yield return SetBuffer.Rename(@"dir\new name");
        yield return FsctlInput.CopyChunks(new byte[24], new Smb3.Embedded.Wire.Ioctl.CopyChunk(1, 2, 3));
        yield return FsctlInput.PipeWait("srvsvc", 100);
        yield return FsctlInput.Referrals(@"\server\space\tree");
        yield return FsctlInput.ReferralsEx(@"\server\space\tree", 4, "site");
        yield return FsctlInput.ValidateNegotiate(0, Guid.Empty, Smb2SecurityMode.SigningEnabled, Smb2Dialect.Smb300, Smb2Dialect.Smb302);
        yield return FsctlInput.OffloadWrite(new byte[512], 0, 512);
        yield return [0, 0, 0, 0, 1, 0, 0, 0, .. FsctlInput.Range(0, 4096)];
    }

    public static IEnumerable<byte[]> Descriptors()
    {
        var chance = new Chance(3);
        for (var i = 0; i < 6; i++)
        {
            yield return Samples.Descriptor(chance);
        }

        var sid = new byte[28];
        new Sid(5, 21, 1, 2, 3, 1000).WriteTo(sid);
        yield return sid;
    }

    public static IEnumerable<byte[]> Tokens()
    {
        foreach (var raw in (bool[])[false, true])
        {
            var ntlm = new NtlmInitiator(new NtlmInitiatorOptions { UserName = FuzzServer.Users[0], Password = FuzzServer.Password, Raw = raw });
            var first = ntlm.Start();
            yield return Prefixed(first);
            using var exchange = TokenTarget.Begin();
            var step = exchange.StepAsync(first, CancellationToken.None).AsTask().GetAwaiter().GetResult();
            yield return [.. Prefixed(first), .. Prefixed(ntlm.Next(step.ResponseToken.Span))];
        }
    }

    public static IEnumerable<byte[]> Rpc()
    {
        var stub = new Ndr().UniqueText(@"\\server").U32(1).U32(1).Pointer().U32(0).U32(0).U32(uint.MaxValue).U32(0).ToArray();
        yield return [0, .. Generating.Ndr.Request(15, stub, 2)];
        yield return [0, .. Generating.Ndr.Request(15, stub.AsSpan(0, 32), 2, 1), .. Generating.Ndr.Request(15, stub.AsSpan(32), 2, 2)];
        yield return [0, .. Generating.Ndr.Request(21, new Ndr().UniqueText(null).U32(101).ToArray(), 3)];
        yield return [1, .. Generating.Ndr.Request(0, new Ndr().UniqueText(null).U32(100).ToArray(), 3)];
        yield return [2, .. Generating.Ndr.Request(44, new Ndr().UniqueText(@"\\s").U32(24).U32(0).U32(0).U32(0).U32(0).U32(0).U32(0x02000000).ToArray(), 3)];
        yield return [2, .. Generating.Ndr.Request(77, new Ndr().U32(1).U32(1).Unicode("alice").UnicodeBuffer("alice").U32(0).U32(0).U16(1).U32(0).U32(0).U32(2).ToArray(), 4)];
        yield return [0x80, .. Bind("srvsvc")];
    }

    public static IEnumerable<byte[]> Ndr()
    {
        byte[] orders = [5, 6, 7, 8, 0, 1, 2, 3, 4, 9, 10, 11, 4, 4, 4, 4];
        var sid = new byte[28];
        new Sid(5, 21, 1, 2, 3, 1000).WriteTo(sid);
        yield return [.. orders, .. new Ndr().UniqueText("name").Unicode("alice").UnicodeBuffer("alice").U32(5).Raw(sid).U32(2).U32(7).ToArray()];
    }

    /// <summary>The stub of WitnessrRegister or WitnessrRegisterEx.</summary>
    public static byte[] Register(bool version2)
    {
        var stub = new Ndr().U32(version2 ? WitnessService.Version2 : WitnessService.Version1).UniqueText(WitnessTarget.NetName);
        stub = version2 ? stub.UniqueText("docs") : stub;
        stub = stub.UniqueText(WitnessTarget.Address).UniqueText("CLIENT");
        return (version2 ? stub.U32(1).U32(10) : stub).ToArray();
    }

    public static IEnumerable<byte[]> Witness()
    {
        yield return [0];
        yield return [1, .. Register(version2: false)];
        yield return [4, .. Register(version2: true)];
        foreach (byte opnum in (byte[])[2, 3, 5])
        {
            yield return [(byte)(WitnessTarget.WithHandle | opnum)];
            yield return [opnum, .. new byte[20]];
        }

        var tower = Towers().First();
        yield return
        [
            WitnessTarget.Mapper | 3,
            .. new Ndr().U32(0).Pointer().U32((uint)tower.Length).U32((uint)tower.Length).Raw(tower).U32(0).Raw(new byte[16]).U32(4).ToArray(),
        ];
        yield return [WitnessTarget.Mapper | 2, .. new Ndr().U32(0).U32(0).U32(0).U32(1).Raw(new byte[20]).U32(4).ToArray()];
        yield return [WitnessTarget.Mapper | 4, .. new byte[20]];
    }

    public static IEnumerable<byte[]> Towers()
    {
        yield return ProtocolTower.Write(new RpcSyntax(new Guid("ccd8c074-d0e5-4a40-92b4-d074faa6ba28"), 1, 1), IPAddress.Loopback, 135);
    }

    /// <summary>The bind PDU for the interface of a pipe.</summary>
    public static byte[] Bind(string pipe)
    {
        var (syntax, version) = pipe switch
        {
            "srvsvc" => (new Guid("4b324fc8-1670-01d3-1278-5a47bf6ee188"), 3u),
            "wkssvc" => (new Guid("6bffd098-a112-3610-9833-46c3f87e345a"), 1u),
            "samr" => (new Guid("12345778-1234-abcd-ef00-0123456789ac"), 1u),
            _ => (new Guid("12345778-1234-abcd-ef00-0123456789ab"), 0u),
        };
        return Generating.Ndr.Pdu(11, 1, new Ndr().U16(4280).U16(4280).U32(0).U32(1).U16(0).U16(1).Guid(syntax).U32(version).Guid(Transfer).U32(2).ToArray());
    }

    private static byte[] Prefixed(byte[] token) => [(byte)token.Length, (byte)(token.Length >> 8), .. token];
}
