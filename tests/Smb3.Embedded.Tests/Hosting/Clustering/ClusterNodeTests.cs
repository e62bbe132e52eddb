using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Tests.Protocol;
using Smb3.Embedded.Tests.Storage;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Io;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting.Clustering;

/// <summary>The nodes of a cluster serve a share in turn.</summary>
public sealed class ClusterNodeTests : ClusterTest
{
    [Fact]
    public async Task A_share_is_served_by_one_node_and_known_to_all()
    {
        var (first, second) = await StartTwoAsync();
        await new SmbTestFile(await first.ConnectAsync("vm"), await OpenAsync(await first.ConnectAsync("vm"), "f")).Tree.DisconnectAsync();
        Assert.False(second.Serves("vm"));
        Assert.Contains(second.Server.Graph!.Shares.Known, static share => share.Name == "vm");
        var seen = Assert.Single(second.Server.Cluster!.Shares);
        Assert.Equal(("vm", "a", 1L, false), (seen.Name, seen.Owner, seen.Epoch, seen.IsHere));
        Assert.True(Assert.Single(first.Server.Cluster!.Shares).IsHere);
        Assert.All(second.Server.Cluster.Nodes, static node => Assert.True(node.IsAlive));
        Assert.Equal(["a", "b"], second.Server.Cluster.Nodes.Select(static node => node.Name));
    }

    [Fact]
    public async Task When_a_node_dies_its_clients_go_on_at_another_with_handles_locks_and_data()
    {
        var (first, second) = await StartTwoAsync(Mortal);
        var tree = await first.ConnectAsync("vm", Client);
        var file = new SmbTestFile(tree, await OpenAsync(tree, "f", ReadWriteHandle));
        await file.WriteAsync(0, [1, 2, 3]);
        Assert.Equal(NtStatus.Success, await file.LockAsync(0, 2));

        await first.CutAsync();
        await UntilServedAsync(second);
        var back = await BackAsync(await second.ConnectAsync("vm", Client), "f", file.FileId, Key);
        Assert.Equal([1, 2, 3], await back.ReadAsync(0, 3));
        Assert.Equal(NtStatus.LockNotGranted, await back.LockAsync(1, 1));
        await back.CloseAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_given_up_is_answered_when_no_other_node_would_have_it_back(bool closes)
    {
        var first = await StartNodeAsync("a");
        await UntilServedAsync(first);
        var tree = await first.ConnectAsync("vm", Client);
        var file = new SmbTestFile(tree, await OpenAsync(tree, "f", ReadWriteHandle));
        Assert.Equal(NtStatus.Success, await file.LockAsync(0, 2));
        first.Store.IsStateCut = true;
        var givingUp = GiveUpAsync();
        await Task.Delay(TimeSpan.FromMilliseconds(300), Time);
        Assert.False(givingUp.IsCompleted);

        // Nor is it when the first request was lost, and the client closes the handle again.
        var again = GiveUpAsync();
        await Task.Delay(TimeSpan.FromMilliseconds(300), Time);
        Assert.Equal(!closes, again.IsCompleted);
        first.Store.IsStateCut = false;
        Assert.Equal(NtStatus.Success, await givingUp);
        Assert.Equal(closes ? NtStatus.FileClosed : NtStatus.RangeNotLocked, await again);

        async Task<NtStatus> GiveUpAsync() => closes ? (await file.TryCloseAsync()).Status : await file.LockAsync(0, 2, LockFlags.Unlock);
    }

    [Fact]
    public async Task A_node_that_has_died_starts_again_while_its_lease_lasts_and_has_its_shares_when_that_is_over()
    {
        var first = await StartNodeAsync("a", Mortal);
        await UntilServedAsync(first);
        await StartNodeAsync("b", Mortal);
        await first.CutAsync();
        var again = await StartNodeAsync("a", Mortal);
        await TestServer.UntilAsync(() => again.Server.Cluster!.Shares.Any(static share => share.Epoch == 2), "somebody has the share");
        Assert.Equal(["a", "b"], again.Server.Cluster!.Nodes.Select(static node => node.Name));
    }

    [Fact]
    public async Task A_node_that_is_cut_from_the_store_answers_nothing_any_more_when_another_begins_and_joins_anew_later()
    {
        var (first, second) = await StartTwoAsync(Mortal);
        var tree = await first.ConnectAsync("vm", Client);
        var file = new SmbTestFile(tree, await OpenAsync(tree, "f"));
        var incarnation = first.Server.Cluster!.Incarnation;
        first.Store.IsCut = true;
        var lastAnswer = 0L;
        var writing = Task.Run(async () =>
        {
            while (true)
            {
                Assert.Equal(NtStatus.Success, await file.TryWriteAsync(0, [7]));
                lastAnswer = Stopwatch.GetTimestamp();
            }
        });
        while (!second.Serves("vm"))
        {
            await Task.Delay(1);
        }

        var served = Stopwatch.GetTimestamp();
        var end = await Assert.ThrowsAnyAsync<Exception>(() => writing);
        Assert.IsAssignableFrom<IOException>(end); // dropped with its connection, rather than answered
        Assert.True(lastAnswer != 0 && lastAnswer < served, "The old owner has answered while there was a new one.");
        Assert.False(first.Serves("vm"));

        first.Store.IsCut = false;
        await TestServer.UntilAsync(() => first.Server.Cluster.Incarnation > incarnation, "it has joined anew");
        var back = await BackAsync(await second.ConnectAsync("vm", Client), "f", file.FileId);
        Assert.Equal([7], await back.ReadAsync(0, 1));
        await second.Server.Cluster!.MoveAsync("vm", "a");
        await UntilServedAsync(first);
        back = await BackAsync(await first.ConnectAsync("vm", Client), "f", file.FileId);
        Assert.Equal([7], await back.ReadAsync(0, 1));
    }

    [Fact]
    public async Task A_stop_gives_the_shares_to_another_node()
    {
        var (first, second) = await StartTwoAsync();
        var tree = await first.ConnectAsync("vm", Client);
        var file = new SmbTestFile(tree, await OpenAsync(tree, "f", options: CreateOptions.DeleteOnClose));
        await first.Server.StopAsync();
        await UntilServedAsync(second);
        Assert.Empty(await NodesThatLiveAsync(but: "b"));
        var back = await BackAsync(await second.ConnectAsync("vm", Client), "f", file.FileId);
        await back.CloseAsync();
        Assert.Equal(NtStatus.ObjectNameNotFound, await back.Tree.TryOpenAsync("f"));

        // The last one stops and comes back, and so does what is open there.
        var kept = await OpenAsync(back.Tree, "g");
        await second.Server.StopAsync();
        await second.Server.StartAsync();
        await UntilServedAsync(second);
        await (await BackAsync(await second.ConnectAsync("vm", Client), "g", kept.FileId)).CloseAsync();
    }

    [Fact]
    public async Task Ids_are_given_once_in_the_whole_cluster_and_each_node_keeps_its_guid()
    {
        var (first, second) = await StartTwoAsync();
        var tree = await first.ConnectAsync("vm", Client);
        var guid = tree.Session.Connection.Negotiated!.ServerGuid;
        var one = await OpenAsync(tree, "f");
        await second.Server.Cluster!.MoveAsync("vm", "b");
        await UntilServedAsync(second);
        tree = await second.ConnectAsync("vm", Client);
        Assert.NotEqual(guid, tree.Session.Connection.Negotiated!.ServerGuid);
        var other = await AnswerAsync(tree, Create(tree, "g", Persistent(Guid.NewGuid())));
        Assert.NotEqual(one.FileId.Persistent >> 40, other.FileId.Persistent >> 40);
        await first.Server.StopAsync();
        await first.Server.StartAsync();
        Assert.Equal(guid, (await first.LogOnAsync()).Connection.Negotiated!.ServerGuid);
    }

    [Fact]
    public async Task A_share_that_cannot_be_opened_on_a_node_goes_to_another()
    {
        var folder = new TemporaryFolder();
        var missing = NewNode("a", static options =>
        {
            options.Shares.Clear();
            options.Shares.Add(new SmbShareOptions { Name = "vm", Folder = "/nowhere/at/all", Clustered = true });
        });
        await missing.Server.StartAsync();
        await TestServer.UntilAsync(() => missing.Log.Entries.Any(static entry => entry.Text.Contains("cannot be opened", StringComparison.Ordinal)), "it was tried");
        var other = await StartNodeAsync("b", options =>
        {
            options.Shares.Clear();
            options.Shares.Add(new SmbShareOptions { Name = "vm", Folder = folder.Path, Clustered = true });
        });
        await UntilServedAsync(other);
        await OpenAsync(await other.ConnectAsync("vm", Client), "f");
        folder.Delete();
    }

    [Fact]
    public async Task A_share_that_is_added_or_removed_while_the_server_runs_comes_and_goes()
    {
        var node = await StartNodeAsync("a", static options => options.Shares.Clear());
        await node.Server.Shares.AddAsync(new SmbShareOptions { Name = "vm", Store = Files, Clustered = true });
        await UntilServedAsync(node);
        await node.Server.Shares.ChangeAsync(new SmbShareOptions { Name = "vm", Store = Files, Clustered = true, ReadOnly = true });
        await UntilServedAsync(node);
        await TestServer.UntilAsync(() => node.Server.Graph!.Shares.Find("vm") is { ReadOnly: true }, "it is read-only");
        Assert.True(await node.Server.Shares.RemoveAsync("vm"));
        await TestServer.UntilAsync(() => node.Server.Cluster!.Shares.All(static share => share.Owner is null), "it is nobody's");
        Assert.Equal(0, node.Server.Shares.Served.Volumes.Count);
    }

    [Fact]
    public void A_clustered_share_needs_a_cluster_and_a_place_that_others_reach()
    {
        var options = new SmbServerOptions();
        options.Shares.Add(new SmbShareOptions { Name = "vm", Folder = SmbShareOptions.Memory, Clustered = true });
        var refused = Assert.Throws<OptionsValidationException>(() => new SmbServer(string.Empty, options, new NullLoggerFactory(), null, null));
        Assert.Contains(refused.Failures, static failure => failure.Contains("UseCluster", StringComparison.Ordinal));
        Assert.Contains(refused.Failures, static failure => failure.Contains("in memory", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_node_of_a_cluster_that_cannot_be_reached_does_not_start_and_says_why()
    {
        var node = NewNode("a");
        node.Store.IsCut = true;
        var refused = await Assert.ThrowsAsync<SmbServerStartException>(() => node.Server.StartAsync());
        Assert.Contains("cluster", refused.Message, StringComparison.Ordinal);
        Assert.Equal(SmbServerState.Stopped, node.Server.State);
        node.Store.IsCut = false;
        await node.Server.StartAsync();
        await UntilServedAsync(node);
    }

    private async Task<IEnumerable<string>> NodesThatLiveAsync(string but) =>
        (await Cluster.ReadAsync(0, default)).Nodes.Where(node => node.IsAlive && node.Node.Name != but).Select(static node => node.Node.Name);
}
