using Smb3.Embedded.Hosting.Shares;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.Tests.Protocol;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting.Clustering;

/// <summary>Many shares go to another node at once.</summary>
public sealed class ClusterTakeoverTests : ClusterTest
{
    private const int Count = 60;

    private readonly (string Name, IFileStore Files)[] _shares =
        [.. Enumerable.Range(0, Count).Select(static i => ($"share {i}", (IFileStore)new MemoryFileStore()))];

    private int _opening;
    private int _most;

    private protected override IEnumerable<(string Name, IFileStore Files)> Shares => _shares;

    [Fact]
    public async Task The_shares_of_a_node_that_has_died_are_opened_beside_each_other_but_not_all_at_once()
    {
        var first = await StartNodeAsync("a", Mortal);
        await UntilAllServedAsync(first);
        var second = await StartNodeAsync("b", Mortal);
        second.Store.Acquiring = SlowlyAsync;
        await first.CutAsync();
        await UntilAllServedAsync(second);
        Assert.InRange(_most, 2, ShareTurns.DefaultWidth);
    }

    [Fact]
    public async Task A_server_stops_while_it_opens_many_shares()
    {
        var first = NewNode("a");
        first.Store.Acquiring = SlowlyAsync;
        await first.Server.StartAsync();
        await TestServer.UntilAsync(() => _shares.Any(share => first.Serves(share.Name)), "some are served");
        await first.Server.Shares.AddAsync("more", new MemoryFileStore());
        await first.Server.StopAsync().WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(SmbServerState.Stopped, first.Server.State);
    }

    [Fact]
    public async Task Changes_of_all_shares_are_made_alone_and_in_turn()
    {
        var turns = new ShareTurns(width: 3);
        for (var i = 0; i < 3; i++)
        {
            await turns.WaitForOneAsync(CancellationToken.None);
        }

        // A fourth one waits, and so does who wants to be alone, who gives up.
        using var enough = new CancellationTokenSource();
        var fourth = turns.WaitForOneAsync(CancellationToken.None);
        var alone = turns.WaitAsync(enough.Token);
        Assert.False(fourth.IsCompleted);
        turns.ReleaseOne();
        await fourth;
        await enough.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => alone);

        // Who comes after somebody who wants to be alone waits for him.
        alone = turns.WaitAsync();
        turns.ReleaseOne();
        var late = turns.WaitForOneAsync(CancellationToken.None);
        Assert.False(late.IsCompleted);
        turns.ReleaseOne();
        Assert.False(alone.IsCompleted);
        turns.ReleaseOne();
        await alone;
        Assert.False(late.IsCompleted);
        turns.Release();
        await late;
        turns.ReleaseOne();
    }

    [Fact]
    public async Task A_client_is_known_until_all_who_expect_it_have_its_opens_back()
    {
        await using var server = new TestServer();
        var client = Guid.NewGuid();
        var one = server.Graph.Expect(client);
        server.Graph.ForgetIfGone(client);
        Assert.Same(one, server.Graph.Expect(client));
        server.Graph.StopExpecting(one);
        Assert.Same(one, Assert.Single(server.Graph.Clients));
        server.Graph.StopExpecting(one);
        Assert.Empty(server.Graph.Clients);
    }

    private Task UntilAllServedAsync(TestNode node) =>
        TestServer.UntilAsync(() => _shares.All(share => node.Serves(share.Name)), $"{node.Name} serves all");

    private async Task SlowlyAsync()
    {
        var now = Interlocked.Increment(ref _opening);
        InterlockedMax(ref _most, now);
        await Task.Delay(50);
        Interlocked.Decrement(ref _opening);
    }

    private static void InterlockedMax(ref int most, int now)
    {
        while (Volatile.Read(ref most) is var before && now > before && Interlocked.CompareExchange(ref most, now, before) != before)
        {
            // Somebody else was faster.
        }
    }
}
