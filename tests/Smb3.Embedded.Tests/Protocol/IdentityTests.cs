using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Sessions.Shares;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Authentication;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Io;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>Who is taken for whom: a user for the same account, a guest for nobody.</summary>
public sealed class IdentityTests : ProtocolTest
{
    private const string Guest = "Guest";

    private static readonly Guid CreateGuid = new("11111111-2222-3333-4444-555555555555");

    private readonly SmbTestClientOptions _client = new() { ClientGuid = Guid.NewGuid() };

    [Fact]
    public async Task A_guest_does_not_end_the_session_of_another()
    {
        StartWithGuests();
        var first = await LogOnAsync("stranger", "x");
        var second = await LogOnAsync("stranger", "x", first.SessionId);
        Assert.NotNull(Server.Graph.FindSession(first.SessionId));
        (await first.Connection.EchoAsync()).Expect(NtStatus.Success);
        await first.ConnectAsync("open");
        await second.ConnectAsync("open");
    }

    [Fact]
    public async Task A_guest_and_the_account_named_like_one_do_not_end_each_other()
    {
        StartWithGuests();
        var account = await LogOnAsync(Guest, TestServer.Password);
        var guest = await LogOnAsync("stranger", "x", account.SessionId);
        Assert.NotNull(Server.Graph.FindSession(account.SessionId));
        await LogOnAsync(Guest, TestServer.Password, guest.SessionId);
        Assert.NotNull(Server.Graph.FindSession(guest.SessionId));
        await LogOnAsync(Guest, TestServer.Password, account.SessionId);
        Assert.Null(Server.Graph.FindSession(account.SessionId));
    }

    [Fact]
    public async Task Two_anonymous_clients_are_not_each_other()
    {
        Start(new ServerSettings { AllowAnonymous = true });
        var first = await LogOnAsync("", "");
        await LogOnAsync("", "", first.SessionId);
        Assert.NotNull(Server.Graph.FindSession(first.SessionId));
    }

    [Fact]
    public async Task A_guests_handle_does_not_wait_for_who_cannot_come_back()
    {
        StartWithGuests();
        var session = await LogOnAsync("stranger", "x");
        var tree = await session.ConnectAsync("open");
        var answer = await CreateDurableAsync(tree);
        Assert.DoesNotContain(answer.Contexts, context => context.Name == CreateContextName.DurableHandleRequestV2);
        var resilient = await tree.CallAsync(
            Smb2Command.Ioctl, RequestBody.Ioctl(FsControlCode.LmrRequestResiliency, answer.FileId, new byte[8]));
        Assert.Equal(NtStatus.NotSupported, resilient.Status);
        await LoseAsync(session);
        Assert.Equal(0, Server.Graph.Opens.DisconnectedCount);
    }

    [Fact]
    public async Task A_guest_does_not_take_up_the_handle_of_the_account_named_like_one()
    {
        StartWithGuests();
        var account = await LogOnAsync(Guest, TestServer.Password);
        var answer = await CreateDurableAsync(await account.ConnectAsync("open"));
        await LoseAsync(account);
        Assert.Equal(1, Server.Graph.Opens.DisconnectedCount);
        var guest = await (await LogOnAsync("stranger", "x")).ConnectAsync("open");
        (await ReconnectAsync(guest, answer.FileId)).Expect(NtStatus.AccessDenied);
        var back = await (await LogOnAsync(Guest, TestServer.Password)).ConnectAsync("open");
        (await ReconnectAsync(back, answer.FileId)).Expect(NtStatus.Success);
    }

    [Fact]
    public async Task What_a_share_gives_the_account_named_like_a_guest_it_gives_no_guest()
    {
        StartWithGuests();
        Server.Graph.Shares.TryAdd(new Share
        {
            Name = "listed",
            Volume = Server.Volume,
            AllowGuest = true,
            Permissions = new SharePermissions(
                new Dictionary<string, FileAccessMask> { [Guest] = FileAccessMask.FileAllAccess },
                new Dictionary<string, FileAccessMask>(),
                FileAccessMask.None),
        });
        var guest = await LogOnAsync("stranger", "x");
        Assert.Equal(NtStatus.AccessDenied, await guest.TryConnectAsync("listed"));
        var account = await LogOnAsync(Guest, TestServer.Password);
        Assert.Equal(NtStatus.Success, await account.TryConnectAsync("listed"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Users_of_one_name_in_two_domains_are_not_each_other(bool storeSays)
    {
        StartWithDomains(storeSays);
        var first = await LogOnAsync("alice", TestServer.Password, domain: "EAST");
        var answer = await CreateDurableAsync(await first.ConnectAsync("data"));

        // Neither as a session's next logon, nor as its next channel, nor as the owner of a handle that waits.
        var second = await LogOnAsync("alice", TestServer.Password, first.SessionId, "WEST");
        Assert.NotNull(Server.Graph.FindSession(first.SessionId));
        var channel = Server.Connect(_client);
        await channel.NegotiateAsync();
        await first.BindAsync(channel, Named("alice", "WEST"), NtStatus.AccessDenied);
        await LoseAsync(first);
        (await ReconnectAsync(await second.ConnectAsync("data"), answer.FileId)).Expect(NtStatus.AccessDenied);
        var back = await LogOnAsync("ALICE", TestServer.Password, domain: "east");
        (await ReconnectAsync(await back.ConnectAsync("data"), answer.FileId)).Expect(NtStatus.Success);
    }

    [Fact]
    public async Task An_account_of_the_servers_own_is_the_same_whatever_domain_the_client_names()
    {
        var first = await LogOnAsync("alice", TestServer.Password, domain: "LAPTOP");
        var channel = Server.Connect(_client);
        await channel.NegotiateAsync();
        await first.BindAsync(channel, Named("ALICE", ""), NtStatus.Success);
        await LogOnAsync("Alice", TestServer.Password, first.SessionId, "WORKGROUP");
        Assert.Null(Server.Graph.FindSession(first.SessionId));
    }

    private static NtlmInitiatorOptions Named(string user, string domain) =>
        new() { UserName = user, Password = TestServer.Password, DomainName = domain };

    private static async Task<CreateAnswer> CreateDurableAsync(SmbTestTree tree)
    {
        var body = RequestBody.Create(
            "f", SmbTestTree.ReadWrite, oplock: Smb2OplockLevel.Batch,
            contexts: (ref CreateContextWriter writer) => writer.AskDurableHandleV2(new DurableHandleRequestV2(0, 0, CreateGuid)));
        return CreateAnswer.Parse((await tree.CallAsync(Smb2Command.Create, body)).Expect(NtStatus.Success).Message);
    }

    private static Task<SmbTestResponse> ReconnectAsync(SmbTestTree tree, Smb2FileId fileId) =>
        tree.CallAsync(Smb2Command.Create, RequestBody.Create("f", contexts: (ref CreateContextWriter writer) =>
            writer.ReconnectDurableHandleV2(new DurableHandleReconnectV2(fileId, CreateGuid, 0))));

    private void StartWithGuests() => Start(new TestServerOptions
    {
        Settings = new ServerSettings { AllowGuest = true },
        Users = users =>
        {
            ((InMemoryUserStore)users).Add(Guest, TestServer.Password);
            return users;
        },
    });

    private void StartWithDomains(bool storeSays) =>
        Start(new TestServerOptions { Users = _ => new DomainUsers(storeSays) });

    private async Task<SmbTestSession> LogOnAsync(string user, string password, ulong previousSessionId = 0, string domain = "")
    {
        var session = new SmbTestSession(Server.Connect(_client));
        await session.Connection.NegotiateAsync();
        await session.LogOnAsync(
            new NtlmInitiatorOptions { UserName = user, Password = password, DomainName = domain }, previousSessionId);
        return session;
    }

    private async Task LoseAsync(SmbTestSession session)
    {
        var served = Server.Graph.FindSession(session.SessionId)!;
        await session.Connection.DisposeAsync();
        await TestServer.UntilAsync(() => Server.Graph.FindSession(session.SessionId) is null, "the session is gone");

        // Joins the end that is under way: what it had open is closed now, or waits for its client.
        await served.EndAsync();
    }

    /// <summary>An alice in each domain.</summary>
    private sealed class DomainUsers(bool says) : ISmbUserStore
    {
        public ValueTask<SmbUser?> FindAsync(string userName, string domain, CancellationToken cancellationToken)
        {
            var hash = new byte[SmbUser.NtHashSize];
            SmbUser.ComputeNtHash(TestServer.Password, hash);
            return new(new SmbUser { Name = "alice", NtHash = hash, Domain = says ? domain.ToUpperInvariant() : null });
        }
    }
}
