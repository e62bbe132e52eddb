using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.Transport.InMemory;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting;

/// <summary>What a host does to a server that a client is using.</summary>
public sealed class RunningServerTests : IAsyncLifetime, IAsyncDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    private readonly Watching _hooks = new();
    private readonly SmbServer _server;
    private InMemoryTransport _transport = new();
    private SmbTestConnection? _client;

    public RunningServerTests()
    {
        var options = new SmbServerOptions { DrainTimeout = TimeSpan.FromSeconds(3), Hooks = _hooks };
        options.Transports.Add(() => _transport = new InMemoryTransport());
        options.Shares.Add(new SmbShareOptions { Name = "s", Folder = SmbShareOptions.Memory });
        options.Users.Add("u", "pw");
        _server = new SmbServer(string.Empty, options, NullLoggerFactory.Instance, meters: null, owned: null);
    }

    public Task InitializeAsync() => _server.StartAsync();

    async ValueTask IAsyncDisposable.DisposeAsync() => await DisposeAsync();

    public async Task DisposeAsync()
    {
        if (_client is not null)
        {
            await _client.DisposeAsync();
        }

        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Connections_sessions_and_opens_can_be_seen()
    {
        var file = await OpenAsync();
        var connection = Assert.Single(_server.Connections);
        Assert.Equal(("3.1.1", 1), (connection.Dialect, connection.SessionCount));
        var session = Assert.Single(_server.Sessions);
        Assert.Equal(("u", 1), (session.Info.Identity.UserName, session.OpenCount));
        Assert.Equal(["s"], session.Shares);
        Assert.Equal([connection.Info.ConnectionId], session.Channels.Select(channel => channel.ConnectionId));
        var open = Assert.Single(_server.Opens);
        Assert.Equal(("u", "s", "file"), (open.Identity.UserName, open.ShareName, open.Path));
        Assert.Equal(1, Assert.Single(_server.Shares).CurrentUses);
        await file.CloseAsync();
        Assert.Empty(_server.Opens);
    }

    [Theory]
    [InlineData("pw", false, null, false)]
    [InlineData("other", false, null, true)]
    [InlineData("pw", true, null, true)]
    [InlineData("pw", false, "staff", true)]
    public async Task Who_has_changed_must_log_on_anew(string password, bool disabled, string? group, bool ends)
    {
        var file = await OpenAsync();
        _server.Users.Add("another", "pw");
        _server.Users.Add("another", "pw2");
        _server.Users.Add("U", password, group is null ? [] : [group], disabled: disabled);
        if (ends)
        {
            await UntilAsync(() => _server.Sessions.Count == 0);
            Assert.NotEqual(NtStatus.Success, await file.TryReadAsync(0, 1));
        }
        else
        {
            Assert.Single(_server.Sessions);
        }
    }

    [Fact]
    public async Task An_open_that_the_host_ends_is_closed_for_the_client()
    {
        var file = await OpenAsync();
        Assert.True(await _server.Opens[0].EndAsync());
        Assert.Equal(NtStatus.FileClosed, await file.TryReadAsync(0, 1));
    }

    [Fact]
    public async Task A_session_that_the_host_ends_is_gone_for_the_client_and_told_to_the_hooks()
    {
        var file = await OpenAsync();
        var session = _server.Sessions[0];
        Assert.True(await session.EndAsync());
        Assert.False(await session.EndAsync());
        Assert.Equal(NtStatus.UserSessionDeleted, await file.TryReadAsync(0, 1));
        Assert.Equal("u", Assert.Single(_hooks.Ended));
        Assert.Empty(_server.Opens);
    }

    [Fact]
    public async Task A_connection_that_the_host_ends_takes_its_session_along()
    {
        await OpenAsync();
        await _server.Connections[0].EndAsync();
        await _client!.WaitForCloseAsync();
        await UntilAsync(() => _server.Sessions.Count == 0);
        Assert.Equal("u", Assert.Single(_hooks.Ended));
    }

    [Fact]
    public async Task Removing_a_user_ends_their_sessions_and_keeps_them_out()
    {
        var file = await OpenAsync();
        Assert.True(await _server.Users.RemoveAsync("U"));
        Assert.Equal(NtStatus.UserSessionDeleted, await file.TryReadAsync(0, 1));
        await using var again = new SmbTestConnection(_transport.Connect());
        await again.NegotiateAsync();
        var refused = await Assert.ThrowsAsync<SmbTestException>(() => again.LogOnAsync("u", "pw"));
        Assert.Contains(nameof(NtStatus.LogonFailure), refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Removing_a_share_ends_its_uses_and_no_others()
    {
        await _server.Shares.AddAsync("t", SmbShareOptions.Memory);
        var file = await OpenAsync();
        var other = await (await file.Tree.Session.ConnectAsync("t")).OpenAsync("other", disposition: CreateDisposition.OpenIf);
        Assert.True(await _server.Shares.RemoveAsync("s"));
        Assert.NotEqual(NtStatus.Success, await file.TryReadAsync(0, 1));
        Assert.Equal(NtStatus.BadNetworkName, await file.Tree.Session.TryConnectAsync("s"));
        await other.WriteAsync(0, [1]);
        Assert.Equal("t", Assert.Single(_server.Opens).ShareName);
    }

    [Fact]
    public async Task A_share_that_is_changed_is_as_it_was_changed_when_the_client_comes_again()
    {
        var store = new MemoryFileStore();
        await _server.Shares.AddAsync("t", store);
        var session = (await OpenAsync()).Tree.Session;
        var tree = await session.ConnectAsync("t");
        await (await tree.OpenAsync("kept", disposition: CreateDisposition.OpenIf)).CloseAsync();
        await _server.Shares.ChangeAsync(new SmbShareOptions { Name = "t", Store = store, ReadOnly = true });
        Assert.NotEqual(NtStatus.Success, await tree.TryOpenAsync("kept", access: FileAccessMask.ReadData));
        tree = await session.ConnectAsync("t");
        Assert.Equal(NtStatus.Success, await tree.TryOpenAsync("kept", access: FileAccessMask.ReadData));
        Assert.NotEqual(NtStatus.Success, await tree.TryOpenAsync("kept", access: FileAccessMask.WriteData));
    }

    [Fact]
    public async Task Stopping_closes_what_is_open_and_what_is_in_memory_is_there_after_a_restart()
    {
        var file = await OpenAsync();
        await file.WriteAsync(0, Encoding.ASCII.GetBytes("kept"));
        await _server.StopAsync().WaitAsync(Soon);
        await _client!.WaitForCloseAsync();
        Assert.Equal("u", Assert.Single(_hooks.Ended));
        await _client.DisposeAsync();
        await _server.StartAsync();
        file = await OpenAsync();
        Assert.Equal("kept", Encoding.ASCII.GetString(await file.ReadAsync(0, 10)));
    }

    [Fact]
    public async Task Stopping_does_not_wait_for_a_lock_that_somebody_else_holds()
    {
        var holder = await OpenAsync();
        Assert.Equal(NtStatus.Success, await holder.LockAsync(0, 1));
        var waiter = await holder.Tree.OpenAsync("file", disposition: CreateDisposition.Open);
        var call = await holder.Tree.Session.Connection.SendAsync(waiter.LockRequest(0, 1));
        await call.InterimAsync();
        await _server.StopAsync().WaitAsync(TimeSpan.FromSeconds(2.5));
        Assert.Equal(NtStatus.Cancelled, (await call.ResponseAsync()).Status);
    }

    private async Task<SmbTestFile> OpenAsync()
    {
        _client = new SmbTestConnection(_transport.Connect());
        await _client.NegotiateAsync();
        var session = await _client.LogOnAsync("u", "pw");
        var tree = await session.ConnectAsync("s");
        return await tree.OpenAsync("file", disposition: CreateDisposition.OpenIf);
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(Soon);
        while (!holds())
        {
            await Task.Delay(5, patience.Token);
        }
    }

    private sealed class Watching : SmbServerHooks
    {
        private readonly System.Collections.Concurrent.ConcurrentQueue<string> _ended = new();

        public IReadOnlyCollection<string> Ended => _ended;

        public override void OnSessionEnded(SmbSessionInfo session) => _ended.Enqueue(session.Identity.UserName);
    }
}
