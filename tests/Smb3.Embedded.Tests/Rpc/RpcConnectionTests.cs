using System.Buffers.Binary;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Pipes;
using Smb3.Embedded.Pipes.Host;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Tests.Pipes;
using Xunit;

namespace Smb3.Embedded.Tests.Rpc;

public class RpcConnectionTests
{
    // As impacket sends them: a bind to srvsvc, NetrShareEnum level 1, a bind to lsarpc, LsarOpenPolicy2.
    private const string CapturedBind =
        "05000b03100000004800000001000000b810b810000000000100000000000100c84f324b7016d30112785a47bf6ee18803000000045d888aeb1cc9119fe8"
        + "08002b10486002000000";

    private const string CapturedShareEnum =
        "05000003100000004c000000010000003400000000000f00bab200000100000000000000010000000000abab0100000001000000558c0000000000000000"
        + "0000ffffffff3757000000000000";

    private const string CapturedLsaBind =
        "05000b03100000004800000001000000b810b810000000000100000000000100785734123412cdabef000123456789ab00000000045d888aeb1cc9119fe8"
        + "08002b10486002000000";

    private const string CapturedOpenPolicy =
        "050000031000000038000000010000002000000000002c000000000000000000000000000000000000000000000000000000000000000002";

    [Fact]
    public async Task BindIsAcknowledgedWithSecondaryAddressAndResult()
    {
        using var client = new PipeClient("srvsvc");
        var ack = await client.SendAsync(Convert.FromHexString(CapturedBind));
        Assert.NotEqual(new byte[4], ack[20..24]);
        ack.AsSpan(20, 4).Clear(); // the group, by chance
        Assert.Equal(
            "05000C03100000004400000001000000B810B810000000000D005C504950455C73727673766300000100000000000000045D888AEB1CC9119FE8"
            + "08002B10486002000000",
            Convert.ToHexString(ack));
    }

    [Fact]
    public async Task EachContextOfABindIsAnsweredAlone()
    {
        using var client = new PipeClient("srvsvc");
        var ack = await client.SendAsync(PipeClient.BindPdu(
            RpcPacketType.Bind,
            0,
            5840,
            (PipeClient.SrvSvc, 3, RpcSyntax.Ndr),
            (PipeClient.SrvSvc, 3, PipeClient.Ndr64),
            (PipeClient.SrvSvc, 3, PipeClient.Features),
            (PipeClient.LsaRpc, 0, RpcSyntax.Ndr),
            (PipeClient.SrvSvc, 4, RpcSyntax.Ndr)));

        Assert.Equal(4280, BinaryPrimitives.ReadUInt16LittleEndian(ack.AsSpan(16)));
        Assert.Equal(5, ack[40]);
        (int Result, int Reason)[] results = [.. Enumerable.Range(0, 5).Select(i => ((int)ack[44 + (24 * i)], (int)ack[46 + (24 * i)]))];

        // Accepted; no such transfer syntax; features: keep connection on orphan; no such interface (twice).
        Assert.Equal([(0, 0), (2, 2), (3, 2), (2, 1), (2, 1)], results);
    }

    [Fact]
    public async Task AlterContextAddsAnInterface()
    {
        using var client = await new PipeClient("srvsvc").BindAsync();
        var pdu = PipeClient.BindPdu(RpcPacketType.AlterContext, 0, 4280, (PipeClient.SrvSvc, 3, RpcSyntax.Ndr));
        pdu[28] = 9;
        var answer = await client.SendAsync(pdu);
        Assert.Equal(RpcPacketType.AlterContextResponse, PipeClient.Type(answer));
        Assert.Equal(56, answer.Length);

        var response = await client.SendAsync(PipeClient.RequestPdu(28, new byte[4], context: 9));
        Assert.Equal(RpcPacketType.Response, PipeClient.Type(response));
    }

    [Fact]
    public async Task AuthenticationIsRefusedAtTheBindWhereThereIsNoProvider()
    {
        using var client = new PipeClient("srvsvc");
        byte[] pdu = [.. Convert.FromHexString(CapturedBind), 10, 5, 0, 0, 1, 0, 0, 0, .. "NTLMSSP\0"u8];
        (pdu[8], pdu[10]) = ((byte)pdu.Length, 8);
        var nak = await client.SendAsync(pdu);
        Assert.Equal(RpcPacketType.BindNak, PipeClient.Type(nak));
        Assert.Equal(8, nak[16]);
    }

    [Theory]
    [InlineData(0, 0, 4)]
    [InlineData(0, 6, 4)]
    [InlineData(4, 0x11, 0)]
    [InlineData(4, 0x20, 0)]
    public async Task OtherVersionsAndRepresentationsAreRefused(int offset, byte value, int reason)
    {
        using var client = new PipeClient("srvsvc");
        var pdu = Convert.FromHexString(CapturedBind);
        pdu[offset] = value;
        var nak = await client.SendAsync(pdu);
        Assert.Equal(RpcPacketType.BindNak, PipeClient.Type(nak));
        Assert.Equal(reason, nak[16]);
        Assert.Equal(NtStatus.PipeDisconnected, await client.Pipe.WriteAsync(Convert.FromHexString(CapturedBind)));
    }

    [Fact]
    public async Task FaultsSayWhy()
    {
        using var client = await new PipeClient("srvsvc").BindAsync();
        Assert.Equal(RpcStatus.OperationRangeError, PipeClient.FaultStatus(await client.SendAsync(PipeClient.RequestPdu(999, []))));
        Assert.Equal(RpcStatus.UnknownInterface, PipeClient.FaultStatus(await client.SendAsync(PipeClient.RequestPdu(15, [], context: 5))));
        Assert.Equal(RpcStatus.BadStubData, PipeClient.FaultStatus(await client.SendAsync(PipeClient.RequestPdu(15, [1, 2, 3]))));
    }

    [Fact]
    public async Task ACallBeforeTheBindEndsTheConnection()
    {
        using var client = new PipeClient("srvsvc");
        Assert.Equal(RpcStatus.ProtocolError, PipeClient.FaultStatus(await client.SendAsync(PipeClient.RequestPdu(15, []))));
        Assert.Equal(NtStatus.PipeDisconnected, client.Pipe.TryRead(new byte[10], out _));
    }

    [Fact]
    public async Task FragmentsOfARequestAreJoinedWhereverTheyAreCut()
    {
        using var client = await new PipeClient("srvsvc").BindAsync();
        var stub = SrvSvcTests.ShareEnumStub(1);
        var whole = await client.CallAsync(15, stub);
        var first = PipeClient.RequestPdu(15, stub.AsSpan(0, 8), callId: 7, flags: RpcPacketFlags.FirstFragment);
        var middle = PipeClient.RequestPdu(15, stub.AsSpan(8, 8), callId: 7, flags: RpcPacketFlags.None);
        var last = PipeClient.RequestPdu(15, stub.AsSpan(16), callId: 7, flags: RpcPacketFlags.LastFragment);
        byte[] all = [.. first, .. middle, .. last];
        foreach (var piece in all.Chunk(5))
        {
            Assert.Equal(NtStatus.Success, await client.Pipe.WriteAsync(piece));
        }

        Assert.Equal(whole, client.Read()[24..]);
    }

    [Fact]
    public async Task AnOrphanedCallIsForgotten()
    {
        using var client = await new PipeClient("srvsvc").BindAsync();
        await client.Pipe.WriteAsync(PipeClient.RequestPdu(15, new byte[8], callId: 7, flags: RpcPacketFlags.FirstFragment));
        await client.Pipe.WriteAsync(PipeClient.Pdu(RpcPacketType.Orphaned, 7, []));
        Assert.NotEmpty(await client.CallAsync(15, SrvSvcTests.ShareEnumStub(1)));
    }

    [Fact]
    public async Task AFragmentOfAnotherCallEndsTheConnection()
    {
        using var client = await new PipeClient("srvsvc").BindAsync();
        await client.Pipe.WriteAsync(PipeClient.RequestPdu(15, new byte[8], callId: 7, flags: RpcPacketFlags.FirstFragment));
        var fault = await client.SendAsync(PipeClient.RequestPdu(15, [], callId: 8, flags: RpcPacketFlags.LastFragment));
        Assert.Equal(RpcStatus.ProtocolError, PipeClient.FaultStatus(fault));
        Assert.Equal(NtStatus.PipeDisconnected, await client.Pipe.WriteAsync(new byte[1]));
    }

    [Fact]
    public async Task ARequestWithoutEndIsRefused()
    {
        using var client = await new PipeClient("srvsvc").BindAsync();
        var part = PipeClient.RequestPdu(15, new byte[4000], flags: RpcPacketFlags.FirstFragment);
        var sent = 0;
        for (; client.Pipe.BytesAvailable == 0; sent += 4000, part[3] = 0)
        {
            Assert.Equal(NtStatus.Success, await client.Pipe.WriteAsync(part));
        }

        Assert.Equal(RpcStatus.RemoteNoMemory, PipeClient.FaultStatus(client.Read()));
        Assert.InRange(sent, new RpcLimits().MaxRequestStub, new RpcLimits().MaxRequestStub + 4000);
    }

    [Fact]
    public async Task ALongResponseIsCutAtWhatTheClientReceives()
    {
        var host = new FakePipeHost();
        host.Shares.AddRange(Enumerable.Range(0, 300).Select(i => new PipeShare($"share{i:000}", PipeShareType.Disk)));
        using var client = await new PipeClient("srvsvc", host: host).BindAsync(maxFragment: 2000);
        Assert.Equal(NtStatus.Success, await client.Pipe.WriteAsync(PipeClient.RequestPdu(15, SrvSvcTests.ShareEnumStub(1))));
        var joined = new List<byte>();
        for (var isFirst = true; client.Pipe.BytesAvailable > 0; isFirst = false)
        {
            var fragment = client.Read();
            Assert.InRange(fragment.Length, 25, 2000);
            Assert.Equal(isFirst, ((RpcPacketFlags)fragment[3]).HasFlag(RpcPacketFlags.FirstFragment));
            Assert.Equal(client.Pipe.BytesAvailable == 0, ((RpcPacketFlags)fragment[3]).HasFlag(RpcPacketFlags.LastFragment));
            joined.AddRange(fragment[24..]);
        }

        Assert.True(joined.Count > 10_000);
        Assert.Equal(303u, BinaryPrimitives.ReadUInt32LittleEndian(joined.ToArray().AsSpan(12)));
    }

    [Fact]
    public async Task AGroupSharesHandlesButOnlyWithItsOwnUser()
    {
        var registry = PipeClient.Registry();
        var user = PipeClient.User with { UserSid = FakePipeHost.Machine.WithRid(1000) };
        using var first = await new PipeClient("lsarpc", user, registry: registry).BindAsync(PipeClient.LsaRpc, 0);
        var handle = (await first.CallAsync(44, LsaRpcTests.OpenPolicyStub(0x02000000)))[..20];
        using (var second = await new PipeClient("lsarpc", user with { SessionId = 99 }, registry: registry).BindAsync(PipeClient.LsaRpc, 0, group: first.Group))
        {
            Assert.Equal(24, (await second.CallAsync(0, handle)).Length);
        }

        // Another user, the same with other rights, and who has no SID and another session.
        foreach (var other in (RpcCaller[])[PipeClient.Administrator, user with { IsAdministrator = true }, user with { UserSid = null }])
        {
            using var stranger = new PipeClient("lsarpc", other, registry: registry);
            var nak = await stranger.SendAsync(PipeClient.BindPdu(RpcPacketType.Bind, first.Group, 4280, (PipeClient.LsaRpc, 0, RpcSyntax.Ndr)));
            Assert.Equal(RpcPacketType.BindNak, PipeClient.Type(nak));
        }
    }

    [Theory]
    [InlineData("srvsvc", CapturedBind, CapturedShareEnum)]
    [InlineData("lsarpc", CapturedLsaBind, CapturedOpenPolicy)]
    public async Task EveryTruncationAndBitFlipIsAnsweredOrEndsTheConnection(string pipe, string bindHex, string requestHex)
    {
        var bind = Convert.FromHexString(bindHex);
        var request = Convert.FromHexString(requestHex);
        var registry = PipeClient.Registry();
        Assert.Equal(RpcPacketType.Response, await TryAsync(bind, request));
        for (var bit = 0; bit < request.Length * 8; bit++)
        {
            await TryAsync(bind, Flip(request, bit));
        }

        for (var bit = 0; bit < bind.Length * 8; bit++)
        {
            await TryAsync(Flip(bind, bit), request);
        }

        for (var length = 24; length < request.Length; length++)
        {
            // A truncated write waits for the rest; a PDU that says that it ends here has too short a stub.
            var cut = request[..length];
            Assert.Null(await TryAsync(bind, cut));
            BinaryPrimitives.WriteUInt16LittleEndian(cut.AsSpan(8), (ushort)length);
            Assert.NotNull(await TryAsync(bind, cut));
        }

        async Task<RpcPacketType?> TryAsync(byte[] bindPdu, byte[] requestPdu)
        {
            using var client = new PipeClient(pipe, registry: registry);
            var buffer = new byte[8192];
            await client.Pipe.WriteAsync(bindPdu);
            client.Pipe.TryRead(buffer, out _);
            var status = await client.Pipe.WriteAsync(requestPdu);
            Assert.True(status is NtStatus.Success or NtStatus.PipeDisconnected);
            if (client.Pipe.TryRead(buffer, out var count) != NtStatus.Success)
            {
                return null;
            }

            var header = RpcHeader.Parse(buffer.AsSpan(0, count));
            Assert.Equal(count, header.FragmentLength);
            return header.Type;
        }
    }

    private static byte[] Flip(byte[] pdu, int bit)
    {
        byte[] flipped = [.. pdu];
        flipped[bit / 8] ^= (byte)(1 << (bit % 8));
        return flipped;
    }
}
