using Microsoft.Extensions.Logging.Abstractions;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Transport.InMemory;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting;

/// <summary>What a host sees of its clients, follows and ends.</summary>
public sealed class InspectionTests : IAsyncLifetime, IAsyncDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    private readonly SmbServer _server;
    private readonly SmbTestClientOptions _machine = new() { ClientGuid = Guid.NewGuid() };
    private readonly List<SmbTestConnection> _clients = [];
    private InMemoryTransport _transport = new();

    public InspectionTests()
    {
        var options = new SmbServerOptions { DrainTimeout = TimeSpan.FromSeconds(3) };
        options.Transports.Add(() => _transport = new InMemoryTransport());
        options.Shares.Add(new SmbShareOptions { Name = "s", Folder = SmbShareOptions.Memory });
        options.Users.Add("u", "pw");
        _server = new SmbServer(string.Empty, options, NullLoggerFactory.Instance, meters: null, owned: null);
    }

    public Task InitializeAsync() => _server.StartAsync();

    async ValueTask IAsyncDisposable.DisposeAsync() => await DisposeAsync();

    public async Task DisposeAsync()
    {
        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }

        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_snapshot_shows_a_client_with_its_connections_session_and_channels()
    {
        var (session, _) = await BindTwoAsync();
        var seen = _server.Inspect();
        var client = Assert.Single(seen.Clients);
        var active = Assert.Single(seen.Sessions);
        Assert.Equal(_machine.ClientGuid, client.ClientGuid);
        Assert.Equal(seen.Connections.Select(connection => connection.Info.ConnectionId), client.ConnectionIds);
        Assert.Equal([session.SessionId], client.SessionIds);
        Assert.Equal(client.ConnectionIds, active.Channels.Select(channel => channel.ConnectionId));
        Assert.All(active.Channels, channel => Assert.Equal(session.SessionId, channel.SessionId));
        Assert.All(seen.Connections, connection => Assert.True(connection is { BytesReceived: > 0, BytesSent: > 0 }));
    }

    [Fact]
    public async Task A_session_shows_what_protects_it_and_not_only_what_must()
    {
        await _server.Shares.AddAsync(new SmbShareOptions { Name = "sealed", Folder = SmbShareOptions.Memory, Encrypt = true });
        var session = await Connect(_machine).LogOnAsync("u", "pw");
        var tree = await session.ConnectAsync("s");
        await tree.OpenAsync("file");
        var signed = Assert.Single(_server.Sessions);
        Assert.True(signed is { IsEncrypted: false, IsSigned: true });
        Assert.Equal("AES-GMAC", Assert.Single(signed.Channels).Protection);

        var inside = await session.ConnectAsync("sealed");
        await inside.OpenAsync("file");
        var encrypted = Assert.Single(_server.Sessions);
        Assert.True(encrypted is { IsEncrypted: true, IsSigned: false, RequiresEncryption: false });
        Assert.Equal("AES-128-GCM", Assert.Single(encrypted.Channels).Protection);
    }

    [Fact]
    public async Task A_share_shows_what_is_read_and_written_and_how_much_room_there_is()
    {
        var (session, _) = await BindTwoAsync();
        var tree = await session.ConnectAsync("s");
        var file = await tree.OpenAsync("file");
        await file.WriteAsync(0, new byte[1000]);
        await file.ReadAsync(0, 300);

        var share = Assert.Single(_server.Shares, static share => share.Name == "s");
        Assert.Equal((1, 300L, 1000L), (share.OpenCount, share.BytesRead, share.BytesWritten));
        Assert.True(await _server.Shares.MeasureSpaceAsync("S") is { } space && space.TotalBytes >= space.FreeBytes && space.FreeBytes > 0);
        Assert.Null(await _server.Shares.MeasureSpaceAsync("other"));
    }

    [Fact]
    public async Task Leases_and_oplocks_are_shown_with_their_opens()
    {
        var (session, _) = await BindTwoAsync();
        var tree = await session.ConnectAsync("s");
        var key = Guid.NewGuid();
        var first = await OpenLeasedAsync(tree, "leased", key);
        var second = await OpenLeasedAsync(tree, "leased", key);
        var plain = await OpenCachedAsync(tree, "oplock", Smb2OplockLevel.Exclusive);
        await tree.OpenAsync("neither");
        var seen = _server.Leases;
        Assert.Equal(2, seen.Count);
        var lease = Assert.Single(seen, one => !one.IsOplock);
        Assert.Equal((_machine.ClientGuid, key), (lease.ClientGuid, lease.LeaseKey));
        Assert.Equal([first.FileId.Persistent, second.FileId.Persistent], lease.OpenIds);
        Assert.Equal(("s", "leased", false), (lease.ShareName, lease.Path, lease.IsBreaking));
        Assert.Equal(SmbCaching.Read | SmbCaching.Write | SmbCaching.Handle, lease.Caching);
        var oplock = Assert.Single(seen, one => one.IsOplock);
        Assert.Equal([plain.FileId.Persistent], oplock.OpenIds);
        Assert.Equal(SmbCaching.Read | SmbCaching.Write, _server.FindOpen(plain.FileId.Persistent)!.Caching);
        await plain.CloseAsync();
        Assert.Single(_server.Leases);
    }

    [Fact]
    public async Task A_lease_that_the_host_ends_is_asked_back_and_the_open_stays()
    {
        var (session, second) = await BindTwoAsync();
        var tree = await session.ConnectAsync("s");
        var file = await OpenCachedAsync(tree, "f", Smb2OplockLevel.Batch);
        Assert.True(await _server.Leases[0].EndAsync());
        await second.NextUnsolicitedAsync(); // an oplock's break goes over the newest channel
        var breaking = Assert.Single(_server.Leases);
        Assert.True(breaking.IsBreaking);
        (await tree.CallAsync(Smb2Command.OplockBreak, RequestBody.OplockBreakAcknowledgment(file.FileId, Smb2OplockLevel.None)))
            .Expect(NtStatus.Success);
        Assert.Empty(_server.Leases);
        Assert.False(await breaking.EndAsync());
        await file.WriteAsync(0, [1]);
    }

    [Fact]
    public async Task A_channel_that_the_host_ends_takes_its_connection_and_leaves_the_session()
    {
        var (session, second) = await BindTwoAsync();
        var channel = _server.Sessions[0].Channels[1];
        Assert.True(await channel.EndAsync());
        await second.WaitForCloseAsync();
        Assert.False(await channel.EndAsync());
        Assert.Single(_server.Sessions[0].Channels);
        await session.ConnectAsync("s");
    }

    [Fact]
    public async Task A_channel_that_the_host_ends_leaves_the_other_sessions_of_its_connection()
    {
        var (session, second) = await BindTwoAsync();
        var other = await second.LogOnAsync("u", "pw");
        Assert.True(await _server.FindSession(session.SessionId)!.Channels[1].EndAsync());
        await other.ConnectAsync("s");
        Assert.Single(_server.FindSession(session.SessionId)!.Channels);
        Assert.Single(_server.FindSession(other.SessionId)!.Channels);
    }

    [Fact]
    public async Task The_last_channel_takes_the_session_along()
    {
        var (session, second) = await BindTwoAsync();
        foreach (var channel in _server.Sessions[0].Channels)
        {
            await channel.EndAsync();
        }

        await second.WaitForCloseAsync();
        await session.Connection.WaitForCloseAsync();
        Assert.Null(_server.FindSession(session.SessionId));
    }

    [Fact]
    public async Task A_client_that_the_host_ends_is_gone_with_all_it_had_and_others_stay()
    {
        var (session, second) = await BindTwoAsync();
        await (await session.ConnectAsync("s")).OpenAsync("f");
        var other = await Connect(new SmbTestClientOptions()).LogOnAsync("u", "pw");
        await _server.FindClient(_machine.ClientGuid)!.EndAsync();
        await second.WaitForCloseAsync();
        await session.Connection.WaitForCloseAsync();
        await UntilAsync(() => _server.Connections.Count == 1);
        Assert.Null(_server.FindClient(_machine.ClientGuid));
        Assert.Equal(other.SessionId, Assert.Single(_server.Sessions).Info.SessionId);
        Assert.Empty(_server.Opens);
    }

    [Fact]
    public async Task An_open_that_outlives_its_session_is_shown_keeps_its_id_and_can_be_ended()
    {
        var session = await Connect(_machine).LogOnAsync("u", "pw");
        await OpenCachedAsync(
            await session.ConnectAsync("s"), "kept", Smb2OplockLevel.Batch,
            static (ref CreateContextWriter writer) => writer.AskDurableHandle());
        var id = Assert.Single(_server.Opens, open => open is { IsConnected: true, SessionId: not null }).OpenId;
        await using var watch = _server.WatchAsync().GetAsyncEnumerator();
        await NextAsync(watch);
        await session.Connection.DisposeAsync();
        while (await NextAsync(watch) != SmbChangeKind.Disconnected)
        {
            Assert.NotEqual(SmbChangeKind.Closed, watch.Current.Kind);
        }

        Assert.Equal(id, watch.Current.OpenId);
        await UntilAsync(() => _server.Sessions.Count == 0 && _server.FindOpen(id) is not null);
        var waiting = Assert.Single(_server.Inspect().Opens);
        Assert.True(waiting is { IsConnected: false, SessionId: null, Identity.UserName: "u", ShareName: "s", Path: "kept" });
        Assert.Equal((id, _machine.ClientGuid), (waiting.OpenId, waiting.ClientGuid));
        Assert.Equal([id], Assert.Single(_server.Leases).OpenIds);
        Assert.True(await _server.FindOpen(id)!.EndAsync());
        Assert.Empty(_server.Opens);
        while (await NextAsync(watch) != SmbChangeKind.Closed)
        {
        }

        Assert.Equal(id, watch.Current.OpenId);
    }

    [Fact]
    public async Task What_is_not_there_is_not_found()
    {
        Assert.Null(_server.FindClient(Guid.NewGuid()));
        Assert.Null(_server.FindConnection(4711));
        Assert.Null(_server.FindSession(4711));
        Assert.Null(_server.FindOpen(4711));
        await _server.StopAsync();
        Assert.Null(_server.FindConnection(1));
        Assert.Empty(_server.Inspect().Connections);
    }

    [Fact]
    public async Task A_watch_begins_with_a_resync_and_tells_what_comes_and_goes_in_order()
    {
        await using var watch = _server.WatchAsync().GetAsyncEnumerator();
        Assert.Equal(SmbChangeKind.Resync, await NextAsync(watch));
        var (session, second) = await BindTwoAsync();
        Assert.Equal(SmbChangeKind.ConnectionOpened, await NextAsync(watch));
        Assert.Equal(SmbChangeKind.ClientCame, await NextAsync(watch));
        Assert.Equal(_machine.ClientGuid, watch.Current.ClientGuid);
        Assert.Equal(SmbChangeKind.ConnectionNegotiated, await NextAsync(watch));
        Assert.Equal(SmbChangeKind.SessionStarted, await NextAsync(watch));
        Assert.Equal(session.SessionId, watch.Current.SessionId);
        Assert.Equal(SmbChangeKind.ChannelAdded, await NextAsync(watch));
        Assert.Equal(SmbChangeKind.ConnectionOpened, await NextAsync(watch));
        Assert.Equal(SmbChangeKind.ConnectionNegotiated, await NextAsync(watch));
        var connection = watch.Current.ConnectionId;
        Assert.Equal(SmbChangeKind.ChannelAdded, await NextAsync(watch));
        Assert.Equal((session.SessionId, connection), (watch.Current.SessionId, watch.Current.ConnectionId));

        var file = await (await session.ConnectAsync("s")).OpenAsync("f");
        Assert.Equal(SmbChangeKind.Opened, await NextAsync(watch));
        Assert.Equal("f", _server.FindOpen(watch.Current.OpenId!.Value)!.Path);
        await file.CloseAsync();
        Assert.Equal(SmbChangeKind.Closed, await NextAsync(watch));
        Assert.Equal(file.FileId.Persistent, watch.Current.OpenId);

        await second.DisposeAsync();
        Assert.Equal(SmbChangeKind.ChannelRemoved, await NextAsync(watch));
        Assert.Equal(SmbChangeKind.ConnectionClosed, await NextAsync(watch));
        await session.LogOffAsync();
        Assert.Equal(SmbChangeKind.SessionEnded, await NextAsync(watch));
    }

    [Fact]
    public async Task A_watch_tells_of_caching_that_is_asked_back_and_given_up()
    {
        var (session, _) = await BindTwoAsync();
        var tree = await session.ConnectAsync("s");
        var key = Guid.NewGuid();
        await using var watch = _server.WatchAsync().GetAsyncEnumerator();
        await NextAsync(watch);
        var file = await OpenLeasedAsync(tree, "f", key);
        Assert.Equal(SmbChangeKind.Opened, await NextAsync(watch));
        Assert.True(await _server.Leases[0].EndAsync());
        Assert.Equal(SmbChangeKind.CachingChanged, await NextAsync(watch));
        Assert.Equal((key, file.FileId.Persistent), (watch.Current.LeaseKey, watch.Current.OpenId));
        Assert.True(_server.Leases[0].IsBreaking);
        (await tree.CallAsync(Smb2Command.OplockBreak, RequestBody.LeaseBreakAcknowledgment(key, Smb2LeaseState.None)))
            .Expect(NtStatus.Success);
        Assert.Equal(SmbChangeKind.CachingChanged, await NextAsync(watch));
        Assert.Empty(_server.Leases);
    }

    [Fact]
    public async Task A_watcher_that_does_not_keep_up_is_told_to_look_anew_and_goes_on_from_there()
    {
        var (session, _) = await BindTwoAsync();
        var tree = await session.ConnectAsync("s");
        await using var watch = _server.WatchAsync(capacity: 2).GetAsyncEnumerator();
        await NextAsync(watch);
        for (var i = 0; i < 3; i++)
        {
            await tree.OpenAsync("f" + i);
        }

        Assert.Equal(SmbChangeKind.Resync, await NextAsync(watch));
        Assert.Equal(3, _server.Inspect().Opens.Count);
        Assert.Equal((SmbChangeKind.Opened, SmbChangeKind.Opened), (await NextAsync(watch), await NextAsync(watch)));
    }

    [Fact]
    public async Task A_watch_outlives_a_restart_and_ends_with_the_server()
    {
        await using var watch = _server.WatchAsync().GetAsyncEnumerator();
        await NextAsync(watch);
        await _server.StopAsync();
        await _server.StartAsync();
        await Connect(_machine).NegotiateAsync();
        Assert.Equal(SmbChangeKind.ConnectionOpened, await NextAsync(watch));
        await _server.DisposeAsync();
        while (await watch.MoveNextAsync().AsTask().WaitAsync(Soon))
        {
            Assert.NotEqual(SmbChangeKind.Resync, watch.Current.Kind);
        }

        await using var late = _server.WatchAsync().GetAsyncEnumerator();
        Assert.Equal(SmbChangeKind.Resync, await NextAsync(late));
        Assert.False(await late.MoveNextAsync());
    }

    [Fact]
    public async Task A_watch_can_be_cancelled_and_needs_room()
    {
        using var cancel = new CancellationTokenSource();
        await using var watch = _server.WatchAsync(cancellationToken: cancel.Token).GetAsyncEnumerator();
        await NextAsync(watch);
        var next = watch.MoveNextAsync();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.AsTask());
        Assert.Throws<ArgumentOutOfRangeException>(() => _server.WatchAsync(capacity: 0));
    }

    private static async Task<SmbChangeKind> NextAsync(IAsyncEnumerator<SmbChange> watch)
    {
        Assert.True(await watch.MoveNextAsync().AsTask().WaitAsync(Soon));
        return watch.Current.Kind;
    }

    private static Task<SmbTestFile> OpenLeasedAsync(SmbTestTree tree, string name, Guid key) => OpenCachedAsync(
        tree, name, Smb2OplockLevel.Lease, (ref CreateContextWriter writer) => writer.Lease(new LeaseContext
        {
            Version = 2,
            LeaseKey = key,
            State = Smb2LeaseState.Read | Smb2LeaseState.Write | Smb2LeaseState.Handle,
        }));

    private static async Task<SmbTestFile> OpenCachedAsync(
        SmbTestTree tree, string name, Smb2OplockLevel level, WriteCreateContexts? contexts = null)
    {
        var response = await tree.CallAsync(Smb2Command.Create, RequestBody.Create(name, oplock: level, contexts: contexts));
        return new SmbTestFile(tree, CreateAnswer.Parse(response.Expect(NtStatus.Success).Message));
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(Soon);
        while (!holds())
        {
            await Task.Delay(5, patience.Token);
        }
    }

    private SmbTestConnection Connect(SmbTestClientOptions options)
    {
        var client = new SmbTestConnection(_transport.Connect(), options);
        _clients.Add(client);
        return client;
    }

    /// <summary>A session of one machine with two channels.</summary>
    private async Task<(SmbTestSession Session, SmbTestConnection Second)> BindTwoAsync()
    {
        var session = await Connect(_machine).LogOnAsync("u", "pw");
        var second = Connect(_machine);
        await second.NegotiateAsync();
        await session.BindAsync(second, "u", "pw");
        return (session, second);
    }
}
