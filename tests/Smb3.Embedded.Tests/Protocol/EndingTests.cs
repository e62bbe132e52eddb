using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Sessions.Shares;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Threading;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>Whoever ends something that is ending already is told so when it has ended, and not before.</summary>
public sealed class EndingTests : ProtocolTest
{
    private readonly StoreCalls _calls = new();
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SmbTestClientOptions _client = new() { ClientGuid = Guid.NewGuid() };
    private Ending _one;

    public static TheoryData<string, string> Pairs()
    {
        string[] nodes = ["open", "tree", "session", "share"];
        var pairs = new TheoryData<string, string>();
        foreach (var first in nodes)
        {
            foreach (var second in nodes)
            {
                pairs.Add(first, second);
            }
        }

        return pairs;
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task An_end_is_joined_from_wherever_it_is_asked_for(string first, string second)
    {
        var tree = await StartAsync("write");
        var file = await tree.OpenAsync("f");
        await tree.Session.Connection.SendAsync(file.WriteRequest(0, [1]));
        await TestServer.UntilAsync(() => _calls.Waiting > 0, "the write is under way");
        var session = Server.Graph.FindSession(tree.Session.SessionId)!;
        var connect = Assert.Single(session.Trees);
        var ends = new Dictionary<string, Func<ValueTask<bool>>>
        {
            ["open"] = Assert.Single(session.Opens.All).EndAsync,
            ["tree"] = () => connect.EndAsync(),
            ["session"] = () => session.EndAsync(),
            ["share"] = () => Server.Graph.Shares.RemoveAsync("data"),
        };
        var ending = ends[first]().AsTask();
        var joined = ends[second]().AsTask();
        await StillWaitsAsync(joined);
        Assert.Equal(1, Server.Volume.OpenCount);
        _gate.SetResult();
        await joined;
        Assert.Equal(0, Server.Volume.OpenCount);
        Assert.Equal(0, _calls.Handles);
        Assert.True(await ending);
    }

    [Theory]
    [InlineData("close")]
    [InlineData("force")]
    [InlineData("share")]
    [InlineData("all")]
    public async Task The_end_of_an_open_without_a_session_is_joined_too(string how)
    {
        var tree = await StartAsync("read");
        var body = RequestBody.Create("f", oplock: Smb2OplockLevel.Batch, contexts: (ref CreateContextWriter writer) =>
            writer.AskDurableHandleV2(new DurableHandleRequestV2(0, 0, Guid.NewGuid())));
        (await tree.CallAsync(Smb2Command.Create, body)).Expect(NtStatus.Success);
        await tree.Session.Connection.DisposeAsync();
        await TestServer.UntilAsync(() => Server.Graph.Opens.DisconnectedCount == 1, "the open waits");
        var open = Assert.Single(Server.Graph.Opens.All);
        var reading = open.File.ReadAsync(0, new byte[1], 0, CancellationToken.None).AsTask();
        var first = open.CloseAsync().AsTask();
        var second = how switch
        {
            "close" => open.CloseAsync().AsTask(),
            "force" => open.ForceCloseAsync().AsTask(),
            "share" => Server.Graph.Shares.RemoveAsync("data").AsTask(),
            _ => Server.Graph.Opens.CloseDisconnectedAsync(_ => true).AsTask(),
        };
        await StillWaitsAsync(second);
        _gate.SetResult();
        await second;
        Assert.Equal(0, Server.Volume.OpenCount);
        Assert.Equal(0, _calls.Handles);
        Assert.True(await first);
        await reading;
    }

    [Fact]
    public async Task Who_comes_back_for_an_open_that_is_being_closed_is_told_so_when_its_file_is()
    {
        var tree = await StartAsync("read");
        var guid = Guid.NewGuid();
        var body = RequestBody.Create("f", oplock: Smb2OplockLevel.Batch, contexts: (ref CreateContextWriter writer) =>
            writer.AskDurableHandleV2(new DurableHandleRequestV2(0, 0, guid)));
        var answer = CreateAnswer.Parse((await tree.CallAsync(Smb2Command.Create, body)).Expect(NtStatus.Success).Message);
        Assert.Equal(NtStatus.Success, await new SmbTestFile(tree, answer).LockAsync(0, 1));
        await tree.Session.Connection.DisposeAsync();
        await TestServer.UntilAsync(() => Server.Graph.Opens.DisconnectedCount == 1, "the open waits");
        var open = Assert.Single(Server.Graph.Opens.All);
        var reading = open.File.ReadAsync(0, new byte[1], 0, CancellationToken.None).AsTask();
        var closing = open.CloseAsync().AsTask();

        var next = await Server.ConnectToAsync(options: _client);
        var back = RequestBody.Create("f", contexts: (ref CreateContextWriter writer) =>
            writer.ReconnectDurableHandleV2(new DurableHandleReconnectV2(answer.FileId, guid, 0)));
        var call = await next.Session.Connection.SendAsync(next.Request(Smb2Command.Create, back));
        await Task.Delay(1500); // longer than a client waits for an open that may still lose its session
        var early = call.IsAnswered;
        _gate.SetResult();
        Assert.False(early);
        await call.ExpectAsync(NtStatus.ObjectNameNotFound);
        Assert.Equal(NtStatus.Success, await (await next.OpenAsync("f")).LockAsync(0, 1));
        Assert.True(await closing);
        await reading;
    }

    [Fact]
    public async Task An_application_goes_on_when_its_old_open_is_closed_whoever_closes_it()
    {
        var tree = await StartAsync("read");
        var id = Guid.NewGuid();
        var body = RequestBody.Create("f", share: ShareAccess.None, contexts: (ref CreateContextWriter writer) => writer.AppInstanceId(id));
        (await tree.CallAsync(Smb2Command.Create, body)).Expect(NtStatus.Success);
        var handle = (FileHandle)Assert.Single(Server.Graph.FindSession(tree.Session.SessionId)!.Opens.All);
        var reading = handle.File.ReadAsync(0, new byte[1], 0, CancellationToken.None).AsTask();
        var ending = handle.EndAsync().AsTask();
        var other = await Server.ConnectToAsync();
        var call = await other.Session.Connection.SendAsync(other.Request(Smb2Command.Create, body));
        await Task.Delay(100);
        Assert.False(call.IsAnswered);
        _gate.SetResult();
        await call.ExpectAsync(NtStatus.Success);
        Assert.True(await ending);
        await reading;
    }

    [Fact]
    public async Task A_share_is_removed_when_what_is_being_opened_on_it_is_settled()
    {
        var tree = await StartAsync("open");
        var call = await tree.Session.Connection.SendAsync(tree.Request(Smb2Command.Create, RequestBody.Create("f")));
        await TestServer.UntilAsync(() => _calls.Waiting > 0, "the file is being opened");
        var removal = Server.Graph.Shares.RemoveAsync("data").AsTask();
        await StillWaitsAsync(removal);
        (await tree.CallAsync(Smb2Command.Create, RequestBody.Create("g"))).Expect(NtStatus.NetworkNameDeleted);
        _gate.SetResult();
        Assert.True(await removal);
        Assert.Equal(0, _calls.Handles);
        await call.ExpectAsync(NtStatus.NetworkNameDeleted);
    }

    [Fact]
    public async Task A_logoff_and_the_end_of_its_connection_do_not_wait_for_each_other()
    {
        var tree = await StartAsync("write");
        var file = await tree.OpenAsync("f");
        var session = Server.Graph.FindSession(tree.Session.SessionId)!;
        await tree.Session.Connection.SendAsync(file.WriteRequest(0, [1]));
        await TestServer.UntilAsync(() => _calls.Waiting > 0, "the write is under way");
        await tree.Session.Connection.SendAsync(tree.Request(Smb2Command.TreeDisconnect, RequestBody.Empty()));
        await tree.Session.Connection.SendAsync(tree.Request(Smb2Command.Logoff, RequestBody.Empty()));
        await TestServer.UntilAsync(() => session.State == SessionState.Ended, "the session ends");
        await tree.Session.Connection.DisposeAsync();
        _gate.SetResult();
        Assert.False(await session.EndAsync());
        await TestServer.UntilAsync(() => Server.Graph.Connections.Count == 0, "the connection is gone");
    }

    [Fact]
    public async Task Who_joins_an_end_learns_how_it_failed()
    {
        Assert.False(_one.HasBegun);
        Assert.True(_one.TryBegin());
        Assert.False(_one.TryBegin());
        var waiting = _one.WhenOver();
        Assert.False(waiting.IsCompleted);
        Assert.Same(waiting, _one.WhenOver());
        var failure = new InvalidOperationException("broken");
        _one.Finish(failure);
        Assert.Same(failure, await Assert.ThrowsAsync<InvalidOperationException>(() => waiting));
        Assert.Same(failure, await Assert.ThrowsAsync<InvalidOperationException>(() => _one.WhenOver()));
        Assert.True(_one.HasBegun);
    }

    [Fact]
    public void A_share_never_has_more_users_than_it_may_have()
    {
        var share = new Share { Name = "s", MaxUsers = 10 };
        for (var round = 0; round < 100; round++)
        {
            var taken = 0;
            Parallel.For(0, 64, _ =>
            {
                if (share.TryReserve())
                {
                    Interlocked.Increment(ref taken);
                }
            });
            Assert.InRange(taken, 1, 10);
            Assert.Equal(taken, share.CurrentUses);
            for (; taken > 0; taken--)
            {
                share.Leave();
            }
        }
    }

    /// <summary>A server whose store lets nothing of the kind through until the gate opens.</summary>
    private async Task<SmbTestTree> StartAsync(string call)
    {
        Start(new TestServerOptions { Store = store => new CountedStore(store, _calls) });
        _calls.Before = async (_, name) =>
        {
            if (name == call)
            {
                _calls.Waiting++;
                await _gate.Task;
            }

            return NtStatus.Success;
        };
        return await Server.ConnectToAsync(options: _client);
    }

    private static async Task StillWaitsAsync(Task task)
    {
        await Task.WhenAny(task, Task.Delay(100));
        Assert.False(task.IsCompleted);
    }
}
