using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Storage;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>Limits, time-outs, broken stores and hooks, and what is taken away while it is used.</summary>
public sealed class ResilienceTests : ProtocolTest
{
    [Fact]
    public async Task A_share_that_is_removed_ends_its_uses_and_its_opens()
    {
        var tree = await Server.ConnectToAsync("readonly");
        var other = await tree.Session.ConnectAsync("data");
        await tree.OpenAsync(string.Empty, access: FileAccessMask.FileGenericRead, options: CreateOptions.DirectoryFile);
        Assert.True(await Server.Graph.Shares.RemoveAsync("readonly"));
        Assert.Equal(0, Server.Volume.OpenCount);
        (await tree.CallAsync(Smb2Command.Create, RequestBody.Create("x"))).Expect(NtStatus.NetworkNameDeleted);
        Assert.Equal(NtStatus.BadNetworkName, await tree.Session.TryConnectAsync("readonly"));
        Assert.Equal(NtStatus.Success, await other.TryOpenAsync("x", CreateDisposition.OpenIf));
    }

    [Fact]
    public async Task A_tree_disconnect_closes_its_opens_and_no_others()
    {
        var tree = await Server.ConnectToAsync();
        var other = await tree.Session.ConnectAsync("data");
        await tree.OpenAsync("a");
        var kept = await other.OpenAsync("b");
        await tree.DisconnectAsync();
        Assert.Equal(1, Server.Volume.OpenCount);
        await kept.WriteAsync(0, [1]);
        (await tree.CallAsync(Smb2Command.TreeDisconnect, RequestBody.Empty())).Expect(NtStatus.NetworkNameDeleted);
    }

    [Fact]
    public async Task Opens_are_limited_per_session_and_a_close_makes_room()
    {
        Start(new ServerSettings { Limits = new ServerLimits { MaxOpensPerSession = 2 } });
        var tree = await Server.ConnectToAsync();
        await tree.OpenAsync("a");
        var second = await tree.OpenAsync("b");
        Assert.Equal(NtStatus.InsufficientResources, await tree.TryOpenAsync("c", CreateDisposition.OpenIf));
        Assert.Equal(NtStatus.InsufficientResources, await tree.TryOpenAsync("d", CreateDisposition.OpenIf));
        await second.CloseAsync();
        Assert.Equal(NtStatus.Success, await tree.TryOpenAsync("c", CreateDisposition.OpenIf));
        Assert.Equal(NtStatus.ObjectNameNotFound, await tree.TryOpenAsync("none"));
        await tree.OpenAsync("c");
    }

    [Fact]
    public async Task Tree_connects_are_limited_per_session()
    {
        Start(new ServerSettings { Limits = new ServerLimits { MaxTreeConnectsPerSession = 2 } });
        var tree = await Server.ConnectToAsync();
        await tree.Session.ConnectAsync("data");
        Assert.Equal(NtStatus.InsufficientResources, await tree.Session.TryConnectAsync("data"));
        await tree.DisconnectAsync();
        await tree.Session.ConnectAsync("data");
    }

    [Fact]
    public async Task Tree_connects_that_come_together_do_not_pass_the_limit_and_none_is_made_for_a_session_that_has_ended()
    {
        const int Limit = 10;
        Start(new ServerSettings { Limits = new ServerLimits { MaxTreeConnectsPerSession = Limit } });
        var tree = await Server.ConnectToAsync();
        var served = Server.Graph.FindSession(tree.Session.SessionId)!;
        var share = served.Trees.Single().Share;
        await tree.DisconnectAsync();
        for (var round = 0; round < 100; round++)
        {
            Parallel.For(0, 64, _ =>
            {
                if (share.TryReserve())
                {
                    served.AddTree(share, FileAccessMask.GenericAll);
                }
            });
            var made = served.Trees.ToList();
            Assert.Equal(Limit, made.Count);
            foreach (var one in made)
            {
                await one.EndAsync();
            }

            Assert.Equal(0, share.CurrentUses);
        }

        await served.EndAsync();
        Assert.True(share.TryReserve());
        Assert.Null(served.AddTree(share, FileAccessMask.GenericAll));
        Assert.Equal(0, share.CurrentUses);
    }

    [Fact]
    public async Task Connections_are_limited()
    {
        Start(new ServerSettings { Limits = new ServerLimits { MaxConnections = 2 } });
        var first = Server.Connect();
        await first.NegotiateAsync();
        await Server.Connect().NegotiateAsync();
        await Server.Connect().WaitForCloseAsync();
        await first.DisposeAsync();
        await TestServer.UntilAsync(() => Server.Graph.Connections.Count == 1, "the first connection is gone");
        await Server.Connect().NegotiateAsync();
    }

    [Fact]
    public async Task Who_does_not_log_on_in_time_is_disconnected()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        Start(new ServerSettings { TimeProvider = clock });
        var stranger = Server.Connect();
        await stranger.NegotiateAsync();
        var session = await Server.LogOnAsync();
        clock.Advance(TimeSpan.FromSeconds(44));
        await stranger.EchoAsync();
        clock.Advance(TimeSpan.FromSeconds(3));
        await stranger.WaitForCloseAsync();
        await session.Connection.EchoAsync();
    }

    [Fact]
    public async Task Who_is_idle_is_disconnected_unless_a_file_is_open()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        Start(new ServerSettings { TimeProvider = clock, Limits = new ServerLimits { IdleTimeout = TimeSpan.FromMinutes(1) } });
        var idle = await Server.LogOnAsync();
        var tree = await Server.ConnectToAsync();
        await tree.OpenAsync("file.txt");
        clock.Advance(TimeSpan.FromSeconds(50));
        await idle.Connection.EchoAsync();
        clock.Advance(TimeSpan.FromSeconds(50));
        await idle.Connection.EchoAsync();
        clock.Advance(TimeSpan.FromSeconds(65));
        await idle.Connection.WaitForCloseAsync();
        await tree.Session.Connection.EchoAsync();
    }

    [Fact]
    public async Task A_store_that_throws_fails_its_own_request_and_nothing_else()
    {
        var faults = new StoreFaults();
        Start(new TestServerOptions { Store = store => new FaultyStore(store, faults), FaultsExpected = true });
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("file.txt");
        faults.Reads = true;
        Assert.Equal(NtStatus.UnexpectedIoError, await file.TryReadAsync(0, 1));
        faults.Reads = false;
        faults.Opens = true;
        Assert.Equal(NtStatus.UnexpectedIoError, await tree.TryOpenAsync("other", CreateDisposition.OpenIf));
        faults.Opens = false;
        await file.WriteAsync(0, [1]);
        Assert.Equal([1], await file.ReadAsync(0, 1));
        Assert.True(Server.Logged("READ of connection"));
    }

    [Theory]
    [InlineData("close")]
    [InlineData("tree")]
    [InlineData("logoff")]
    [InlineData("connection")]
    [InlineData("share")]
    public async Task A_store_that_throws_when_it_is_closed_leaves_nothing_behind(string cause)
    {
        var faults = new StoreFaults();
        Start(new TestServerOptions { Store = store => new FaultyStore(store, faults), FaultsExpected = true });
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("a");
        if (cause != "close")
        {
            await tree.OpenAsync("b");
            await (await tree.Session.ConnectAsync("open")).OpenAsync("c");
            await (await (await tree.Session.Connection.LogOnAsync(TestServer.Bob, TestServer.Password)).ConnectAsync("data")).OpenAsync("d");
        }

        faults.Disposals = true;
        switch (cause)
        {
            case "close":
                Assert.Equal(NtStatus.UnexpectedIoError, (await file.TryCloseAsync()).Status);
                break;
            case "tree":
                (await tree.CallAsync(Smb2Command.TreeDisconnect, RequestBody.Empty())).Expect(NtStatus.UnexpectedIoError);
                Assert.Equal(2, Server.Volume.OpenCount);
                break;
            case "logoff":
                (await tree.Session.CallAsync(Smb2Command.Logoff, RequestBody.Empty())).Expect(NtStatus.UnexpectedIoError);
                Assert.Single(Server.Graph.Sessions);
                Assert.Equal(1, Server.Volume.OpenCount);
                break;
            case "connection":
                await tree.Session.Connection.DisposeAsync();
                await TestServer.UntilAsync(() => Server.Graph.Clients.Count == 0, "the connection is gone");
                Assert.Empty(Server.Graph.Sessions);
                Assert.Equal(0, Server.Volume.OpenCount);
                break;
            case "share":
                await Assert.ThrowsAsync<InvalidOperationException>(async () => await Server.Graph.Shares.RemoveAsync("data"));
                Assert.Equal(1, Server.Volume.OpenCount);
                break;
        }
    }

    [Fact]
    public async Task A_hook_that_throws_refuses_and_nothing_else_happens()
    {
        var hooks = new ThrowingHooks();
        Start(new TestServerOptions { Hooks = hooks, FaultsExpected = true });
        var tree = await Server.ConnectToAsync();
        hooks.Throws = true;
        Assert.Equal(NtStatus.AccessDenied, await tree.TryOpenAsync("x", CreateDisposition.OpenIf));
        Assert.Equal(NtStatus.AccessDenied, await tree.Session.TryConnectAsync("data"));
        await new SmbTestSession(tree.Session.Connection).LogOnAsync(
            new() { UserName = TestServer.Bob, Password = TestServer.Password }, expected: NtStatus.AccessDenied);
        hooks.Throws = false;
        Assert.Equal(NtStatus.Success, await tree.TryOpenAsync("x", CreateDisposition.OpenIf));
        hooks.Throws = true;
    }

    [Fact]
    public async Task A_slow_store_call_does_not_hold_up_the_connection()
    {
        var faults = new StoreFaults();
        Start(new TestServerOptions { Store = store => new FaultyStore(store, faults) });
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("file.txt");
        await file.WriteAsync(0, [1]);
        faults.Gate.Close();
        var slow = await tree.Session.Connection.SendAsync(file.ReadRequest(0, 1));
        await tree.Session.Connection.EchoAsync();
        Assert.False(slow.IsAnswered);
        faults.Gate.Open();
        await slow.ExpectAsync(NtStatus.Success);
    }

    [Fact]
    public async Task A_stopping_server_lets_what_runs_finish_and_ends_what_waits()
    {
        var faults = new StoreFaults();
        Start(new TestServerOptions { Store = store => new FaultyStore(store, faults) });
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("file.txt");
        await file.WriteAsync(0, [1]);
        await file.LockAsync(100, 10);
        var second = await tree.OpenAsync("file.txt");
        var waiting = await tree.Session.Connection.SendAsync(second.LockRequest(100, 10));
        await waiting.InterimAsync();
        faults.Gate.Close();
        var running = await tree.Session.Connection.SendAsync(file.ReadRequest(0, 1));
        await TestServer.UntilAsync(() => faults.Waiting > 0, "the read is under way");
        var stopping = Server.StopAsync(TimeSpan.FromSeconds(10));
        await waiting.ExpectAsync(NtStatus.Cancelled);
        Assert.False(stopping.IsCompleted);
        faults.Gate.Open();
        Assert.Equal([1], ReadAnswer.Parse((await running.ExpectAsync(NtStatus.Success)).Message).Data);
        await stopping;
        await tree.Session.Connection.WaitForCloseAsync();
    }

    [Fact]
    public async Task A_client_that_does_not_read_holds_up_itself_only()
    {
        Start(new ServerSettings { Limits = new ServerLimits { MaxBytesInFlight = 1 << 20 } });
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("file.bin");
        await file.WriteAsync(0, new byte[1 << 20]);
        var deaf = await Server.ConnectToAsync();
        var opened = await deaf.OpenAsync("file.bin");
        await deaf.Session.Connection.EnsureCreditsAsync(200);
        deaf.Session.Connection.Inbound.Close();
        var calls = new List<SmbTestCall>();
        for (var i = 0; i < 10; i++)
        {
            calls.Add(await deaf.Session.Connection.SendAsync(opened.ReadRequest(0, 1 << 20)));
        }

        Assert.Equal(1 << 20, (await file.ReadAsync(0, 1 << 20)).Length);
        deaf.Session.Connection.Inbound.Open();
        foreach (var call in calls)
        {
            await call.ExpectAsync(NtStatus.Success);
        }
    }

    private sealed class ThrowingHooks : SmbServerHooks
    {
        public bool Throws { get; set; }

        public override ValueTask<bool> OnLogonAsync(SmbSessionInfo session, CancellationToken cancellationToken) => Answer();

        public override ValueTask<bool> OnTreeConnectAsync(
            SmbSessionInfo session, string shareName, CancellationToken cancellationToken) => Answer();

        public override ValueTask<bool> OnOpenAsync(SmbSessionInfo session, SmbOpenInfo open, CancellationToken cancellationToken) =>
            Answer();

        public override void OnSessionEnded(SmbSessionInfo session) => ThrowIfBroken();

        public override void OnDisconnected(SmbConnectionInfo connection, string reason) => ThrowIfBroken();

        private ValueTask<bool> Answer()
        {
            ThrowIfBroken();
            return new(true);
        }

        private void ThrowIfBroken()
        {
            if (Throws)
            {
                throw new InvalidOperationException("The hook is broken.");
            }
        }
    }
}
