using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions.Shares;
using Smb3.Embedded.Storage;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>A share serves, until it is taken away or its files are somebody else's.</summary>
public sealed class ShareLifeTests : ProtocolTest
{
    private readonly StoreCalls _calls = new();
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task Behind_the_fence_the_store_is_asked_nothing_and_everything_open_is_abandoned()
    {
        var client = new SmbTestClientOptions { ClientGuid = Guid.NewGuid() };
        var tree = await StartAsync(client: client);
        var written = await tree.OpenAsync("written");
        await written.WriteAsync(0, [1]);
        (await tree.CallAsync(Smb2Command.Create, RequestBody.Create(
            "temporary", SmbTestTree.ReadWrite, options: CreateOptions.DeleteOnClose))).Expect(NtStatus.Success);
        var locked = await tree.OpenAsync("locked");
        Assert.Equal(NtStatus.Success, await locked.LockAsync(0, 1));
        var other = await Server.ConnectToAsync("open");
        var waiting = await other.Session.Connection.SendAsync((await other.OpenAsync("locked")).LockRequest(0, 1));
        var durable = await Server.ConnectToAsync(options: new SmbTestClientOptions { ClientGuid = Guid.NewGuid() });
        (await durable.CallAsync(Smb2Command.Create, RequestBody.Create("durable", oplock: Smb2OplockLevel.Batch, contexts:
            (ref CreateContextWriter writer) => writer.AskDurableHandleV2(new DurableHandleRequestV2(0, 0, Guid.NewGuid())))))
            .Expect(NtStatus.Success);
        await durable.Session.Connection.DisposeAsync();
        await TestServer.UntilAsync(() => Server.Graph.Opens.DisconnectedCount == 1, "the open waits");
        await TestServer.UntilAsync(() => !waiting.IsAnswered, "the lock waits");
        var handles = _calls.Handles;
        Assert.True(handles >= 5);
        _calls.Restart();

        var fenced = Server.Graph.Shares.Fence("data");
        Assert.Equal(["data", "open", "posix", "readonly", "sealed"], fenced.Order());
        foreach (var name in fenced)
        {
            Assert.True(await Server.Graph.Shares.RemoveAsync(name));
        }

        Assert.Equal(0, _calls.Count);
        Assert.Equal(handles, _calls.Handles);
        Assert.Equal(0, Server.Volume.OpenCount);
        Assert.Equal(0, Server.Volume.OpenFiles.Count);
        Assert.Equal(0, Server.Volume.PathLocks.Count);
        Assert.Equal(0, Server.Graph.Opens.Count);
        Assert.Equal(0, Server.Graph.Opens.DisconnectedCount);
        Assert.All(Server.Graph.Sessions, session => Assert.Empty(session.Opens.All));
        await waiting.ExpectAsync(NtStatus.NetworkNameDeleted);
        Assert.Equal(NtStatus.NetworkNameDeleted, await written.TryWriteAsync(0, [2]));
        Assert.Equal(NtStatus.NetworkNameDeleted, await tree.TryOpenAsync("new"));
        (await written.TryCloseAsync()).Expect(NtStatus.NetworkNameDeleted);
        Assert.Equal(0, _calls.Count);

        // What its close would have deleted is there, for whose it is now.
        var left = await Server.Memory.OpenAsync(new StorePath("temporary"), StoreAccess.Metadata, default);
        Assert.Equal(NtStatus.Success, left.Status);
        await left.Value.DisposeAsync();
    }

    [Theory]
    [InlineData("write")]
    [InlineData("read")]
    [InlineData("open")]
    [InlineData("create")]
    [InlineData("metadata")]
    public async Task What_hangs_in_the_store_is_not_waited_for_and_nothing_follows_from_it(string call)
    {
        var tree = await StartAsync(call);
        var file = call is "read" or "write" ? await tree.OpenAsync("f") : null;
        var request = call switch
        {
            "write" => file!.WriteRequest(0, [1]),
            "read" => file!.ReadRequest(0, 1),
            _ => tree.Request(Smb2Command.Create, RequestBody.Create("f", SmbTestTree.ReadWrite, options: CreateOptions.DeleteOnClose)),
        };
        var hanging = await tree.Session.Connection.SendAsync(request);
        await TestServer.UntilAsync(() => _calls.Waiting > 0, "it is under way");
        var removal = Server.Graph.Shares.RemoveAsync("data").AsTask();
        await Task.WhenAny(removal, Task.Delay(50));
        Assert.False(removal.IsCompleted);
        var life = Server.Graph.Shares;
        var calls = _calls.Count;
        var handles = _calls.Handles;
        Assert.Contains("data", life.Fence("data"));
        Assert.True(await removal.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal(calls, _calls.Count);
        _gate.SetResult();
        await hanging.ExpectAsync(NtStatus.NetworkNameDeleted);
        await TestServer.UntilAsync(() => Server.Volume.OpenFiles.Count == 0, "the tables are empty");
        Assert.Equal(0, Server.Volume.PathLocks.Count);
        Assert.Equal(calls, _calls.Count);

        // No handle was closed in it; one may have come back from it.
        Assert.InRange(_calls.Handles, handles, handles + 1);
    }

    [Fact]
    public async Task Who_waits_for_a_name_behind_a_hung_create_is_told_when_the_fence_goes_up()
    {
        var tree = await StartAsync("open");
        var first = await tree.Session.Connection.SendAsync(tree.Request(Smb2Command.Create, RequestBody.Create("f")));
        await TestServer.UntilAsync(() => _calls.Waiting > 0, "the first is under way");
        var second = await tree.Session.Connection.SendAsync(tree.Request(Smb2Command.Create, RequestBody.Create("f")));
        await Task.Delay(50);
        Server.Graph.Shares.Fence("data");
        await second.ExpectAsync(NtStatus.NetworkNameDeleted);
        Assert.False(first.IsAnswered);
        _gate.SetResult();
        await first.ExpectAsync(NtStatus.NetworkNameDeleted);
    }

    [Fact]
    public async Task The_end_of_a_share_is_told_once_to_all_who_wait_for_it()
    {
        var tree = await StartAsync("write");
        var file = await tree.OpenAsync("f");
        var share = Server.Graph.Shares.Find("data")!;
        Assert.Equal(ShareState.Serving, share.Life.State);
        Assert.False(share.Life.Over.IsCancellationRequested);
        await tree.Session.Connection.SendAsync(file.WriteRequest(0, [1]));
        await TestServer.UntilAsync(() => _calls.Waiting > 0, "the write is under way");
        var removal = Server.Graph.Shares.RemoveAsync("data").AsTask();
        Assert.Equal(ShareState.Gone, share.Life.State);
        Assert.True(share.Life.Over.IsCancellationRequested);
        Assert.Null(Server.Graph.Shares.Find("data"));
        Assert.False(share.Life.Ended.IsCompleted);
        Assert.False(share.TryBeginOpening());
        _gate.SetResult();
        await share.Life.Ended;
        Assert.True(await removal);
        Assert.Equal(0, Server.Volume.OpenCount);
        Assert.Equal(0, _calls.Handles);
    }

    [Fact]
    public async Task The_end_of_the_server_is_the_end_of_its_shares()
    {
        var tree = await StartAsync();
        await tree.OpenAsync("f");
        var shares = Server.Graph.Shares.All.ToList();
        await Server.StopAsync(TimeSpan.Zero);
        Assert.All(shares, share => Assert.Equal((ShareState.Gone, true), (share.Life.State, share.Life.Ended.IsCompletedSuccessfully)));
        Assert.Empty(Server.Graph.Shares.All);
    }

    /// <summary>A server whose store lets nothing of the kind through until the gate opens.</summary>
    private async Task<SmbTestTree> StartAsync(string? call = null, SmbTestClientOptions? client = null)
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
        return await Server.ConnectToAsync(options: client);
    }
}
