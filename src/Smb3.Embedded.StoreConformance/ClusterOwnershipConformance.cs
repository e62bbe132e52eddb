using System.Diagnostics;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.State;
using Xunit;

namespace Smb3.Embedded.StoreConformance;

/// <summary>What <see cref="IClusterStore"/> promises of shares and who owns them: a part of <see cref="ClusterStoreConformance"/>.</summary>
public abstract class ClusterOwnershipConformance : ClusterMembershipConformance
{
#pragma warning disable CS1591 // the names of the tests say what is promised

    [Fact]
    public async Task A_share_that_nobody_owns_is_made_and_taken()
    {
        var beside = await OpenBesideAsync();
        var node = await Store.JoinAsync("node", LongLease);
        var owned = Assert.Single(await Store.TakeAsync(node, "Share"));
        Assert.Equal(("Share", node), (owned.Share, owned.Incarnation));
        Assert.True(owned.Epoch > 0);
        var seen = Assert.Single((await beside.ReadAsync()).Shares);
        Assert.Equal(("Share", "node", node, owned.Epoch), (seen.Share, seen.Owner, seen.Incarnation, seen.Epoch));
        Assert.InRange(seen.Remaining, LongLease - TimeSpan.FromMinutes(1), LongLease);
        Assert.Null(seen.Successor);
        Assert.Null(seen.Wanted);
    }

    [Fact]
    public async Task Case_does_not_count_in_the_name_of_a_share()
    {
        var node = await Store.JoinAsync("node", LongLease);
        var first = Assert.Single(await Store.TakeAsync(node, "Gr\u00FC\u00DFe", "GR\u00DC\u00DFE"));
        Assert.Null(await Store.TakeOneAsync(await Store.JoinAsync("other", LongLease), "gr\u00FC\u00DFe"));
        await Store.ReleaseAsync(first with { Share = "gr\u00DC\u00DFE" });
        Assert.True((await Store.TakeOneAsync(node, "gr\u00FC\u00DFe"))!.Epoch > first.Epoch);
        Assert.Equal("Gr\u00FC\u00DFe", Assert.Single((await Store.ReadAsync()).Shares).Share);
    }

    [Fact]
    public async Task Names_of_shares_are_any_text()
    {
        string[] names = ["a b", "a%", "a_", "a'", "a\"", "a\\b", "\u6F22\u5B57", "\U0001F600", "null", "1", new('x', 80), new('x', 79), " a", "a "];
        var node = await Store.JoinAsync("node", LongLease);
        Assert.Equal(names.Order(StringComparer.Ordinal), (await Store.TakeAsync(node, names)).Select(one => one.Share).Order(StringComparer.Ordinal));
        Assert.Equal(names.Order(StringComparer.Ordinal), (await Store.ReadAsync()).Shares.Select(one => one.Share).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Only_what_is_free_is_taken()
    {
        var beside = await OpenBesideAsync();
        var one = await Store.JoinAsync("one", LongLease);
        var two = await beside.JoinAsync("two", LongLease);
        await Store.TakeAsync(one, "a", "b");
        Assert.Equal(["c", "d"], (await beside.TakeAsync(two, "a", "b", "c", "d")).Select(owned => owned.Share).Order());
        Assert.Equal("a:one/1 b:one/1 c:two/1 d:two/1", (await Store.ReadAsync()).Shares.Tell());
        Assert.Empty(await Store.TakeAsync(one));
    }

    [Fact]
    public async Task The_owner_gets_its_share_again_with_a_new_epoch()
    {
        var node = await Store.JoinAsync("node", LongLease);
        var first = (await Store.TakeOneAsync(node, "share"))!;
        var second = (await Store.TakeOneAsync(node, "share"))!;
        Assert.True(second.Epoch > first.Epoch);
        await Store.ReleaseAsync(first);
        Assert.Equal("node", (await Store.LookAtAsync("share")).Owner);
    }

    [Fact]
    public async Task What_is_given_up_is_free_for_anybody()
    {
        var beside = await OpenBesideAsync();
        var one = await Store.JoinAsync("one", LongLease);
        var two = await beside.JoinAsync("two", LongLease);
        var owned = (await Store.TakeOneAsync(one, "share"))!;
        await Store.ReleaseAsync(owned);
        var seen = await beside.LookAtAsync("share");
        Assert.Equal((null, 0, owned.Epoch, TimeSpan.Zero), (seen.Owner, seen.Incarnation, seen.Epoch, seen.Remaining));
        Assert.True((await beside.TakeOneAsync(two, "share"))!.Epoch > owned.Epoch);
        await Store.ReleaseAsync(owned); // it is not its own any more
        Assert.Equal("two", (await Store.LookAtAsync("share")).Owner);
        await Store.ReleaseAsync(new ClusterOwnership("none", one, 1));
    }

    [Fact]
    public async Task Who_leaves_frees_all_that_it_owned()
    {
        var beside = await OpenBesideAsync();
        var one = await Store.JoinAsync("one", LongLease);
        var two = await beside.JoinAsync("two", LongLease);
        await Store.TakeAsync(one, "a", "b", "c");
        await Store.LeaveAsync(one);
        Assert.All((await beside.ReadAsync()).Shares, share => Assert.Equal(TimeSpan.Zero, share.Remaining));
        Assert.Equal(3, (await beside.TakeAsync(two, "a", "b", "c")).Count);
    }

    [Fact]
    public async Task A_share_stays_with_its_owner_until_the_lease_has_run_out()
    {
        var beside = await OpenBesideAsync();
        var taker = await beside.JoinAsync("taker", LongLease);
        var begun = Stopwatch.GetTimestamp();
        var owner = await Store.JoinAsync("owner", ShortLease);
        var owned = (await Store.TakeOneAsync(owner, "share"))!;
        ClusterOwnership? taken;
        while ((taken = await beside.TakeOneAsync(taker, "share")) is null)
        {
            Assert.True(Stopwatch.GetElapsedTime(begun) < ShortLease + TimeSpan.FromSeconds(30), "The lease does not run out.");
            await Task.Delay(10);
        }

        Assert.True(Stopwatch.GetElapsedTime(begun) > ShortLease - TimeSpan.FromMilliseconds(20));
        Assert.True(taken.Epoch > owned.Epoch);
        await Assert.ThrowsAsync<StateFencedException>(async () => await Store.RenewAsync(owner));
        await Store.ReleaseAsync(owned);
        Assert.Equal("taker", (await Store.LookAtAsync("share")).Owner);
    }

    [Fact]
    public async Task What_one_who_was_replaced_owns_stays_its_own_until_its_lease_has_run_out()
    {
        var beside = await OpenBesideAsync();
        var begun = Stopwatch.GetTimestamp();
        var lease = ShortLease * 2;
        var first = await Store.JoinAsync("node", lease);
        var owned = (await Store.TakeOneAsync(first, "share"))!;
        var given = (await Store.TakeOneAsync(first, "given"))!;
        var second = await beside.JoinAsync("node", LongLease);
        Assert.Null(await beside.TakeOneAsync(second, "share"));
        await Store.ReleaseAsync(given); // it needs no lease to give something up
        Assert.NotNull(await beside.TakeOneAsync(second, "given"));
        await RunOutAsync(first, begun, lease);
        Assert.True((await beside.TakeOneAsync(second, "share"))!.Epoch > owned.Epoch);
    }

    [Fact]
    public async Task A_share_is_reserved_for_its_successor_as_long_as_that_node_lives()
    {
        var beside = await OpenBesideAsync();
        var one = await Store.JoinAsync("one", LongLease);
        var two = await beside.JoinAsync("Two", LongLease);
        var three = await beside.JoinAsync("three", LongLease);
        await Store.ReleaseAsync((await Store.TakeOneAsync(one, "share"))!, "two");
        Assert.Equal((null, "Two"), ((await Store.LookAtAsync("share")).Owner, (await Store.LookAtAsync("share")).Successor));
        Assert.Null(await beside.TakeOneAsync(three, "share"));
        Assert.Null(await Store.TakeOneAsync(one, "share"));
        var owned = (await beside.TakeOneAsync(two, "share"))!;
        Assert.Null((await Store.LookAtAsync("share")).Successor);
        await beside.ReleaseAsync(owned, "three");
        await beside.LeaveAsync(three);
        Assert.Null((await Store.LookAtAsync("share")).Successor);
        Assert.NotNull(await Store.TakeOneAsync(one, "share"));
    }

    [Fact]
    public async Task A_reservation_ends_after_one_lease_time_of_the_successor()
    {
        var one = await Store.JoinAsync("one", LongLease);
        var lease = ShortLease;
        await InTimeAsync(async () =>
        {
            var two = await Store.JoinAsync("two", lease);
            var begun = Stopwatch.GetTimestamp();
            await Store.RenewAsync(two);
            await Store.ReleaseAsync((await Store.TakeOneAsync(one, "share"))!, "two");
            while (await Store.TakeOneAsync(one, "share") is null)
            {
                Assert.True(Stopwatch.GetElapsedTime(begun) < lease + TimeSpan.FromSeconds(30), "The reservation does not end.");
                await Task.Delay(20);
                await Store.RenewAsync(two);
            }

            Assert.True(Stopwatch.GetElapsedTime(begun) > lease - TimeSpan.FromMilliseconds(20));
        });
    }

    [Fact]
    public async Task A_share_is_not_reserved_for_somebody_who_is_not_there()
    {
        var one = await Store.JoinAsync("one", LongLease);
        var two = await Store.JoinAsync("two", LongLease);
        await Store.LeaveAsync(await Store.JoinAsync("gone", LongLease));
        foreach (var successor in new[] { "nobody", "gone" })
        {
            await Store.ReleaseAsync((await Store.TakeOneAsync(one, "share"))!, successor);
            Assert.Null((await Store.LookAtAsync("share")).Successor);
            await Store.ReleaseAsync((await Store.TakeOneAsync(two, "share"))!);
        }
    }

    [Fact]
    public async Task A_move_is_asked_for_until_it_has_been_made()
    {
        var beside = await OpenBesideAsync();
        var one = await Store.JoinAsync("one", LongLease);
        var two = await beside.JoinAsync("Two", LongLease);
        Assert.False(await Store.RequestMoveAsync("share", "two")); // there is no such share
        var owned = (await Store.TakeOneAsync(one, "share"))!;
        Assert.False(await beside.RequestMoveAsync("share", "nobody"));
        var before = (await Store.ReadAsync()).Version;
        Assert.True(await beside.RequestMoveAsync("SHARE", "two"));
        Assert.Equal("Two", Assert.Single((await Store.ReadAsync(before)).Shares).Wanted);
        Assert.True(await beside.RequestMoveAsync("share", null));
        Assert.Null((await Store.LookAtAsync("share")).Wanted);
        Assert.True(await beside.RequestMoveAsync("share", "two"));
        await Store.ReleaseAsync(owned, "two");
        Assert.Null((await Store.LookAtAsync("share")).Wanted);
        Assert.NotNull(await beside.TakeOneAsync(two, "share"));
        Assert.True(await Store.RequestMoveAsync("share", "two")); // it is there already
        Assert.Null((await Store.LookAtAsync("share")).Wanted);
    }

    [Fact]
    public async Task Of_moves_that_were_decided_by_the_same_reading_one_is_made()
    {
        var beside = await OpenBesideAsync();
        var one = await Store.JoinAsync("one", LongLease);
        await beside.JoinAsync("two", LongLease);
        await Store.TakeAsync(one, "share", "other");
        var read = (await Store.ReadAsync()).Version;
        Assert.True(await Store.RequestMoveAsync("share", "two", read, CancellationToken.None));
        Assert.False(await beside.RequestMoveAsync("other", "two", read, CancellationToken.None));
        Assert.Null((await Store.LookAtAsync("other")).Wanted);
        Assert.Equal("two", (await Store.LookAtAsync("share")).Wanted);
        Assert.True(await beside.RequestMoveAsync("other", "two", (await beside.ReadAsync()).Version, CancellationToken.None));

        // A node that has joined is something new too.
        read = (await Store.ReadAsync()).Version;
        await Store.JoinAsync("three", LongLease);
        Assert.False(await Store.RequestMoveAsync("share", null, read, CancellationToken.None));
    }

    [Fact]
    public async Task A_move_that_was_asked_for_outlives_the_owner_and_is_over_when_the_node_has_the_share()
    {
        var one = await Store.JoinAsync("one", LongLease);
        var two = await Store.JoinAsync("two", LongLease);
        var three = await Store.JoinAsync("three", LongLease);
        await Store.TakeAsync(one, "share");
        Assert.True(await Store.RequestMoveAsync("share", "two"));
        await Store.LeaveAsync(one);
        await Store.TakeAsync(three, "share");
        Assert.Equal("two", (await Store.LookAtAsync("share")).Wanted);
        await Store.LeaveAsync(three);
        await Store.TakeAsync(two, "share");
        Assert.Null((await Store.LookAtAsync("share")).Wanted);
    }

    [Fact]
    public async Task Only_what_has_changed_is_told()
    {
        var beside = await OpenBesideAsync();
        var node = await Store.JoinAsync("node", LongLease);
        await Store.TakeAsync(node, "a", "b", "c");
        var first = await beside.ReadAsync();
        Assert.Equal(3, first.Shares.Count);
        await Store.RenewAsync(node);
        var second = await beside.ReadAsync(first.Version);
        Assert.Empty(second.Shares);
        Assert.Single(second.Nodes);
        Assert.Equal(first.Version, second.Version); // a renewal is no change
        Assert.Empty(await Store.TakeAsync(await Store.JoinAsync("other", LongLease), "a", "b"));
        second = await beside.ReadAsync(first.Version);
        Assert.Empty(second.Shares);
        await Store.TakeAsync(node, "b");
        var third = await beside.ReadAsync(second.Version);
        Assert.Equal("b:node/2", third.Shares.Tell());
        Assert.True(third.Version > second.Version);
        Assert.Empty((await beside.ReadAsync(long.MaxValue)).Shares);
    }

    [Fact]
    public async Task A_wait_ends_with_a_change_or_with_its_time()
    {
        var beside = await OpenBesideAsync();
        var node = await Store.JoinAsync("node", LongLease);
        var version = (await beside.ReadAsync()).Version;
        await beside.WaitAsync(version - 1, LongLease, CancellationToken.None); // has changed already
        await beside.WaitAsync(version, TimeSpan.FromMilliseconds(50), CancellationToken.None);
        var waiting = beside.WaitAsync(version, LongLease, CancellationToken.None).AsTask();
        await Store.TakeAsync(node, "share");
        await waiting.WaitAsync(TimeSpan.FromSeconds(30));
        using var cancelling = new CancellationTokenSource();
        var cancelled = beside.WaitAsync(long.MaxValue, LongLease, cancelling.Token).AsTask();
        await cancelling.CancelAsync();
        try
        {
            await cancelled.WaitAsync(TimeSpan.FromSeconds(30));
        }
        catch (OperationCanceledException)
        {
            // It may also have ended for no reason.
        }
    }
}
