using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Authentication.Ntlm;
using Smb3.Embedded.Security.Authentication.Spnego;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Sessions.Shares;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Authentication;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Negotiate;
using Smb3.Embedded.Wire.Session;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>The log says why somebody was turned away: one line, with the address, the name and what to do about it.</summary>
public sealed class RefusalTests : ProtocolTest
{
    private static readonly byte[] Kerberos = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 0x01, 0x02, 0x02];

    [Fact]
    public async Task A_wrong_password()
    {
        await RefusedAsync(User(TestServer.Alice, "wrong"));
        Says(100, "CORP\\alice", "127.0.0.1", "TESTCLIENT", "wrong password");
    }

    [Fact]
    public async Task A_user_whom_nobody_knows()
    {
        await RefusedAsync(User("mallory", "x"));
        Says(101, "CORP\\mallory", "127.0.0.1", "no such user", "AllowGuest");
    }

    [Fact]
    public async Task A_disabled_account()
    {
        Start(new TestServerOptions
        {
            Users = users =>
            {
                ((InMemoryUserStore)users).Add("off", TestServer.Password, disabled: true);
                return users;
            },
        });
        await RefusedAsync(User("off", TestServer.Password), NtStatus.AccountDisabled);
        Says(102, "CORP\\off", "disabled");
    }

    [Fact]
    public async Task NTLMv1()
    {
        await RefusedAsync(new NtlmInitiatorOptions { UserName = "alice", Password = "x", UseNtlmV1 = true, SendMechListMic = false });
        Says(103, "alice", "NTLMv1", "LmCompatibilityLevel");
    }

    [Fact]
    public async Task No_session_security()
    {
        await RefusedAsync(new NtlmInitiatorOptions
        {
            UserName = "alice",
            Password = TestServer.Password,
            Flags = NtlmInitiatorOptions.DefaultFlags & ~NtlmFlags.ExtendedSessionSecurity,
        });
        Says(104, "127.0.0.1", "session security");
    }

    [Fact]
    public async Task Only_Kerberos()
    {
        var client = Server.Connect();
        await client.NegotiateAsync();
        var body = RequestBody.SessionSetup(
            NegTokenInit.Write([Kerberos], [1, 2, 3]), SessionSetupRequestFlags.None, Smb2SecurityMode.SigningEnabled, default, 0);
        (await client.CallAsync(new SmbTestRequest { Command = Smb2Command.SessionSetup, Body = body })).Expect(NtStatus.LogonFailure);
        Says(105, "127.0.0.1", "Kerberos", "NTLM");
    }

    [Fact]
    public async Task A_throttled_address_and_until_when()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 2, 3, 4, 0, TimeSpan.Zero));
        Start(new TestServerOptions
        {
            Settings = new ServerSettings { TimeProvider = time },
            LogonThrottle = new LogonThrottleOptions { FailuresPerAddress = 1, FirstDelay = TimeSpan.Zero },
        });
        await RefusedAsync(User(TestServer.Alice, "wrong"));
        await RefusedAsync(User(TestServer.Bob, TestServer.Password));
        Says(106, "127.0.0.1", "2026-01-02 03:09:00Z", "FailuresPerAddress");
    }

    [Fact]
    public async Task A_throttled_name_when_the_exchange_ends()
    {
        Start(new TestServerOptions { LogonThrottle = new LogonThrottleOptions { FailuresPerAddress = 1, FirstDelay = TimeSpan.Zero } });
        var client = Server.Connect();
        await client.NegotiateAsync();
        var ntlm = new NtlmInitiator(User(TestServer.Bob, TestServer.Password));
        var first = await SetupAsync(client, 0, ntlm.Start());
        await RefusedAsync(User(TestServer.Alice, "wrong"));
        var proof = ntlm.Next(SessionSetupAnswer.Parse(first.Message).SecurityBuffer);
        (await SetupAsync(client, first.SessionId, proof)).Expect(NtStatus.LogonFailure);
        Says(106, "CORP\\bob", "127.0.0.1");
    }

    [Fact]
    public async Task A_wrong_MIC()
    {
        await RefusedAsync(
            new NtlmInitiatorOptions
            {
                UserName = "alice",
                Password = TestServer.Password,
                Tamper = message => message[NtlmAuthenticateMessage.MicOffset] ^= 1,
            },
            NtStatus.AccessDenied);
        Says(107, LogLevel.Warning, "alice", "127.0.0.1", "MIC");
    }

    [Fact]
    public async Task An_anonymous_client()
    {
        await RefusedAsync(new NtlmInitiatorOptions { UserName = "" }, NtStatus.AccessDenied);
        Says(109, "127.0.0.1", "AllowAnonymous");
    }

    [Fact]
    public async Task A_guest_where_signing_is_a_must()
    {
        Start(new ServerSettings { AllowGuest = true, SigningRequired = true });
        await RefusedAsync(User("somebody", "x"), NtStatus.AccessDenied);
        Says(110, "guest", "127.0.0.1", "Signing");
    }

    [Fact]
    public async Task A_client_that_cannot_encrypt()
    {
        Start(new ServerSettings { Encryption = EncryptionPolicy.Required });
        await RefusedAsync(User(TestServer.Alice, TestServer.Password), NtStatus.AccessDenied, Speaking(Smb2Dialect.Smb210));
        Says(111, "127.0.0.1", "2.1", "Encryption");
    }

    [Fact]
    public async Task A_logon_that_the_host_refuses()
    {
        Start(new TestServerOptions { Hooks = new NoHooks() });
        await RefusedAsync(User(TestServer.Alice, TestServer.Password), NtStatus.AccessDenied);
        Says(112, "alice", "OnLogonAsync");
    }

    [Fact]
    public async Task More_sessions_than_a_connection_may_have()
    {
        Start(new ServerSettings { Limits = new ServerLimits { MaxSessionsPerConnection = 1 } });
        var session = await Server.LogOnAsync();
        await new SmbTestSession(session.Connection).LogOnAsync(
            User(TestServer.Bob, TestServer.Password), expected: NtStatus.InsufficientResources);
        Says(113, "127.0.0.1", "MaxSessionsPerConnection");
    }

    [Fact]
    public async Task Another_user_on_a_channel()
    {
        var session = await Server.LogOnAsync();
        var channel = Server.Connect(new SmbTestClientOptions { ClientGuid = session.Connection.Options.ClientGuid });
        await channel.NegotiateAsync();
        await session.BindAsync(channel, TestServer.Bob, TestServer.Password, NtStatus.AccessDenied);
        Says(114, "alice", "bob", "127.0.0.1");
    }

    [Fact]
    public async Task Only_SMB1()
    {
        var client = Server.Connect();
        await client.SendFrameAsync(RequestBody.Smb1Negotiate("LANMAN1.0", "NT LM 0.12"));
        await client.WaitForCloseAsync();
        Says(120, "127.0.0.1", "SMB1");
    }

    [Fact]
    public async Task SMB1_that_is_no_negotiation()
    {
        var client = Server.Connect();
        await client.SendFrameAsync((byte[])[0xFF, .. "SMB"u8, 0x73, .. new byte[30]]);
        await client.WaitForCloseAsync();
        Says(120, "127.0.0.1", "SMB1");
        Assert.Empty(Lines(123));
    }

    [Fact]
    public async Task No_dialect_in_common()
    {
        await NotNegotiatedAsync((Smb2Dialect)0x0222, (Smb2Dialect)0x0224);
        Says(121, "127.0.0.1", "dialect", "0x0222, 0x0224", "2.0.2", "3.1.1");
    }

    [Fact]
    public async Task A_dialect_below_the_least()
    {
        Start(new ServerSettings { MinDialect = Smb2Dialect.Smb300 });
        await NotNegotiatedAsync(Smb2Dialect.Smb202, Smb2Dialect.Smb210);
        Says(122, "127.0.0.1", "2.1", "MinDialect 3.0");
    }

    [Fact]
    public async Task Negotiate_contexts_that_do_not_do()
    {
        var client = Server.Connect();
        var body = RequestBody.Negotiate(
            [Smb2Dialect.Smb311], Guid.NewGuid(), contexts: (ref NegotiateContextWriter writer) => writer.Encryption([Smb2Cipher.Aes128Gcm]));
        (await client.CallAsync(new SmbTestRequest { Command = Smb2Command.Negotiate, Body = body })).Expect(NtStatus.InvalidParameter);
        Says(124, "127.0.0.1", "NEGOTIATE");
    }

    [Fact]
    public async Task A_negotiation_that_somebody_changed()
    {
        var tree = await Server.ConnectToAsync("IPC$", Speaking(Smb2Dialect.Smb300));
        await Assert.ThrowsAsync<EndOfStreamException>(() => tree.CallAsync(
            Smb2Command.Ioctl,
            RequestBody.Ioctl(FsControlCode.ValidateNegotiateInfo, SmbTestFile.Previous, new byte[26], maxOutput: 24)));
        Says(125, LogLevel.Warning, "127.0.0.1");
    }

    [Fact]
    public async Task A_wrong_signature()
    {
        var tree = await Server.ConnectToAsync();
        var request = tree.Request(Smb2Command.Create, RequestBody.Create("x")) with { AfterSigning = message => message[^1] ^= 1 };
        (await tree.Session.CallAsync(request)).Expect(NtStatus.AccessDenied);
        Says(130, LogLevel.Warning, "CREATE", "alice", "127.0.0.1", "signature");
    }

    [Fact]
    public async Task A_wrong_signature_of_a_channel_that_is_being_bound()
    {
        var session = await Server.LogOnAsync();
        var channel = Server.Connect(new SmbTestClientOptions { ClientGuid = session.Connection.Options.ClientGuid });
        await channel.NegotiateAsync();
        var body = RequestBody.SessionSetup(
            new NtlmInitiator(User(TestServer.Alice, "x")).Start(), SessionSetupRequestFlags.Binding, Smb2SecurityMode.SigningEnabled, default, 0);
        var request = new SmbTestRequest
        {
            Command = Smb2Command.SessionSetup, Body = body, SessionId = session.SessionId, Flags = Smb2HeaderFlags.Signed,
        };
        (await channel.CallAsync(request)).Expect(NtStatus.AccessDenied);
        Says(130, LogLevel.Warning, "SESSION_SETUP", "alice");
    }

    [Fact]
    public async Task A_request_that_is_not_signed_or_not_encrypted()
    {
        Start(new ServerSettings { SigningRequired = true });
        var tree = await Server.ConnectToAsync();
        (await tree.Session.CallAsync(tree.Request(Smb2Command.Create, RequestBody.Create("x")) with { Sign = false }))
            .Expect(NtStatus.AccessDenied);
        Says(131, "CREATE", "alice", "127.0.0.1", "not signed");
        var sealedTree = await tree.Session.ConnectAsync("sealed");
        var call = await tree.Session.Connection.SendAsync(
            sealedTree.Request(Smb2Command.Create, RequestBody.Create("x")) with { Sign = true }, new SmbTestFrameOptions { Encrypt = false });
        await call.ExpectAsync(NtStatus.AccessDenied);
        Says(132, "CREATE", "alice", "sealed", "not encrypted");
    }

    [Fact]
    public async Task A_share_that_is_not_there()
    {
        var session = await Server.LogOnAsync();
        Assert.Equal(NtStatus.BadNetworkName, await session.TryConnectAsync("no-such-share"));
        Says(140, "alice", "127.0.0.1", "no-such-share");
    }

    [Fact]
    public async Task A_share_that_the_user_may_not_use()
    {
        Server.Graph.Shares.TryAdd(new Share
        {
            Name = "closed",
            Volume = Server.Volume,
            Permissions = new SharePermissions(
                new Dictionary<string, FileAccessMask>(), new Dictionary<string, FileAccessMask>(), FileAccessMask.None),
        });
        var session = await Server.LogOnAsync();
        Assert.Equal(NtStatus.AccessDenied, await session.TryConnectAsync("closed"));
        Says(31, "alice", "127.0.0.1", "closed", "Users");
    }

    [Fact]
    public async Task A_share_without_guests()
    {
        Start(new ServerSettings { AllowGuest = true });
        var session = await Server.LogOnAsync(user: "somebody");
        Assert.Equal(NtStatus.AccessDenied, await session.TryConnectAsync("data"));
        Says(142, "guest", "data", "AllowGuest");
    }

    [Fact]
    public async Task A_share_that_demands_encryption()
    {
        var session = await Server.LogOnAsync(Speaking(Smb2Dialect.Smb210));
        Assert.Equal(NtStatus.AccessDenied, await session.TryConnectAsync("sealed"));
        Says(143, "alice", "sealed", "encryption", "2.1");
    }

    [Fact]
    public async Task A_share_that_the_host_refuses_and_one_that_is_full()
    {
        Start(new TestServerOptions { Hooks = new NoTrees() });
        Server.Graph.Shares.TryAdd(new Share { Name = "small", Volume = Server.Volume, MaxUsers = 0 });
        var session = await Server.LogOnAsync();
        Assert.Equal(NtStatus.AccessDenied, await session.TryConnectAsync("data"));
        Says(144, "alice", "data", "OnTreeConnectAsync");
        Assert.Equal(NtStatus.RequestNotAccepted, await session.TryConnectAsync("small"));
        Says(145, "alice", "small", "MaxUsers");
    }

    [Fact]
    public async Task More_tree_connects_than_a_session_may_have()
    {
        Start(new ServerSettings { Limits = new ServerLimits { MaxTreeConnectsPerSession = 1 } });
        var tree = await Server.ConnectToAsync();
        Assert.Equal(NtStatus.InsufficientResources, await tree.Session.TryConnectAsync("data"));
        Says(146, "alice", "data", "MaxTreeConnectsPerSession");
    }

    [Theory]
    [InlineData(1, 100, 12, "MaxConnections", LogLevel.Warning)]
    [InlineData(100, 1, 151, "MaxConnectionsPerAddress", LogLevel.Information)]
    public async Task Too_many_connections(int all, int perAddress, int id, string setting, LogLevel level)
    {
        Start(new ServerSettings { Limits = new ServerLimits { MaxConnections = all, MaxConnectionsPerAddress = perAddress } });
        await Server.LogOnAsync();
        await Server.Connect().WaitForCloseAsync();
        await TestServer.UntilAsync(() => Lines(id).Any(), "the log says it");
        Says(id, level, "127.0.0.1", setting);
    }

    [Fact]
    public async Task A_connection_that_the_host_refuses()
    {
        Start(new TestServerOptions { Hooks = new NoConnections() });
        await Server.Connect().WaitForCloseAsync();
        await TestServer.UntilAsync(() => Lines(152).Any(), "the log says it");
        Says(152, "127.0.0.1", "OnConnectingAsync");
    }

    [Fact]
    public async Task A_client_that_does_not_log_on()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        Start(new ServerSettings { TimeProvider = time });
        var client = Server.Connect();
        await client.NegotiateAsync();
        time.Advance(TimeSpan.FromMinutes(1));
        await client.WaitForCloseAsync();
        await TestServer.UntilAsync(() => Lines(153).Any(), "the log says it");
        Says(153, "127.0.0.1", "AuthenticationTimeout");
    }

    [Trait("Transport", "own")] // bytes below the messages
    [Fact]
    public async Task A_port_scan_is_one_line_a_minute()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        Start(new ServerSettings { TimeProvider = time });
        for (var i = 0; i < 40; i++)
        {
            await Server.Connect(from: IPAddress.Parse("192.0.2.1")).DisposeAsync();
            var garbage = Server.Connect(from: IPAddress.Parse("192.0.2.1"));
            await garbage.SendBytesAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());
            await garbage.WaitForCloseAsync();
        }

        await TestServer.UntilAsync(() => Server.Graph.Connections.Count == 0, "all are gone");
        var line = Assert.Single(Server.Log, entry => entry.Text.Contains("192.0.2.1", StringComparison.Ordinal));
        Assert.Equal((123, LogLevel.Information), (line.EventId, line.Level));
        time.Advance(TimeSpan.FromMinutes(1));
        await TestServer.UntilAsync(() => Lines(123).Count() == 2, "the others are counted");
        Assert.Contains("(and 78 more like it", Lines(123).Last().Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_tries_an_old_password_again_and_again_is_one_line_a_minute()
    {
        for (var i = 0; i < 20; i++)
        {
            await RefusedAsync(User(TestServer.Alice, "wrong"));
        }

        Assert.Single(Lines(100));
    }

    [Fact]
    public async Task What_a_client_calls_itself_cannot_forge_a_line()
    {
        const string Evil = "x\r\ninfo: forged\u001b[2J\u202E";
        await RefusedAsync(new NtlmInitiatorOptions { UserName = Evil, Password = "x", DomainName = Evil, WorkstationName = Evil });
        var session = await Server.LogOnAsync();
        await session.TryConnectAsync(Evil);
        var mallory = Server.Connect();
        await mallory.NegotiateAsync();
        await new SmbTestSession(mallory).LogOnAsync(
            new NtlmInitiatorOptions { UserName = "alice", Password = TestServer.Password, DomainName = Evil, WorkstationName = Evil });
        Assert.Equal(3, Server.Log.Count(entry => entry.Text.Contains("forged", StringComparison.Ordinal)));
        Assert.All(Server.Log, entry => Assert.DoesNotContain(entry.Text, c => char.IsControl(c) || c == '\u202E'));
    }

    private static NtlmInitiatorOptions User(string name, string password) =>
        new() { UserName = name, Password = password, DomainName = "CORP" };

    private static async Task<SmbTestResponse> SetupAsync(SmbTestConnection connection, ulong sessionId, byte[] token) =>
        await connection.CallAsync(new SmbTestRequest
        {
            Command = Smb2Command.SessionSetup,
            Body = RequestBody.SessionSetup(token, SessionSetupRequestFlags.None, Smb2SecurityMode.SigningEnabled, default, 0),
            SessionId = sessionId,
        });

    private async Task RefusedAsync(
        NtlmInitiatorOptions user, NtStatus status = NtStatus.LogonFailure, SmbTestClientOptions? options = null)
    {
        await using var client = Server.Connect(options);
        await client.NegotiateAsync();
        await new SmbTestSession(client).LogOnAsync(user, expected: status);
    }

    private async Task NotNegotiatedAsync(params Smb2Dialect[] dialects)
    {
        var client = Server.Connect();
        var body = RequestBody.Negotiate(dialects, Guid.NewGuid());
        (await client.CallAsync(new SmbTestRequest { Command = Smb2Command.Negotiate, Body = body })).Expect(NtStatus.NotSupported);
    }

    private IEnumerable<LogEntry> Lines(int id) => Server.Log.Where(entry => entry.EventId == id);

    private void Says(int id, params string[] words) => Says(id, LogLevel.Information, words);

    private void Says(int id, LogLevel level, params string[] words)
    {
        var line = Assert.Single(Lines(id));
        Assert.Equal(level, line.Level);
        Assert.All(words, word => Assert.Contains(word, line.Text, StringComparison.OrdinalIgnoreCase));
    }

    private sealed class NoHooks : SmbServerHooks
    {
        public override ValueTask<bool> OnLogonAsync(SmbSessionInfo session, CancellationToken cancellationToken) => new(false);
    }

    private sealed class NoTrees : SmbServerHooks
    {
        public override ValueTask<bool> OnTreeConnectAsync(SmbSessionInfo session, string shareName, CancellationToken cancellationToken) =>
            new(shareName != "data");
    }

    private sealed class NoConnections : SmbServerHooks
    {
        public override ValueTask<bool> OnConnectingAsync(SmbConnectionInfo connection, CancellationToken cancellationToken) => new(false);
    }
}
