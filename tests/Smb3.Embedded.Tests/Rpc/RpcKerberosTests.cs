using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Commands;
using Smb3.Embedded.Commands.NamedPipes;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Hosting;
using Smb3.Embedded.Hosting.Life;
using Smb3.Embedded.Hosting.Options;
using Smb3.Embedded.Hosting.Users;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Security.Authentication;
using Smb3.Embedded.Security.Authentication.Kerberos;
using Smb3.Embedded.Security.Authentication.Kerberos.Encryption;
using Smb3.Embedded.Security.Authentication.Kerberos.Keytabs;
using Smb3.Embedded.Security.Authentication.Kerberos.Messages;
using Smb3.Embedded.Security.Authentication.Kerberos.Tokens;
using Smb3.Embedded.Security.Authentication.Spnego;
using Smb3.Embedded.TestClient.Authentication;
using Smb3.Embedded.Tests.Pipes;
using Xunit;

namespace Smb3.Embedded.Tests.Rpc;

/// <summary>RPC by Kerberos (MS-KILE 3.4.5.1, MS-RPCE 3.3.1.5.2).</summary>
public sealed class RpcKerberosTests : IDisposable
{
    private readonly InMemoryUserStore _users = new();
    private readonly ActivitySource _activities = new("RpcKerberosTests");
    private readonly ServerMetrics _metrics = new(null);
    private readonly LogonThrottle _throttle = new(new LogonThrottleOptions(), TimeProvider.System);
    private readonly FakeTimeProvider _time = new(TestKdc.Now);
    private readonly List<IDisposable> _peers = [];
    private readonly TestKdc _kdc = new();

    public static TheoryData<int, byte, bool, bool> Ways
    {
        get
        {
            var ways = new TheoryData<int, byte, bool, bool>();
            foreach (var type in (int[])[17, 18, 19, 20, 23])
            {
                foreach (var level in (byte[])[4, 5, 6])
                {
                    ways.Add(type, level, level == 5, true);
                    ways.Add(type, level, level == 6, false);
                }
            }

            return ways;
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Calls_are_protected_in_both_directions(int type, byte level, bool spnego, bool signsHeaders)
    {
        var kdc = new TestKdc((EncryptionType)type);
        using var client = new RpcSecureClient(Peer(kdc), (RpcAuthLevel)level, new KerberosRpcInitiator(kdc, spnego), signsHeaders);
        await client.BindAsync();
        for (var i = 0u; i < 5; i++)
        {
            Assert.Equal(RpcPeer.Number(i), await client.CallAsync(0, RpcPeer.Number(i)));
        }

        foreach (var length in (int[])[0, 1, 15, 16, 17, 4_100, 4_160, 4_232, 50_001])
        {
            Assert.Equal(new byte[length], await client.CallAsync(6, RpcPeer.Number((uint)length)));
        }
    }

    [Fact]
    public async Task The_caller_is_the_user_of_the_ticket()
    {
        var peer = Peer(_kdc);
        await new RpcSecureClient(peer, RpcAuthLevel.Connect, new KerberosRpcInitiator(_kdc)).BindAsync();
        Assert.Equal("alice Connect", Text((await peer.AskAsync(PipeClient.RequestPdu(5, [])))[24..]));
    }

    [Fact]
    public async Task The_private_stub_is_not_on_the_wire()
    {
        var peer = Peer(_kdc);
        using var client = new RpcSecureClient(peer, RpcAuthLevel.Privacy, new KerberosRpcInitiator(_kdc));
        await client.BindAsync();
        var stub = RandomNumberGenerator.GetBytes(64);
        var request = client.Request(0, stub);
        Assert.True(request.AsSpan().IndexOf(stub.AsSpan(0, 8)) < 0);
        var answer = await peer.AskAsync(request);
        Assert.True(answer.AsSpan().IndexOf(stub.AsSpan(0, 4)) < 0);
        Assert.Equal(stub[..4], client.Open(answer));
    }

    [Theory]
    [InlineData(18, 5)]
    [InlineData(18, 6)]
    [InlineData(20, 6)]
    [InlineData(23, 5)]
    [InlineData(23, 6)]
    public async Task Every_flipped_bit_ends_the_connection(int type, byte level)
    {
        for (var at = 0; ; at++)
        {
            var kdc = new TestKdc((EncryptionType)type);
            var peer = Peer(kdc);
            using var client = new RpcSecureClient(peer, (RpcAuthLevel)level, new KerberosRpcInitiator(kdc));
            await client.BindAsync();
            var request = client.Request(0, RpcPeer.Number(7));
            if (at == request.Length)
            {
                break;
            }

            request[at] ^= (byte)(1 << (at % 8));
            if (at is 4 or 8 or 9)
            {
                continue; // another length, or another reading of it, is another fragment
            }

            Assert.False(await peer.SendAsync(request), $"byte {at}");
            Assert.NotEqual(RpcPacketType.Response, PipeClient.Type(await peer.NextAsync()));
            Assert.False(peer.HasAnswer);
        }
    }

    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    public async Task What_is_sent_again_or_out_of_turn_is_refused(byte level)
    {
        foreach (var type in (EncryptionType[])[EncryptionType.Aes256Sha1, EncryptionType.Rc4])
        {
            var kdc = new TestKdc(type);
            var peer = Peer(kdc);
            using var client = new RpcSecureClient(peer, (RpcAuthLevel)level, new KerberosRpcInitiator(kdc));
            await client.BindAsync();
            var request = client.Request(0, RpcPeer.Number(7));
            Assert.Equal(RpcPacketType.Response, PipeClient.Type(await peer.AskAsync(request)));
            Assert.Equal(RpcStatus.SecurityPackageError, PipeClient.FaultStatus(await peer.AskAsync(request)));

            kdc = new TestKdc(type);
            peer = Peer(kdc);
            using var other = new RpcSecureClient(peer, (RpcAuthLevel)level, new KerberosRpcInitiator(kdc));
            await other.BindAsync();
            other.Request(0, RpcPeer.Number(1)); // is lost
            Assert.Equal(RpcStatus.SecurityPackageError, PipeClient.FaultStatus(await peer.AskAsync(other.Request(0, RpcPeer.Number(2)))));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_clients_proof_must_answer_the_server_whole(bool spnego)
    {
        Assert.Equal(RpcPacketType.AlterContextResponse, await LastAnswer(new KerberosRpcInitiator(_kdc, spnego: true)));
        Assert.Equal(RpcPacketType.Fault, await LastAnswer(new KerberosRpcInitiator(_kdc, spnego) { WrongBy = 1 }));
        using var other = KerberosKey.Generate(_kdc.SessionKey.Profile);
        Assert.Equal(RpcPacketType.Fault, await LastAnswer(new KerberosRpcInitiator(_kdc, spnego)
        {
            Change = message => ApReply.Write(other, TestKdc.Now, 7, null, 1),
        }));
        Assert.Equal(RpcPacketType.Fault, await LastAnswer(new KerberosRpcInitiator(_kdc, spnego) { Change = _ => _kdc.ApRequest() }));
        for (var length = 1; length < 100; length++)
        {
            Assert.Equal(RpcPacketType.Fault, await LastAnswer(new KerberosRpcInitiator(_kdc, spnego) { Change = message => message[..Math.Min(length, message.Length - 1)] }));
        }

        async Task<RpcPacketType> LastAnswer(KerberosRpcInitiator initiator)
        {
            var peer = Peer(_kdc);
            using var client = new RpcSecureClient(peer, RpcAuthLevel.Connect, initiator);
            var answer = await client.BindAsync();
            return initiator.IsAnswered ? PipeClient.Type(answer) : PipeClient.Type(await peer.AskAsync(PipeClient.RequestPdu(5, [])));
        }
    }

    [Fact]
    public async Task The_form_of_SMB_is_not_that_of_RPC()
    {
        using var context = Tickets(_kdc).ForRpc().Begin(null);
        var step = await context.AcceptAsync(_kdc.Token(), default);
        Assert.Equal((AuthenticationFailure.TicketRefused, "it does not ask for the form of RPC"), (step.Failure, step.Detail));
    }

    [Fact]
    public async Task What_was_used_for_SMB_is_a_replay_for_RPC()
    {
        var mechanism = Tickets(_kdc);
        _kdc.Asks = GssFlags.Mutual;
        var sent = _kdc.Token();
        using var first = mechanism.Begin(null);
        Assert.NotNull((await first.AcceptAsync(sent, default)).Token);
        using var second = mechanism.ForRpc().Begin(null);
        Assert.Equal("it was sent before: a replay", (await second.AcceptAsync(sent, default)).Detail);
    }

    [Fact]
    public async Task A_ticket_that_has_ended_protects_nothing_more()
    {
        _kdc.Ends = TestKdc.Now.AddMinutes(10);
        var peer = Peer(_kdc);
        using var client = new RpcSecureClient(peer, RpcAuthLevel.Integrity, new KerberosRpcInitiator(_kdc));
        await client.BindAsync();
        Assert.Equal(RpcPeer.Number(1), await client.CallAsync(0, RpcPeer.Number(1)));
        _time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(RpcStatus.SecurityPackageError, PipeClient.FaultStatus(await peer.AskAsync(client.Request(0, RpcPeer.Number(2)))));
    }

    [Fact]
    public async Task Without_a_keytab_or_without_NTLM_there_is_the_other_alone()
    {
        foreach (var spnego in (bool[])[false, true])
        {
            var nak = await new RpcSecureClient(Peer(null), RpcAuthLevel.Integrity, new KerberosRpcInitiator(_kdc)).BindAsync();
            Assert.Equal((RpcPacketType.BindNak, (byte)RpcBindRejection.AuthenticationTypeNotRecognized), (PipeClient.Type(nak), nak[16]));
            nak = await new RpcSecureClient(Peer(_kdc), RpcAuthLevel.Integrity, new NtlmRpcInitiator(spnego: spnego)).BindAsync();
            Assert.Equal(RpcPacketType.BindNak, PipeClient.Type(nak));
        }
    }

    public void Dispose()
    {
        _peers.ForEach(peer => peer.Dispose());
        _activities.Dispose();
        _metrics.Dispose();
    }

    private static string Text(byte[] stub) => Encoding.Unicode.GetString(stub, 12, stub.Length - 14);

    private RpcPeer Peer(TestKdc? kdc)
    {
        var accounts = new AccountDirectory("FILES", _users);
        var parts = new ServerParts(
            SettingsFactory.Create(new SmbServerOptions { TimeProvider = _time }), new SpnegoAuthenticator([], accounts), accounts, _throttle, null,
            NullLogger.Instance, _metrics, _activities)
        {
            RpcAuthenticators = new RpcAuthenticators(null, kdc is null ? null : Tickets(kdc), accounts),
        };
        var session = RpcCallers.Of(accounts.Create(new SmbIdentity { UserName = "alice" }, "NTLM"), 1, IPAddress.Loopback);
        var peer = new RpcPeer(new RpcServer(new RpcLimits(), new RpcSecurity(parts), e => Assert.Fail(e.ToString())), caller: session);
        _peers.Add(peer);
        return peer;
    }

    private KerberosMechanism Tickets(TestKdc kdc)
    {
        var keytab = new Keytab([new KeytabEntry(TestKdc.Realm, new PrincipalName(2, ["cifs", "files.test.example"]), 2, kdc.ServiceKey)]);
        var tickets = new TicketReader(() => new(keytab), new KerberosSettings { AllowRc4 = true }, _time);
        return new KerberosMechanism(tickets, new TicketAccounts(_users, new AccountDirectory("FILES", _users)));
    }
}
