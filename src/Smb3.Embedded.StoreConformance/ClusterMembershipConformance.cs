using System.Diagnostics;
using System.Net;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.State;
using Xunit;

namespace Smb3.Embedded.StoreConformance;

/// <summary>What <see cref="IClusterStore"/> promises of nodes, their leases and the settings: a part of <see cref="ClusterStoreConformance"/>.</summary>
public abstract class ClusterMembershipConformance : IAsyncLifetime
{
    private readonly List<IClusterStore> _opened = [];

    /// <summary>The store under test.</summary>
    protected IClusterStore Store { get; private set; } = null!;

    /// <summary>
    /// Whether several instances of the store are one cluster. One in memory says no, and the tests use the same instance for all nodes.
    /// </summary>
    protected virtual bool HasManyInstances => true;

    /// <summary>A lease that a test may wait for to run out. Longer where the store is slow.</summary>
    protected virtual TimeSpan ShortLease => TimeSpan.FromMilliseconds(700);

    /// <summary>A lease that no test outlives.</summary>
    protected static TimeSpan LongLease { get; } = TimeSpan.FromMinutes(5);

    /// <summary>Opens the cluster of this test: empty the first time.</summary>
    protected abstract ValueTask<IClusterStore> OpenStoreAsync();

    /// <inheritdoc/>
    public virtual async LifetimeTask InitializeAsync() => Store = await OpenAsync();

    /// <inheritdoc/>
    public virtual async LifetimeTask DisposeAsync()
    {
        foreach (var store in _opened)
        {
            await store.DisposeAsync();
        }
    }

    /// <summary>The cluster once more: as another node has it.</summary>
    protected async ValueTask<IClusterStore> OpenBesideAsync() => HasManyInstances ? await OpenAsync() : Store;

    /// <summary>Waits until a lease has run out, which it does not do too early.</summary>
    /// <param name="incarnation">The incarnation that holds it.</param>
    /// <param name="begun">The time stamp from before it was given, or renewed last.</param>
    /// <param name="lease">How long it is valid.</param>
    protected async Task RunOutAsync(long incarnation, long begun, TimeSpan lease)
    {
        while ((await Store.ReadAsync()).Nodes.Any(node => node.Incarnation == incarnation && node.IsAlive))
        {
            Assert.True(Stopwatch.GetElapsedTime(begun) < lease + TimeSpan.FromSeconds(30), "The lease does not run out.");
            await Task.Delay(10);
        }

        // Two clocks are not quite equally fast.
        Assert.True(Stopwatch.GetElapsedTime(begun) > lease - TimeSpan.FromMilliseconds(20), $"It ran out after {Stopwatch.GetElapsedTime(begun)}.");
    }

    /// <summary>
    /// Runs a test that has to renew a short lease in time: once more when the machine was too busy, and the lease was lost, or the store gave up
    /// the renewal because a part of the lease was over.
    /// </summary>
    private protected static async Task InTimeAsync(Func<Task> test)
    {
        const int Tries = 5;
        for (var left = Tries - 1; ; left--)
        {
            try
            {
                await test();
                return;
            }
            catch (Exception e) when (left > 0 && e is (StateFencedException or IOException))
            {
            }
        }
    }

#pragma warning disable CS1591 // the names of the tests say what is promised

    [Fact]
    public async Task A_new_cluster_is_empty()
    {
        var view = await Store.ReadAsync();
        Assert.Empty(view.Nodes);
        Assert.Empty(view.Shares);
        Assert.Equal(new ClusterSettings(), view.Settings);
    }

    [Fact]
    public async Task A_node_is_seen_as_it_described_itself()
    {
        var beside = await OpenBesideAsync();
        var node = new ClusterNode
        {
            Name = "Knoten-\u00DF \U0001F600",
            Addresses = [new(IPAddress.Parse("192.0.2.7"), 0), new(IPAddress.Parse("2001:db8::1"), 4450)],
            MaxLevel = 3,
        };
        var member = await Store.JoinAsync(node, LongLease);
        Assert.True(member.Incarnation > 0);
        Assert.Equal(LongLease, member.LeaseTime);
        await Store.RenewAsync(member.Incarnation, new ClusterLoad(17, 1L << 40, IsDraining: true));
        var seen = Assert.Single((await beside.ReadAsync()).Nodes);
        Assert.Equal(node.Name, seen.Node.Name);
        Assert.Equal(node.Addresses, seen.Node.Addresses);
        Assert.Equal(3, seen.Node.MaxLevel);
        Assert.Equal(member.Incarnation, seen.Incarnation);
        Assert.Equal(new ClusterLoad(17, 1L << 40, true), seen.Load);
        Assert.False(seen.IsReplaced);
        Assert.InRange(seen.Remaining, LongLease - TimeSpan.FromMinutes(1), LongLease);
    }

    [Fact]
    public async Task Nodes_are_told_by_name()
    {
        foreach (var name in new[] { "c", "A", "b" })
        {
            await Store.JoinAsync(name, LongLease);
        }

        Assert.Equal(["A", "b", "c"], (await Store.ReadAsync()).Nodes.Select(node => node.Node.Name));
    }

    [Fact]
    public async Task A_node_that_is_shut_out_keeps_what_it_has_until_its_lease_ends_and_gets_nothing_more()
    {
        var beside = await OpenBesideAsync();
        var one = await Store.JoinAsync("one", LongLease);
        var other = await beside.JoinAsync("other", LongLease);
        var owned = (await Store.TakeOneAsync(one, "s"))!;
        var given = (await beside.TakeOneAsync(other, "t"))!;
        var before = (await beside.ReadAsync()).Version;
        Assert.True(await beside.FenceAsync("ONE", isOut: true));
        Assert.True((await beside.ReadAsync()).Version > before);
        await Assert.ThrowsAsync<StateFencedException>(async () => await Store.RenewAsync(one));
        await Assert.ThrowsAsync<StateFencedException>(async () => await Store.TakeAsync(one, "u"));
        await Assert.ThrowsAsync<StateFencedException>(async () => await Store.JoinAsync("One", LongLease));
        Assert.False(await beside.RequestMoveAsync("t", "one"));
        await beside.ReleaseAsync(given, "one");
        Assert.Null((await beside.LookAtAsync("t")).Successor);
        Assert.NotNull(await beside.TakeOneAsync(other, "t"));

        // Whoever may still serve it is waited for.
        Assert.Null(await beside.TakeOneAsync(other, "s"));
        var seen = (await beside.ReadAsync()).Nodes;
        Assert.Equal([("one", true, true), ("other", false, true)], seen.Select(node => (node.Node.Name, node.IsFenced, node.IsAlive)));
        await Store.LeaveAsync(one);
        Assert.NotNull(await beside.TakeOneAsync(other, "s"));
        Assert.Equal(owned.Epoch + 1, (await beside.LookAtAsync("s")).Epoch);
        await beside.RenewAsync(other);
    }

    [Fact]
    public async Task A_node_that_was_shut_out_is_let_in_again()
    {
        var one = await Store.JoinAsync("one", LongLease);
        Assert.False(await Store.FenceAsync("nobody", isOut: true));
        Assert.False(await Store.FenceAsync("nobody", isOut: false));
        Assert.True(await Store.JoinAsync("nobody", LongLease) > one);
        Assert.True(await Store.FenceAsync("one", isOut: true));
        Assert.True(await Store.FenceAsync("one", isOut: true));
        Assert.True(await Store.FenceAsync("one", isOut: false));
        await Store.RenewAsync(one);
        Assert.True(await Store.JoinAsync("one", LongLease) > one);
        Assert.True(await Store.FenceAsync("one", isOut: false));
        Assert.DoesNotContain((await Store.ReadAsync()).Nodes, node => node.IsFenced);
    }

    [Fact]
    public async Task What_no_store_takes_is_refused()
    {
        foreach (var name in new[] { "", new string('x', 64), "a\0", "a\n", "\uD83D" })
        {
            await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.JoinAsync(name, LongLease));
        }

        var node = new ClusterNode { Name = new('x', 63) };
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.JoinAsync(node with { MaxLevel = 0 }, LongLease));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.JoinAsync(node, ClusterLimits.MinLeaseTime / 2));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.JoinAsync(node, ClusterLimits.MaxLeaseTime * 2));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.JoinAsync(
            node with { Addresses = [.. Enumerable.Repeat(new IPEndPoint(IPAddress.Loopback, 0), ClusterLimits.MaxAddresses + 1)] }, LongLease));
        var incarnation = (await Store.JoinAsync(node with { MaxLevel = int.MaxValue }, ClusterLimits.MaxLeaseTime)).Incarnation;
        foreach (var share in new[] { "", new string('x', 81), "a\0", "\uDE00" })
        {
            await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.TakeAsync(incarnation, "fine", share));
            await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.RequestMoveAsync(share, null));
        }

        Assert.Empty((await Store.ReadAsync()).Shares);
    }

    [Fact]
    public async Task Incarnations_grow_over_all_nodes()
    {
        var beside = await OpenBesideAsync();
        var last = 0L;
        for (var i = 0; i < 6; i++)
        {
            var incarnation = await (i % 2 == 0 ? Store : beside).JoinAsync($"node {i % 3}", LongLease);
            Assert.True(incarnation > last);
            last = incarnation;
        }
    }

    [Fact]
    public async Task Many_who_join_at_once_get_incarnations_of_their_own()
    {
        var beside = await OpenBesideAsync();
        var incarnations = await Task.WhenAll(Enumerable.Range(0, 24).Select(
            i => Task.Run(() => (i % 2 == 0 ? Store : beside).JoinAsync($"node {i}", LongLease).AsTask())));
        Assert.Equal(incarnations.Length, incarnations.Distinct().Count());
        Assert.Equal(incarnations.Order(), (await Store.ReadAsync()).Nodes.Select(node => node.Incarnation).Order());
    }

    [Fact]
    public async Task Of_many_who_join_under_one_name_one_stays()
    {
        var beside = await OpenBesideAsync();
        var incarnations = await Task.WhenAll(Enumerable.Range(0, 12).Select(
            i => Task.Run(() => (i % 2 == 0 ? Store : beside).JoinAsync(i % 3 == 0 ? "NODE" : "node", LongLease).AsTask())));
        foreach (var incarnation in incarnations.Where(one => one != incarnations.Max()))
        {
            await Assert.ThrowsAsync<StateFencedException>(async () => await Store.RenewAsync(incarnation));
        }

        await Store.RenewAsync(incarnations.Max());
        Assert.Equal(incarnations.Max(), Assert.Single((await Store.ReadAsync()).Nodes, node => !node.IsReplaced).Incarnation);
    }

    [Fact]
    public async Task A_lease_runs_out_and_is_not_renewed_then()
    {
        var begun = Stopwatch.GetTimestamp();
        var incarnation = await Store.JoinAsync("node", ShortLease);
        await RunOutAsync(incarnation, begun, ShortLease);
        await Assert.ThrowsAsync<StateFencedException>(async () => await Store.RenewAsync(incarnation));
        await Assert.ThrowsAsync<StateFencedException>(async () => await Store.TakeAsync(incarnation, "share"));
        await Store.LeaveAsync(incarnation);
        Assert.Equal(TimeSpan.Zero, Assert.Single((await Store.ReadAsync()).Nodes).Remaining);
        Assert.True(await Store.JoinAsync("node", LongLease) > incarnation);
        Assert.True(Assert.Single((await Store.ReadAsync()).Nodes).IsAlive);
    }

    [Fact]
    public Task A_lease_that_is_renewed_stays_valid() => InTimeAsync(async () =>
    {
        var lease = ShortLease * 2;
        var incarnation = await Store.JoinAsync("node", lease);
        var begun = Stopwatch.GetTimestamp();
        var renewed = begun;
        while (Stopwatch.GetElapsedTime(begun) < lease * 2)
        {
            await Task.Delay(lease / 8);
            var now = Stopwatch.GetTimestamp();
            await Store.RenewAsync(incarnation);
            renewed = now;

            // A node of an earlier try may be there still.
            var own = Assert.Single((await Store.ReadAsync()).Nodes, node => node.Incarnation == incarnation);
            Assert.InRange(own.Remaining, TimeSpan.Zero, lease);
        }

        await RunOutAsync(incarnation, renewed, lease);
    });

    [Fact]
    public async Task Who_was_replaced_renews_and_takes_nothing_but_may_leave()
    {
        var beside = await OpenBesideAsync();
        var first = await Store.JoinAsync("node", LongLease);
        var second = await beside.JoinAsync("NODE", LongLease);
        await Assert.ThrowsAsync<StateFencedException>(async () => await Store.RenewAsync(first));
        await Assert.ThrowsAsync<StateFencedException>(async () => await Store.TakeAsync(first, "share"));
        var nodes = (await Store.ReadAsync()).Nodes;
        Assert.Equal([(first, true, true), (second, false, true)], nodes.Select(node => (node.Incarnation, node.IsReplaced, node.IsAlive)));
        await Store.LeaveAsync(first);
        Assert.Equal(second, Assert.Single((await Store.ReadAsync()).Nodes).Incarnation);
        await beside.RenewAsync(second);
    }

    [Fact]
    public async Task Who_has_left_is_seen_as_gone()
    {
        var incarnation = await Store.JoinAsync("node", LongLease);
        await Store.LeaveAsync(incarnation);
        await Store.LeaveAsync(incarnation);
        await Assert.ThrowsAsync<StateFencedException>(async () => await Store.RenewAsync(incarnation));
        var seen = Assert.Single((await Store.ReadAsync()).Nodes);
        Assert.Equal((incarnation, false), (seen.Incarnation, seen.IsAlive));
    }

    [Fact]
    public async Task An_incarnation_that_was_not_given_is_nobody()
    {
        foreach (var incarnation in new[] { long.MinValue, -1, 0, 1, long.MaxValue })
        {
            await Assert.ThrowsAsync<StateFencedException>(async () => await Store.RenewAsync(incarnation));
            await Assert.ThrowsAsync<StateFencedException>(async () => await Store.TakeAsync(incarnation, "share"));
            await Store.LeaveAsync(incarnation);
        }
    }

    [Fact]
    public async Task Settings_are_seen_by_all_and_count_the_version_up()
    {
        var beside = await OpenBesideAsync();
        var before = (await beside.ReadAsync()).Version;
        var settings = new ClusterSettings { MaxDialect = 0x0302, Level = 1 };
        await Store.ConfigureAsync(settings);
        var view = await beside.ReadAsync();
        Assert.True(view.Version > before);
        Assert.Equal(settings, view.Settings);
        await beside.ConfigureAsync(settings with { MaxDialect = null });
        Assert.Equal(new ClusterSettings(), (await Store.ReadAsync()).Settings);
    }

    [Fact]
    public async Task The_level_goes_up_when_all_know_it_and_never_down()
    {
        var old = (await Store.JoinAsync(new ClusterNode { Name = "old", MaxLevel = 1 }, LongLease)).Incarnation;
        await Store.JoinAsync(new ClusterNode { Name = "new", MaxLevel = 2 }, LongLease);
        var wanted = new ClusterSettings { MaxDialect = 0x0300, Level = 2 };
        var refused = await Assert.ThrowsAsync<ClusterLevelException>(async () => await Store.ConfigureAsync(wanted));
        Assert.Contains("old", refused.Message, StringComparison.Ordinal);
        Assert.Equal(new ClusterSettings(), (await Store.ReadAsync()).Settings);

        // One that was replaced serves what it owns for as long as its lease is valid.
        await Store.JoinAsync(new ClusterNode { Name = "old", MaxLevel = 2 }, LongLease);
        await Assert.ThrowsAsync<ClusterLevelException>(async () => await Store.ConfigureAsync(wanted));
        await Store.LeaveAsync(old);
        await Store.ConfigureAsync(wanted);
        Assert.Equal(wanted, (await Store.ReadAsync()).Settings);
        await Assert.ThrowsAsync<ClusterLevelException>(async () => await Store.ConfigureAsync(new ClusterSettings { Level = 1 }));
        Assert.Equal(wanted, (await Store.ReadAsync()).Settings);
        await Assert.ThrowsAsync<ClusterLevelException>(
            async () => await Store.JoinAsync(new ClusterNode { Name = "new", MaxLevel = 1 }, LongLease));
        Assert.All((await Store.ReadAsync()).Nodes, node => Assert.Equal((2, false), (node.Node.MaxLevel, node.IsReplaced)));
    }

    [Fact]
    public async Task A_call_that_was_cancelled_before_does_not_wait()
    {
        var incarnation = await Store.JoinAsync("node", LongLease);
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.RenewAsync(incarnation, default, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.ReadAsync(0, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.TakeAsync(incarnation, ["share"], cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.WaitAsync(long.MaxValue, LongLease, cancelled));
        await Store.RenewAsync(incarnation);
    }

    [Fact]
    public async Task A_disposed_store_refuses_everything_and_may_be_disposed_again()
    {
        var incarnation = await Store.JoinAsync("node", LongLease);
        var owned = Assert.Single(await Store.TakeAsync(incarnation, "share"));
        var state = Store.OpenState(owned);
        await Store.DisposeAsync();
        await Store.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await Store.JoinAsync("node", LongLease));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await Store.RenewAsync(incarnation));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await Store.TakeAsync(incarnation, "share"));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await Store.ReadAsync());
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await Store.WaitAsync(0, LongLease, CancellationToken.None));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await state.AcquireAsync("scope"));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await Store.State.AcquireAsync("scope"));
    }

    private async ValueTask<IClusterStore> OpenAsync()
    {
        var store = await OpenStoreAsync();
        _opened.Add(store);
        return store;
    }
}
