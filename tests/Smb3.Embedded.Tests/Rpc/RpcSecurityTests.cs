using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Smb3.Embedded.Commands;
using Smb3.Embedded.Commands.NamedPipes;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Hosting;
using Smb3.Embedded.Hosting.Life;
using Smb3.Embedded.Hosting.Options;
using Smb3.Embedded.Hosting.Users;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Security.Authentication;
using Smb3.Embedded.Security.Authentication.Ntlm;
using Smb3.Embedded.Security.Authentication.Spnego;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Tests.Pipes;
using Xunit;

namespace Smb3.Embedded.Tests.Rpc;

/// <summary>RPC's own authentication and protection (MS-RPCE 3.3.1.5.2), with the server's own way to authenticate behind it.</summary>
public sealed class RpcSecurityTests : IDisposable
{
    private readonly InMemoryUserStore _users = new();
    private readonly ActivitySource _activities = new("RpcSecurityTests");
    private readonly ServerMetrics _metrics = new(null);
    private readonly RandomNumberGenerator _random = RandomNumberGenerator.Create();
    private readonly LogonThrottle _throttle = new(new LogonThrottleOptions { FirstDelay = TimeSpan.Zero }, TimeProvider.System);
    private readonly List<IDisposable> _peers = [];

    public RpcSecurityTests()
    {
        _users.Add("alice", "pw");
        _users.Add("root", "pw", ["Administrators"]);
    }

    [Theory]
    [InlineData((byte)RpcAuthLevel.Integrity, false)]
    [InlineData((byte)RpcAuthLevel.Integrity, true)]
    [InlineData((byte)RpcAuthLevel.Privacy, false)]
    [InlineData((byte)RpcAuthLevel.Privacy, true)]
    [InlineData((byte)RpcAuthLevel.Packet, false)]
    public async Task CallsAreProtectedInBothDirections(byte level, bool spnego)
    {
        using var client = new RpcSecureClient(Peer(), (RpcAuthLevel)level, new NtlmRpcInitiator(spnego: spnego));
        await client.BindAsync();
        for (var i = 0u; i < 5; i++)
        {
            Assert.Equal(RpcPeer.Number(i), await client.CallAsync(0, RpcPeer.Number(i)));
        }

        // Many fragments, each protected, and the last of any length.
        foreach (var length in (int[])[0, 1, 15, 16, 17, 4231, 4232, 4233, 100_001])
        {
            Assert.Equal(new byte[length], await client.CallAsync(6, RpcPeer.Number((uint)length)));
        }
    }

    [Fact]
    public async Task ThePrivateStubIsNotOnTheWire()
    {
        var peer = Peer();
        using var client = new RpcSecureClient(peer, RpcAuthLevel.Privacy);
        await client.BindAsync();
        var stub = RandomNumberGenerator.GetBytes(64);
        var request = client.Request(0, stub);
        Assert.True(request.AsSpan().IndexOf(stub.AsSpan(0, 8)) < 0);
        var answer = await peer.AskAsync(request);
        Assert.True(answer.AsSpan().IndexOf(stub.AsSpan(0, 4)) < 0);
        Assert.Equal(stub[..4], client.Open(answer));
    }

    [Fact]
    public async Task TheCallerIsWhoRpcAuthenticated()
    {
        using var client = new RpcSecureClient(Peer(), RpcAuthLevel.Privacy, new NtlmRpcInitiator("root"));
        await client.BindAsync();
        Assert.Equal("root Privacy", Text(await client.CallAsync(5, [])));
    }

    [Fact]
    public async Task AtTheLevelConnectTheCallerIsKnownAndNothingProtected()
    {
        var peer = Peer();
        await new RpcSecureClient(peer, RpcAuthLevel.Connect, new NtlmRpcInitiator("root")).BindAsync();
        Assert.Equal("root Connect", Text((await peer.AskAsync(PipeClient.RequestPdu(5, [])))[24..]));
    }

    [Theory]
    [InlineData(RpcAuthLevel.Integrity)]
    [InlineData(RpcAuthLevel.Privacy)]
    internal async Task EveryFlippedBitEndsTheConnection(RpcAuthLevel level)
    {
        // The whole fragment is covered, its header too; what is not looked at but covered is found by the signature.
        const int Length = 24 + 16 + 8 + 16;
        for (var bit = 0; bit < Length * 8; bit += 3)
        {
            var peer = Peer();
            using var client = new RpcSecureClient(peer, level);
            await client.BindAsync();
            var request = client.Request(0, RpcPeer.Number(7));
            Assert.Equal(Length, request.Length);
            request[bit / 8] ^= (byte)(1 << (bit % 8));
            if (bit / 8 is 4 or 8 or 9)
            {
                continue; // another length, or another reading of it, is another fragment
            }

            Assert.False(await peer.SendAsync(request), $"bit {bit}");
            Assert.NotEqual(RpcPacketType.Response, PipeClient.Type(await peer.NextAsync()));
            Assert.False(peer.HasAnswer);
        }
    }

    [Fact]
    public async Task AReplayedFragmentHasAWrongSignature()
    {
        var peer = Peer();
        using var client = new RpcSecureClient(peer, RpcAuthLevel.Integrity);
        await client.BindAsync();
        var request = client.Request(0, RpcPeer.Number(7));
        Assert.Equal(RpcPacketType.Response, PipeClient.Type(await peer.AskAsync(request)));
        Assert.Equal(RpcStatus.SecurityPackageError, PipeClient.FaultStatus(await peer.AskAsync(request)));
    }

    [Fact]
    public async Task AProtectedConnectionTakesNothingUnprotected()
    {
        foreach (var pdu in (byte[][])[PipeClient.RequestPdu(0, new byte[4]), PipeClient.Pdu(RpcPacketType.Cancel, 9, [])])
        {
            var peer = Peer();
            await new RpcSecureClient(peer, RpcAuthLevel.Integrity).BindAsync();
            Assert.False(await peer.SendAsync(pdu));
            Assert.Equal(RpcStatus.AccessDenied, PipeClient.FaultStatus(await peer.NextAsync()));
        }
    }

    [Fact]
    public async Task FragmentsOfARequestAreProtectedOneByOneAndCancelsToo()
    {
        var peer = Peer();
        using var client = new RpcSecureClient(peer, RpcAuthLevel.Privacy);
        await client.BindAsync();
        await peer.SendAsync(client.Request(0, RpcPeer.Number(7).AsSpan(0, 3), RpcPacketFlags.FirstFragment, callId: 50));
        var answer = await peer.AskAsync(client.Request(0, RpcPeer.Number(7).AsSpan(3), RpcPacketFlags.LastFragment, callId: 50));
        Assert.Equal(RpcPeer.Number(7), client.Open(answer));
        await peer.SendAsync(client.Request(1, RpcPeer.Number(7), callId: 51));
        Assert.Equal(RpcStatus.Cancelled, PipeClient.FaultStatus(await peer.AskAsync(client.Cancel(51))));
        Assert.Equal(RpcPeer.Number(8), await client.CallAsync(0, RpcPeer.Number(8)));
    }

    [Theory]
    [InlineData("alice", "wrong")]
    [InlineData("nobody", "pw")]
    public async Task AWrongPasswordLetsNoCallThroughAndIsCounted(string user, string password)
    {
        var peer = Peer();
        using var client = new RpcSecureClient(peer, RpcAuthLevel.Integrity, new NtlmRpcInitiator(user, password));
        await client.BindAsync();
        Assert.False(await peer.SendAsync(client.Request(0, new byte[4])));
        Assert.Equal(RpcStatus.AccessDenied, PipeClient.FaultStatus(await peer.NextAsync()));
        Assert.NotEqual(0, _throttle.Count);

        peer = Peer();
        var refused = await new RpcSecureClient(peer, RpcAuthLevel.Connect, new NtlmRpcInitiator(user, password, spnego: true)).BindAsync();
        Assert.Equal(RpcStatus.AccessDenied, PipeClient.FaultStatus(refused));
    }

    [Fact]
    public async Task AnAddressThatFailedTooOftenIsNotEvenAsked()
    {
        for (var i = 0; i < 30; i++)
        {
            await new RpcSecureClient(Peer(), RpcAuthLevel.Connect, new NtlmRpcInitiator("root", "guess")).BindAsync();
        }

        // The right password comes too late.
        var peer = Peer();
        await new RpcSecureClient(peer, RpcAuthLevel.Connect, new NtlmRpcInitiator("root")).BindAsync();
        Assert.Equal(RpcStatus.AccessDenied, PipeClient.FaultStatus(await peer.AskAsync(PipeClient.RequestPdu(5, []))));
    }

    [Fact]
    public async Task WhereAHookIsAskedAboutLogonsOnlyTheUserOfTheSessionMayLogOn()
    {
        var peer = Peer(new Hooks());
        await new RpcSecureClient(peer, RpcAuthLevel.Connect, new NtlmRpcInitiator("root")).BindAsync();
        Assert.Equal(RpcStatus.AccessDenied, PipeClient.FaultStatus(await peer.AskAsync(PipeClient.RequestPdu(5, []))));

        peer = Peer(new Hooks());
        await new RpcSecureClient(peer, RpcAuthLevel.Connect).BindAsync();
        Assert.Equal("alice Connect", Text((await peer.AskAsync(PipeClient.RequestPdu(5, [])))[24..]));
    }

    [Fact]
    public async Task PoliciesOfLogonsAreHeededInsideAPipeToo()
    {
        // Alice's session has satisfied them; root's password inside it has not.
        async Task<bool> IsLetInAsync(string user, LogonPolicy policy)
        {
            var peer = Peer(policies: [policy]);
            await new RpcSecureClient(peer, RpcAuthLevel.Connect, new NtlmRpcInitiator(user)).BindAsync();
            return PipeClient.Type(await peer.AskAsync(PipeClient.RequestPdu(5, []))) == RpcPacketType.Response;
        }

        Assert.False(await IsLetInAsync("root", new([], [], ["root"], [], ["Kerberos"], false)));
        Assert.False(await IsLetInAsync("root", new([], [], ["root"], [], [], true)));
        Assert.True(await IsLetInAsync("alice", new([], [], ["alice"], [], [], true)));
        Assert.True(await IsLetInAsync("root", new([], [], ["alice"], [], ["Kerberos"], false)));
        Assert.True(await IsLetInAsync("root", new([], [new LogonEndPoint(null, 4450)], ["root"], [], ["Kerberos"], false)));
        Assert.False(await IsLetInAsync("root", new([IPNetwork.Parse("127.0.0.0/8")], [], ["root"], [], ["Kerberos"], false)));
    }

    [Theory]
    [InlineData(16, 5, 8)]
    [InlineData(68, 6, 8)]
    [InlineData(10, 1, 8)]
    [InlineData(10, 7, 8)]
    public async Task UnknownProvidersAndLevelsAreRefusedAndTheBindMayBeTriedAgain(byte type, byte level, byte reason)
    {
        var peer = Peer();
        byte[] pdu = [.. PipeClient.BindPdu(RpcPacketType.Bind, 0, 4280, (ScriptedInterface.Uuid, 1, RpcSyntax.Ndr)),
            type, level, 0, 0, 1, 0, 0, 0, .. new byte[4]];
        (pdu[8], pdu[10]) = ((byte)pdu.Length, 4);
        var nak = await peer.AskAsync(pdu);
        Assert.Equal((RpcPacketType.BindNak, reason), (PipeClient.Type(nak), nak[16]));
        await peer.BindAsync();
    }

    [Fact]
    public async Task AVerificationTrailerThatDisagreesIsRefused()
    {
        byte[] signature = [0x8a, 0xe3, 0x13, 0x71, 0x02, 0xf4, 0x36, 0x71];
        byte[] bitmask = [1, 0, 4, 0, 1, 0, 0, 0];
        byte[] context = [2, 0, 40, 0, .. ScriptedInterface.Uuid.ToByteArray(), 1, 0, 0, 0, .. RpcSyntax.Ndr.Uuid.ToByteArray(), 2, 0, 0, 0];
        byte[] header = [3, 0x40, 16, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0];
        byte[] good = [.. RpcPeer.Number(7), .. signature, .. bitmask, .. context, .. header];
        Assert.Equal(RpcPacketType.Response, await TypeOfAnswer(good));
        Assert.Equal(RpcPacketType.Fault, await TypeOfAnswer(good[..^1]));

        // Another interface, another operation, another call; a command that must be understood.
        foreach (var at in (int[])[4 + 8 + 8 + 4, good.Length - 2, good.Length - 8])
        {
            byte[] other = [.. good];
            other[at] ^= 1;
            Assert.Equal(RpcPacketType.Fault, await TypeOfAnswer(other));
        }

        Assert.Equal(RpcPacketType.Fault, await TypeOfAnswer([.. RpcPeer.Number(7), .. signature, 9, 0xC0, 0, 0]));
        Assert.Equal(RpcPacketType.Response, await TypeOfAnswer([.. RpcPeer.Number(7), .. signature, 9, 0x40, 0, 0]));

        async Task<RpcPacketType> TypeOfAnswer(byte[] stub)
        {
            var peer = Peer();
            using var client = new RpcSecureClient(peer, RpcAuthLevel.Integrity);
            await client.BindAsync();
            return PipeClient.Type(await peer.AskAsync(client.Request(0, stub)));
        }
    }

    [Fact]
    public void TheSealOfTheWorkedExampleOpens()
    {
        // MS-NLMP 4.2.4.4.
        var key = Convert.FromHexString("55555555555555555555555555555555");
        using var direction = new NtlmMessageDirection(key, (NtlmFlags)0xE28A8233, fromServer: false);
        var message = Convert.FromHexString("54E50165BF1936DC996020C1811B0F06FB5F");
        Assert.True(direction.Unprotect(message, message, Convert.FromHexString("010000007FB38EC5C55D497600000000")));
        Assert.Equal("Plaintext", Encoding.Unicode.GetString(message));
    }

    public void Dispose()
    {
        _peers.ForEach(peer => peer.Dispose());
        _activities.Dispose();
        _metrics.Dispose();
        _random.Dispose();
    }

    private static string Text(byte[] stub) => Encoding.Unicode.GetString(stub, 12, stub.Length - 14);

    private RpcPeer Peer(SmbServerHooks? hooks = null, IReadOnlyList<LogonPolicy>? policies = null)
    {
        var ntlm = new NtlmAuthenticatorOptions
        {
            NetBiosComputerName = "SERVER",
            NetBiosDomainName = "SERVER",
            DnsComputerName = "server",
            Random = _random,
        };
        var accounts = new AccountDirectory("SERVER", _users);
        var mechanism = new NtlmMechanism(ntlm, _users, accounts);
        var parts = new ServerParts(
            SettingsFactory.Create(new SmbServerOptions()) with { LogonPolicies = policies ?? [] }, new SpnegoAuthenticator([mechanism], accounts), accounts, _throttle, hooks,
            NullLogger.Instance, _metrics, _activities)
        {
            RpcAuthenticators = new RpcAuthenticators(mechanism, null, accounts),
        };
        var session = RpcCallers.Of(accounts.Create(new SmbIdentity { UserName = "alice" }, "NTLM"), 1, IPAddress.Loopback);
        var peer = new RpcPeer(
            new RpcServer(new RpcLimits(), new RpcSecurity(parts), e => Assert.Fail(e.ToString())), caller: session);
        _peers.Add(peer);
        return peer;
    }

    private sealed class Hooks : SmbServerHooks;
}
