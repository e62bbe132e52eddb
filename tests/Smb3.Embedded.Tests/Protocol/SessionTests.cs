using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Authentication.Ntlm;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Authentication;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

public sealed class SessionTests : ProtocolTest
{
    [Fact]
    public async Task A_wrong_password_is_a_logon_failure_and_leaves_no_session()
    {
        var client = Server.Connect();
        await client.NegotiateAsync();
        var session = new SmbTestSession(client);
        await session.LogOnAsync(User(TestServer.Alice, "wrong"), expected: NtStatus.LogonFailure);
        Assert.Empty(Server.Graph.Sessions);
        (await session.CallAsync(new SmbTestRequest { Command = Smb2Command.TreeConnect, Session = session }))
            .Expect(NtStatus.UserSessionDeleted);
        await client.LogOnAsync(TestServer.Alice, TestServer.Password);
    }

    [Fact]
    public async Task An_unknown_user_is_a_logon_failure_too()
    {
        var client = Server.Connect();
        await client.NegotiateAsync();
        await new SmbTestSession(client).LogOnAsync(User("mallory", "x"), expected: NtStatus.LogonFailure);
        Assert.Empty(Server.Graph.Sessions);
    }

    [Fact]
    public async Task Nobody_is_anonymous_or_a_guest_unless_the_host_says_so()
    {
        var client = Server.Connect();
        await client.NegotiateAsync();
        await new SmbTestSession(client).LogOnAsync(User(string.Empty, string.Empty), expected: NtStatus.AccessDenied);
        Assert.Empty(Server.Graph.Sessions);
    }

    [Fact]
    public async Task An_anonymous_session_has_no_key_and_no_files()
    {
        Start(new ServerSettings { AllowAnonymous = true });
        var session = await Server.LogOnAsync(user: string.Empty);
        Assert.Equal(Smb2SessionFlags.IsNull, session.Flags);
        Assert.Null(session.Keys);
        Assert.Equal(NtStatus.AccessDenied, await session.TryConnectAsync("data"));
        Assert.Equal(NtStatus.Success, await session.TryConnectAsync("IPC$"));
    }

    /// <summary>MS-SMB2 3.3.5.2.4: what is signed is verified, whoever signs it.</summary>
    [Theory]
    [InlineData((ushort)Smb2Dialect.Smb202)]
    [InlineData((ushort)Smb2Dialect.Smb210)]
    [InlineData((ushort)Smb2Dialect.Smb300)]
    [InlineData((ushort)Smb2Dialect.Smb302)]
    [InlineData((ushort)Smb2Dialect.Smb311)]
    public async Task An_anonymous_client_may_sign_and_is_refused_what_it_signs_wrongly(ushort dialect)
    {
        Start(new ServerSettings { AllowAnonymous = true });
        var session = await Server.LogOnAsync(new SmbTestClientOptions { Dialects = [(Smb2Dialect)dialect] }, user: string.Empty);
        var connect = session.Request(Smb2Command.TreeConnect, RequestBody.TreeConnect(@"\\server\IPC$"));
        (await session.CallAsync(connect)).Expect(NtStatus.Success);
        var signed = (await session.CallAsync(connect with { Sign = true })).Expect(NtStatus.Success);
        Assert.True(signed.HasValidSignature(session.SignerOn(session.Connection)));
        var wrong = await session.Connection.CallAsync(
            connect with { Sign = true }, new SmbTestFrameOptions { Tamper = frame => { frame[^1] ^= 1; return frame; } });
        Assert.Equal(NtStatus.AccessDenied, wrong.Status);
        (await session.CallAsync(connect with { Sign = true })).Expect(NtStatus.Success);
    }

    [Fact]
    public async Task A_guest_has_no_key_to_sign_with_and_its_connection_lives_on()
    {
        Start(new ServerSettings { AllowGuest = true });
        var session = await Server.LogOnAsync(user: "somebody");
        var connect = session.Request(Smb2Command.TreeConnect, RequestBody.TreeConnect(@"\\server\open"));
        var signed = await session.CallAsync(connect with { Flags = connect.Flags | Smb2HeaderFlags.Signed });
        Assert.Equal(NtStatus.AccessDenied, signed.Status);
        (await session.CallAsync(connect)).Expect(NtStatus.Success);
    }

    [Fact]
    public async Task A_guest_may_use_what_is_open_to_guests()
    {
        Start(new ServerSettings { AllowGuest = true });
        var session = await Server.LogOnAsync(user: "somebody");
        Assert.Equal(Smb2SessionFlags.IsGuest, session.Flags);
        Assert.Equal(NtStatus.AccessDenied, await session.TryConnectAsync("data"));
        var tree = await session.ConnectAsync("open");
        var file = await tree.OpenAsync("guest.txt");
        await file.WriteAsync(0, [1]);
        await file.CloseAsync();
    }

    [Fact]
    public async Task A_guest_stays_outside_where_signing_is_a_must()
    {
        Start(new ServerSettings { AllowGuest = true, SigningRequired = true });
        var client = Server.Connect();
        await client.NegotiateAsync();
        await new SmbTestSession(client).LogOnAsync(User("somebody", "x"), expected: NtStatus.AccessDenied);
        Assert.Empty(Server.Graph.Sessions);
    }

    /// <summary>
    /// MS-SMB2 3.3.5.5.3 with EncryptData and RejectUnencryptedAccess: neither a guest nor an anonymous client encrypts (3.2.4.1.8), so neither
    /// gets in, in any dialect; the connection serves others.
    /// </summary>
    [Theory]
    [InlineData("somebody", (ushort)Smb2Dialect.Smb300)]
    [InlineData("somebody", (ushort)Smb2Dialect.Smb311)]
    [InlineData("", (ushort)Smb2Dialect.Smb300)]
    [InlineData("", (ushort)Smb2Dialect.Smb311)]
    public async Task Who_has_no_key_of_its_own_stays_outside_where_sealing_is_a_must(string user, ushort dialect)
    {
        Start(new ServerSettings { AllowGuest = true, AllowAnonymous = true, Encryption = EncryptionPolicy.Required });
        var client = Server.Connect(new SmbTestClientOptions { Dialects = [(Smb2Dialect)dialect] });
        await client.NegotiateAsync();
        await new SmbTestSession(client).LogOnAsync(User(user, string.Empty), expected: NtStatus.AccessDenied);
        Assert.Empty(Server.Graph.Sessions);
        var session = await client.LogOnAsync(TestServer.Alice, TestServer.Password);
        Assert.True(session.EncryptsAll);

        // The owner of a session does not go on as somebody without a key.
        await session.LogOnAsync(User(string.Empty, string.Empty), expected: NtStatus.AccessDenied);
    }

    [Theory]
    [InlineData("somebody")]
    [InlineData("")]
    public async Task A_share_that_seals_is_closed_to_who_has_no_key_of_its_own(string user)
    {
        Start(new ServerSettings { AllowGuest = true, AllowAnonymous = true });
        var session = await Server.LogOnAsync(user: user);
        Assert.Equal(NtStatus.AccessDenied, await session.TryConnectAsync("sealed"));
        Assert.Equal(NtStatus.Success, await session.TryConnectAsync("IPC$"));
    }

    [Fact]
    public async Task A_known_user_with_a_wrong_password_does_not_become_a_guest()
    {
        Start(new ServerSettings { AllowGuest = true });
        var client = Server.Connect();
        await client.NegotiateAsync();
        await new SmbTestSession(client).LogOnAsync(User(TestServer.Alice, "wrong"), expected: NtStatus.LogonFailure);
    }

    [Fact]
    public async Task A_session_authenticates_again_and_keeps_its_keys_and_opens()
    {
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("file.txt");
        await tree.Session.LogOnAsync(TestServer.Alice, TestServer.Password);
        await file.WriteAsync(0, [1, 2]);
        Assert.Equal([1, 2], await file.ReadAsync(0, 10));
        Assert.Single(Server.Graph.Sessions);
    }

    [Fact]
    public async Task A_failed_re_authentication_ends_the_session_and_closes_its_files()
    {
        var tree = await Server.ConnectToAsync();
        await tree.OpenAsync("file.txt");
        await tree.Session.LogOnAsync(User(TestServer.Alice, "wrong"), expected: NtStatus.LogonFailure);
        Assert.Empty(Server.Graph.Sessions);
        Assert.Equal(0, Server.Volume.OpenCount);
    }

    [Fact]
    public async Task A_re_authentication_with_a_wrong_signature_is_refused_and_harms_nobody()
    {
        var tree = await Server.ConnectToAsync();
        var session = tree.Session;
        var token = new NtlmInitiator(User(TestServer.Alice, TestServer.Password)).Start();
        var request = session.Request(Smb2Command.SessionSetup, RequestBody.SessionSetup(token));
        (await session.CallAsync(request with { AfterSigning = message => message[^1] ^= 1 })).Expect(NtStatus.AccessDenied);
        Assert.Equal(NtStatus.Success, await tree.TryOpenAsync("file.txt", CreateDisposition.OpenIf));
    }

    [Fact]
    public async Task A_session_encrypted_by_another_session_is_not_set_up_again()
    {
        var client = Server.Connect();
        var alice = await client.LogOnAsync(TestServer.Alice, TestServer.Password);
        var bob = await client.LogOnAsync(TestServer.Bob, TestServer.Password);
        var token = new NtlmInitiator(User(TestServer.Alice, "wrong")).Start();
        var request = alice.Request(Smb2Command.SessionSetup, RequestBody.SessionSetup(token)) with { Sign = false };
        var response = await client.CallAsync(request, new SmbTestFrameOptions { Encrypt = true, EncryptAs = bob });
        response.Expect(NtStatus.AccessDenied);
        Assert.Equal(2, Server.Graph.Sessions.Count);
    }

    [Fact]
    public async Task The_previous_session_of_the_same_user_ends_with_its_files()
    {
        var old = await Server.ConnectToAsync();
        await old.OpenAsync("file.txt", share: ShareAccess.None);
        var client = Server.Connect();
        var session = await client.LogOnAsync(TestServer.Alice, TestServer.Password, old.Session.SessionId);
        var tree = await session.ConnectAsync("data");
        await (await tree.OpenAsync("file.txt", share: ShareAccess.None)).CloseAsync();
        (await old.CallAsync(Smb2Command.Create, RequestBody.Create("x"))).Expect(NtStatus.UserSessionDeleted);
    }

    [Fact]
    public async Task Another_users_session_is_not_ended_as_a_previous_one()
    {
        var old = await Server.ConnectToAsync();
        var client = Server.Connect();
        await client.LogOnAsync(TestServer.Bob, TestServer.Password, old.Session.SessionId);
        Assert.Equal(NtStatus.Success, await old.TryOpenAsync("file.txt", CreateDisposition.OpenIf));
    }

    [Fact]
    public async Task Logoff_closes_everything_and_the_session_is_gone()
    {
        var tree = await Server.ConnectToAsync();
        await tree.OpenAsync("file.txt");
        await tree.Session.LogOffAsync();
        Assert.Equal(0, Server.Volume.OpenCount);
        Assert.Empty(Server.Graph.Sessions);
        (await tree.CallAsync(Smb2Command.Create, RequestBody.Create("x"))).Expect(NtStatus.UserSessionDeleted);
        await tree.Session.Connection.LogOnAsync(TestServer.Alice, TestServer.Password);
    }

    [Fact]
    public async Task Sessions_of_one_connection_are_strangers_to_each_other()
    {
        var client = Server.Connect();
        var alice = await client.LogOnAsync(TestServer.Alice, TestServer.Password);
        var bob = await client.LogOnAsync(TestServer.Bob, TestServer.Password);
        Assert.NotEqual(alice.SessionId, bob.SessionId);
        var tree = await alice.ConnectAsync("data");
        var file = await tree.OpenAsync("file.txt");
        (await bob.CallAsync(Smb2Command.Read, RequestBody.Read(file.FileId, 0, 1), tree.TreeId)).Expect(NtStatus.NetworkNameDeleted);
        var bobs = await bob.ConnectAsync("data");
        (await bobs.CallAsync(Smb2Command.Read, RequestBody.Read(file.FileId, 0, 1))).Expect(NtStatus.FileClosed);

        // Alice's id signed with bob's key.
        (await client.CallAsync(bob.Request(Smb2Command.Logoff, RequestBody.Empty()) with { SessionId = alice.SessionId }))
            .Expect(NtStatus.AccessDenied);
        await alice.LogOffAsync();
        Assert.Equal(NtStatus.Success, await bobs.TryOpenAsync("file.txt"));
    }

    [Fact]
    public async Task An_id_that_no_session_has_is_a_deleted_session()
    {
        var session = await Server.LogOnAsync();
        (await session.CallAsync(session.Request(Smb2Command.TreeConnect, RequestBody.TreeConnect(@"\\s\data")) with { SessionId = 4711 }))
            .Expect(NtStatus.UserSessionDeleted);
        (await session.CallAsync(session.Request(Smb2Command.SessionSetup, RequestBody.SessionSetup([1])) with { SessionId = 4711 }))
            .Expect(NtStatus.UserSessionDeleted);
        Assert.Single(Server.Graph.Sessions);
    }

    [Fact]
    public async Task A_session_in_progress_serves_nothing()
    {
        var client = Server.Connect();
        await client.NegotiateAsync();
        var token = new NtlmInitiator(User(TestServer.Alice, TestServer.Password)).Start();
        var response = await client.CallAsync(
            new SmbTestRequest { Command = Smb2Command.SessionSetup, Body = RequestBody.SessionSetup(token) });
        response.Expect(NtStatus.MoreProcessingRequired);
        foreach (var (command, body) in new[]
        {
            (Smb2Command.TreeConnect, RequestBody.TreeConnect(@"\\s\data")),
            (Smb2Command.Logoff, RequestBody.Empty()),
            (Smb2Command.Create, RequestBody.Create("x")),
        })
        {
            (await client.CallAsync(new SmbTestRequest { Command = command, Body = body, SessionId = response.SessionId }))
                .Expect(NtStatus.UserSessionDeleted);
        }
    }

    [Fact]
    public async Task Tokens_that_make_no_sense_are_refused_and_leave_nothing()
    {
        var client = Server.Connect();
        await client.NegotiateAsync();
        foreach (var token in new byte[][] { [], [1], [0x60, 0x84, 0xFF, 0xFF, 0xFF, 0xFF], new byte[300] })
        {
            var response = await client.CallAsync(
                new SmbTestRequest { Command = Smb2Command.SessionSetup, Body = RequestBody.SessionSetup(token) });
            Assert.True(response.Status.IsError(), response.Status.ToString());
        }

        await new SmbTestSession(client).LogOnAsync(
            new NtlmInitiatorOptions { UserName = TestServer.Alice, Password = TestServer.Password, Tamper = message => message[72] ^= 1 },
            expected: NtStatus.AccessDenied);
        await TestServer.UntilAsync(() => Server.Graph.Sessions.Count == 0, "no session is left");
    }

    [Fact]
    public async Task Half_a_logon_ends_with_its_connection()
    {
        var client = Server.Connect();
        await client.NegotiateAsync();
        var token = new NtlmInitiator(User(TestServer.Alice, TestServer.Password)).Start();
        await client.CallAsync(new SmbTestRequest { Command = Smb2Command.SessionSetup, Body = RequestBody.SessionSetup(token) });
        Assert.Single(Server.Graph.Sessions);
        await client.DisposeAsync();
        await TestServer.UntilAsync(() => Server.Graph.Sessions.Count == 0, "the half session is gone");
    }

    [Fact]
    public async Task Logons_are_limited_per_connection()
    {
        Start(new ServerSettings { Limits = new ServerLimits { MaxSessionsPerConnection = 2 } });
        var client = Server.Connect();
        await client.LogOnAsync(TestServer.Alice, TestServer.Password);
        var second = await client.LogOnAsync(TestServer.Alice, TestServer.Password);
        await new SmbTestSession(client).LogOnAsync(User(TestServer.Alice, TestServer.Password), expected: NtStatus.InsufficientResources);
        await second.LogOffAsync();
        await client.LogOnAsync(TestServer.Alice, TestServer.Password);
    }

    /// <summary>
    /// MS-SMB2 3.3.5.5.3: a client speaks one dialect of SMB 3 as long as it has sessions; who comes back with another one is logged on only when
    /// the old session is gone, whether or not it says which one that was.
    /// </summary>
    [Theory]
    [InlineData((ushort)Smb2Dialect.Smb311, (ushort)Smb2Dialect.Smb300, false)]
    [InlineData((ushort)Smb2Dialect.Smb311, (ushort)Smb2Dialect.Smb302, false)]
    [InlineData((ushort)Smb2Dialect.Smb300, (ushort)Smb2Dialect.Smb311, false)]
    [InlineData((ushort)Smb2Dialect.Smb302, (ushort)Smb2Dialect.Smb300, false)]
    [InlineData((ushort)Smb2Dialect.Smb300, (ushort)Smb2Dialect.Smb300, true)]
    [InlineData((ushort)Smb2Dialect.Smb311, (ushort)Smb2Dialect.Smb311, true)]
    [InlineData((ushort)Smb2Dialect.Smb311, (ushort)Smb2Dialect.Smb210, true)]
    [InlineData((ushort)Smb2Dialect.Smb210, (ushort)Smb2Dialect.Smb311, true)]
    [InlineData((ushort)Smb2Dialect.Smb202, (ushort)Smb2Dialect.Smb210, true)]
    public async Task A_client_that_comes_back_with_another_dialect_has_no_new_session_before_the_old_one_is_gone(
        ushort before, ushort after, bool accepted)
    {
        var client = new SmbTestClientOptions { Dialects = [(Smb2Dialect)before] };
        var old = await Server.LogOnAsync(client);
        var tree = await old.ConnectAsync("data");
        foreach (var previous in new[] { 0ul, old.SessionId })
        {
            var next = Server.Connect(client with { Dialects = [(Smb2Dialect)after] });
            await next.NegotiateAsync();
            var expected = accepted ? NtStatus.Success : NtStatus.UserSessionDeleted;
            await new SmbTestSession(next).LogOnAsync(User(TestServer.Alice, TestServer.Password), previous, expected: expected);
            if (previous == 0 || !accepted)
            {
                Assert.Equal(NtStatus.ObjectNameNotFound, await tree.TryOpenAsync("none")); // the old one goes on
            }

            await new SmbTestSession(next).LogOnAsync(User(TestServer.Bob, TestServer.Password)); // whom it does not concern
            await next.DisposeAsync();
        }

        if (!accepted)
        {
            await old.LogOffAsync();
            await Server.LogOnAsync(client with { Dialects = [(Smb2Dialect)after] });
        }
    }

    [Fact]
    public async Task Binding_is_refused_while_multi_channel_is_not_offered()
    {
        Start(new ServerSettings { MultiChannel = false });
        var session = await Server.LogOnAsync();
        var channel = Server.Connect(session.Connection.Options);
        await channel.NegotiateAsync();
        Assert.Equal(Smb2Capabilities.None, channel.Negotiated!.Capabilities & Smb2Capabilities.MultiChannel);
        await session.BindAsync(channel, TestServer.Alice, TestServer.Password, NtStatus.RequestNotAccepted);
        await session.ConnectAsync("data");
    }

    private static NtlmInitiatorOptions User(string name, string password) => new() { UserName = name, Password = password };
}
