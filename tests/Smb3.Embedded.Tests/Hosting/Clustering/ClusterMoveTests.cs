using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Tests.Protocol;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting.Clustering;

/// <summary>A share goes from one node to another under its clients, who notice a pause.</summary>
public sealed class ClusterMoveTests : ClusterTest
{
    private static readonly Guid Application = Guid.NewGuid();

    [Fact]
    public async Task Moves_under_load_lose_nothing()
    {
        var (first, second) = await StartTwoAsync();
        var client = new ClusterClient([first, second], "f");
        using var enough = new CancellationTokenSource();
        var running = client.RunAsync(enough.Token);
        await TestServer.UntilAsync(() => client.Writes > 20, "it writes");
        foreach (var target in new[] { second, first, second })
        {
            await first.Server.Cluster!.MoveAsync("vm", target.Name);
            await TestServer.UntilAsync(() => client.At == target.Name, "it writes there");
        }

        await enough.CancelAsync();
        await running;
        Assert.Equal([client.Last], await client.ReadAsync());
        Assert.True(client.Redirections > 0, string.Join(Environment.NewLine, client.Losses));
        Assert.Equal(4, Assert.Single(first.Server.Cluster!.Shares).Epoch);
    }

    [Fact]
    public async Task A_death_under_load_loses_nothing()
    {
        var (first, second) = await StartTwoAsync(Mortal);
        var client = new ClusterClient([first, second], "f");
        using var enough = new CancellationTokenSource();
        var running = client.RunAsync(enough.Token);
        await TestServer.UntilAsync(() => client.Writes > 20, "it writes");
        await first.CutAsync();
        await UntilServedAsync(second);
        var before = client.Writes;
        await TestServer.UntilAsync(() => client.Writes > before + 20, "it writes there");
        await enough.CancelAsync();
        await running;
        Assert.Equal([client.Last], await client.ReadAsync());
    }

    [Fact]
    public async Task A_node_that_is_shut_out_loses_its_shares_and_comes_back_when_it_is_let_in()
    {
        var (first, second) = await StartTwoAsync(Mortal);
        var cluster = second.Server.Cluster!;
        await Assert.ThrowsAsync<ArgumentException>(() => cluster.FenceAsync("nobody"));
        await Assert.ThrowsAsync<ArgumentException>(() => cluster.FenceAsync(cluster.Node));
        await cluster.FenceAsync(first.Name);
        Assert.False(first.Serves("vm"));
        await UntilServedAsync(second);
        await TestServer.UntilAsync(() => cluster.Nodes.Any(node => node is { Name: "a", IsFenced: true, IsAlive: false }), "it is dead, and seen to be shut out");
        await TestServer.UntilAsync(() => !first.Server.Cluster!.IsMember, "it knows itself");
        await Assert.ThrowsAsync<ArgumentException>(() => cluster.MoveAsync("vm", first.Name));
        await cluster.UnfenceAsync(first.Name);
        await TestServer.UntilAsync(() => first.Server.Cluster!.IsMember, "it has joined by itself");
        await cluster.MoveAsync("vm", first.Name);
        await UntilServedAsync(first);
    }

    [Fact]
    public async Task A_drain_empties_a_node_while_its_clients_go_on()
    {
        var (first, second) = await StartTwoAsync();
        var client = new ClusterClient([first, second], "f");
        using var enough = new CancellationTokenSource();
        var running = client.RunAsync(enough.Token);
        await TestServer.UntilAsync(() => client.Writes > 20, "it writes");
        await first.Server.Cluster!.DrainAsync();
        Assert.False(first.Serves("vm"));
        await TestServer.UntilAsync(() => second.Server.Cluster!.Nodes.Any(static node => node is { Name: "a", IsDraining: true }), "the others know");
        await UntilServedAsync(second);

        // Nobody moves anything to it, and it takes nothing, until it is resumed.
        await second.Server.StopAsync();
        await Task.Delay(TimeSpan.FromMilliseconds(500), Time);
        Assert.False(first.Serves("vm"));
        first.Server.Cluster.Resume();
        await UntilServedAsync(first);
        var before = client.Writes;
        await TestServer.UntilAsync(() => client.Writes > before, "it writes again");
        await enough.CancelAsync();
        await running;
        Assert.Equal([client.Last], await client.ReadAsync());
    }

    [Fact]
    public async Task A_stop_hands_over_to_the_node_that_was_named()
    {
        var first = await StartNodeAsync("a", static options => options.Cluster.DrainTo = "c");
        await UntilServedAsync(first);
        await StartNodeAsync("b");
        var named = await StartNodeAsync("c");
        await first.Server.StopAsync();
        await UntilServedAsync(named);
    }

    [Fact]
    public async Task A_move_to_nobody_is_refused()
    {
        var (first, _) = await StartTwoAsync();
        await Assert.ThrowsAsync<ArgumentException>(() => first.Server.Cluster!.MoveAsync("vm", "nobody"));
        await Assert.ThrowsAsync<ArgumentException>(() => first.Server.Cluster!.MoveAsync("nothing", "b"));
        Assert.True(first.Serves("vm"));
    }

    [Fact]
    public async Task A_create_whose_answer_was_lost_is_replayed_at_the_other_node()
    {
        var (first, second) = await StartTwoAsync();
        var tree = await first.ConnectAsync("vm", Client);
        var create = Create(tree, "f", Persistent(lease: ReadWriteHandle), Smb2OplockLevel.Lease, disposition: CreateDisposition.Create);
        var opened = await AnswerAsync(tree, create);
        await first.Server.Cluster!.MoveAsync("vm", "b");
        var there = await second.ConnectAsync("vm", Client);
        var again = await AnswerAsync(there, Again(create, there));
        Assert.Equal(opened.FileId.Persistent, again.FileId.Persistent);
        Assert.Equal(opened.Action, again.Action);
        await new SmbTestFile(there, again).CloseAsync();
    }

    [Fact]
    public async Task A_user_is_the_same_at_nodes_on_machines_of_other_names()
    {
        var first = await StartNodeAsync("a", static options => options.ServerName = "MACHINE-1");
        await UntilServedAsync(first);
        var second = await StartNodeAsync("b", static options => options.ServerName = "MACHINE-2");
        var tree = await first.ConnectAsync("vm", Client);
        var create = Create(tree, "f", Persistent(), disposition: CreateDisposition.Create);
        var opened = await AnswerAsync(tree, create);
        await first.Server.Cluster!.MoveAsync("vm", "b");
        var there = await second.ConnectAsync("vm", Client);
        Assert.Equal(opened.FileId.Persistent, (await AnswerAsync(there, Again(create, there))).FileId.Persistent);
    }

    [Fact]
    public async Task An_application_instance_takes_its_files_over_at_another_node()
    {
        var (first, second) = await StartTwoAsync();
        var tree = await first.ConnectAsync("vm", Client);
        await AnswerAsync(tree, Create(tree, "f", Instance(1), share: ShareAccess.None));
        await first.Server.Cluster!.MoveAsync("vm", "b");
        var other = await second.ConnectAsync("vm", new SmbTestClientOptions { ClientGuid = Guid.NewGuid() });
        Assert.NotEqual(NtStatus.Success, await other.TryOpenAsync("f"));

        // MS-SMB2 3.3.5.9.13: not an older instance, and the newer one only.
        Assert.Equal(NtStatus.FileForcedClosed, (await other.Session.CallAsync(Create(other, "f", Instance(1), share: ShareAccess.None))).Status);
        var taken = await AnswerAsync(other, Create(other, "f", Instance(2), share: ShareAccess.None));
        await new SmbTestFile(other, taken).CloseAsync();
    }

    [Fact]
    public async Task A_lease_is_there_after_a_move_and_is_broken_for_others()
    {
        var (first, second) = await StartTwoAsync();
        var tree = await first.ConnectAsync("vm", Client);
        var file = new SmbTestFile(tree, await OpenAsync(tree, "f", ReadWriteHandle));
        await first.Server.Cluster!.MoveAsync("vm", "b");
        var back = await BackAsync(await second.ConnectAsync("vm", Client), "f", file.FileId, Key);
        var other = await second.ConnectAsync("vm");
        var opening = other.OpenAsync("f");
        var notice = await back.Tree.Session.Connection.NextUnsolicitedAsync();
        Assert.Equal(Smb2Command.OplockBreak, notice.Command);
        await back.CloseAsync();
        await (await opening).CloseAsync();
    }

    [Fact]
    public async Task A_move_whose_state_cannot_be_kept_does_not_happen()
    {
        var (first, second) = await StartTwoAsync();
        var tree = await first.ConnectAsync("vm", Client);
        var file = new SmbTestFile(tree, await OpenAsync(tree, "f"));
        first.Store.IsStateCut = true;
        Assert.Equal(NtStatus.InsufficientResources, await file.LockAsync(0, 1));
        var moving = first.Server.Cluster!.MoveAsync("vm", "b");
        await TestServer.UntilAsync(() => first.Log.Entries.Any(static entry => entry.Text.Contains("stays here", StringComparison.Ordinal)), "it was tried");
        Assert.False(second.Serves("vm"));
        first.Store.IsStateCut = false;
        await moving;
        await UntilServedAsync(second);
        await (await BackAsync(await second.ConnectAsync("vm", Client), "f", file.FileId)).CloseAsync();
    }

    [Fact]
    public async Task Storage_that_can_fence_is_asked_to_before_the_share_of_a_dead_node_is_opened()
    {
        var fenced = new List<SmbFencedNode>();
        var mayGoOn = new TaskCompletionSource();
        var first = await StartNodeAsync("a", Mortal);
        await UntilServedAsync(first);
        var second = await StartNodeAsync("b", options =>
        {
            Mortal(options);
            options.Cluster.FenceStorage = (node, _) =>
            {
                fenced.Add(node);
                return mayGoOn.Task;
            };
        });
        await first.Server.Cluster!.MoveAsync("vm", "b");
        await UntilServedAsync(second);
        Assert.Empty(fenced); // it was given up
        await first.Server.Cluster!.MoveAsync("vm", "a");
        await UntilServedAsync(first);
        await first.CutAsync();
        await TestServer.UntilAsync(() => fenced.Count > 0, "it is asked");
        await Task.Delay(TimeSpan.FromMilliseconds(100), Time);
        Assert.False(second.Serves("vm"));
        mayGoOn.SetResult();
        await UntilServedAsync(second);
        Assert.Equal([new SmbFencedNode("a", "vm", 3)], fenced);
    }

    private static WriteCreateContexts Instance(ulong version) => (ref CreateContextWriter writer) =>
    {
        writer.AskDurableHandleV2(new DurableHandleRequestV2(0, DurableHandleFlags.Persistent, Guid.NewGuid()));
        writer.AppInstanceId(Application);
        writer.AppInstanceVersion(new AppInstanceVersion(0, version));
    };
}
