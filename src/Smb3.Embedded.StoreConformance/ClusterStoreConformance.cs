using System.Buffers.Binary;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.State;
using Xunit;
using static Smb3.Embedded.StoreConformance.StateSteps;

namespace Smb3.Embedded.StoreConformance;

/// <summary>
/// Every promise of <see cref="IClusterStore"/> as a test. Derive a class that opens the store; what it has opened is disposed after each test.
/// Derive one from <see cref="StateRecordConformance"/> too, which opens the state of a share, and one from <see cref="StateStoreConformance"/>
/// for <see cref="IClusterStore.State"/>.
/// </summary>
public abstract class ClusterStoreConformance : ClusterPartConformance
{
#pragma warning disable CS1591 // the names of the tests say what is promised

    [Fact]
    public async Task The_epoch_is_the_token_of_the_state_of_a_share()
    {
        var beside = await OpenBesideAsync();
        var one = await Store.JoinAsync("one", LongLease);
        var first = (await Store.TakeOneAsync(one, "share"))!;
        var state = Store.OpenState(first);
        Assert.Equal(first.Epoch, await state.AcquireAsync("scope"));
        Assert.Equal(first.Epoch, await state.AcquireAsync("scope")); // nobody is fenced by asking
        await state.CommitAsync("scope", first.Epoch, Put("a", 1));
        foreach (var token in new[] { long.MinValue, -1, 0, first.Epoch - 1, first.Epoch + 1, long.MaxValue })
        {
            await Assert.ThrowsAsync<StateFencedException>(async () => await state.CommitAsync("scope", token, Put("a", 9)));
        }

        await Store.LeaveAsync(one);
        var second = (await beside.TakeOneAsync(await beside.JoinAsync("two", LongLease), "share"))!;
        Assert.Equal("a=01", await beside.OpenState(second).TellAsync("scope"));
        await Assert.ThrowsAsync<StateFencedException>(async () => await state.AcquireAsync("scope"));
        await Assert.ThrowsAsync<StateFencedException>(async () => await state.CommitAsync("scope", first.Epoch, Put("a", 9)));
        await Assert.ThrowsAsync<StateFencedException>(async () => await state.CommitAsync("scope", second.Epoch, Put("a", 9)));
        await Assert.ThrowsAsync<StateFencedException>(async () => await state.CommitAsync("scope", first.Epoch));
        Assert.Equal(second.Epoch, await beside.OpenState(second).AcquireAsync("scope"));
        await beside.OpenState(second).CommitAsync("scope", second.Epoch, Put("b", 2));
        Assert.Equal("a=01 b=02", await state.TellAsync("scope")); // whoever is not the owner may read
    }

    [Fact]
    public async Task The_state_of_a_share_that_is_not_owned_is_refused()
    {
        var node = await Store.JoinAsync("node", LongLease);
        var owned = (await Store.TakeOneAsync(node, "share"))!;
        foreach (var wrong in new[] { owned with { Share = "none" }, owned with { Epoch = 0 }, owned with { Epoch = owned.Epoch + 1 } })
        {
            var state = Store.OpenState(wrong);
            await Assert.ThrowsAsync<StateFencedException>(async () => await state.AcquireAsync("scope"));
            await Assert.ThrowsAsync<StateFencedException>(async () => await state.CommitAsync("scope", wrong.Epoch, Put("a", 1)));
        }

        Assert.Empty(await Store.OpenState(owned).ReadAsync("scope"));
        Assert.Empty(await Store.OpenState(owned with { Share = "none" }).ReadAsync("scope"));
    }

    [Fact]
    public async Task Each_share_and_the_cluster_have_scopes_of_their_own()
    {
        var node = await Store.JoinAsync("node", LongLease);
        var a = Store.OpenState((await Store.TakeOneAsync(node, "a"))!);
        var b = Store.OpenState((await Store.TakeOneAsync(node, "b"))!);
        await a.CommitAsync("a", 1, Put("key", 1));
        await a.CommitAsync("b", 1, Put("key", 2));
        await b.CommitAsync("a", 1, Put("key", 3));
        var token = await Store.State.AcquireAsync("a");
        await Store.State.CommitAsync("a", token, Put("key", 4));
        Assert.Equal("key=01", await a.TellAsync("a"));
        Assert.Equal("key=02", await a.TellAsync("b"));
        Assert.Equal("key=03", await b.TellAsync("a"));
        Assert.Equal("key=04", await Store.State.TellAsync("a"));
        Assert.Empty(await b.ReadAsync("b"));
        Assert.Empty(await Store.State.ReadAsync("b"));
    }

    [Fact]
    public async Task Disposing_the_state_of_a_share_does_nothing()
    {
        var node = await Store.JoinAsync("node", LongLease);
        var owned = (await Store.TakeOneAsync(node, "share"))!;
        var state = Store.OpenState(owned);
        await state.DisposeAsync();
        await state.CommitAsync("scope", owned.Epoch, Put("a", 1));
        Assert.Equal("a=01", await state.TellAsync("scope"));
    }

    [Fact]
    public async Task Of_many_who_take_shares_at_once_each_share_has_one_owner()
    {
        var stores = new[] { Store, await OpenBesideAsync() };
        var shares = Enumerable.Range(0, 20).Select(i => $"share {i}").ToArray();
        var nodes = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => stores[i % 2].JoinAsync($"node {i}", LongLease).AsTask()));
        var taken = await Task.WhenAll(nodes.Select((node, i) => Task.Run(
            () => stores[i % 2].TakeAsync(node, [.. i % 3 == 0 ? shares.Reverse() : shares]).AsTask())));
        Assert.Equal(shares.Order(), taken.SelectMany(some => some).Select(owned => owned.Share).Order());
        var seen = (await Store.ReadAsync()).Shares.ToDictionary(share => share.Share);
        Assert.All(taken.SelectMany(some => some), owned => Assert.Equal((owned.Incarnation, owned.Epoch), (seen[owned.Share].Incarnation, seen[owned.Share].Epoch)));
        Assert.All(seen.Values, share => Assert.Equal(1, share.Epoch));
    }

    [Fact]
    public async Task Amid_taking_and_giving_up_there_is_one_owner_at_a_time_and_its_epoch_is_the_greatest()
    {
        var stores = new[] { Store, await OpenBesideAsync() };
        var inside = 0;
        var last = 0L;
        var turns = 0;
        await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Task.Run(async () =>
        {
            var store = stores[i % 2];
            var node = await store.JoinAsync($"node {i}", LongLease);
            while (Volatile.Read(ref turns) < 60)
            {
                if (await store.TakeOneAsync(node, "share") is { } owned)
                {
                    Assert.Equal(1, Interlocked.Increment(ref inside));
                    Assert.True(owned.Epoch > last);
                    last = owned.Epoch;
                    turns++;
                    await store.OpenState(owned).CommitAsync("scope", owned.Epoch, Put("turn", Number(turns)));
                    Interlocked.Decrement(ref inside);
                    await store.ReleaseAsync(owned, i % 2 == 0 ? $"node {(i + 1) % 6}" : null);
                }
                else
                {
                    await Task.Yield();
                }
            }

            await store.LeaveAsync(node); // nothing stays reserved for it
        }))).WaitAsync(TimeSpan.FromMinutes(2));
        var end = await Store.ReadAsync();
        Assert.Equal(last, Assert.Single(end.Shares).Epoch);
    }

    [Fact]
    public async Task Who_asks_for_what_has_changed_misses_nothing()
    {
        var stores = new[] { Store, await OpenBesideAsync() };
        using var done = new CancellationTokenSource();
        var known = new Dictionary<string, ClusterShareState>();
        var reading = Task.Run(async () =>
        {
            var version = 0L;
            for (var last = false; ; last = done.IsCancellationRequested)
            {
                var view = await stores[1].ReadAsync(version);
                Assert.True(view.Version >= version, "The version went back.");
                version = view.Version;
                foreach (var share in view.Shares)
                {
                    Assert.True(!known.TryGetValue(share.Share, out var before) || share.Epoch >= before.Epoch, "A share went back.");
                    known[share.Share] = share;
                }

                if (last)
                {
                    return;
                }
            }
        });
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            var store = stores[i % 2];
            var node = await store.JoinAsync($"node {i}", LongLease);
            for (var j = 0; j < 25; j++)
            {
                if (await store.TakeOneAsync(node, $"share {((i * 7) + (j * 3)) % 10}") is { } owned && j % 3 != 0)
                {
                    await store.ReleaseAsync(owned);
                }

                if (j % 5 == 0)
                {
                    await store.RequestMoveAsync($"share {j % 10}", $"node {i}");
                }
            }
        })));
        await done.CancelAsync();
        await reading;
        var all = (await Store.ReadAsync()).Shares;
        Assert.Equal(all.Tell(), known.Values.Tell());
        Assert.All(all, share => Assert.Equal((share.Incarnation, share.Wanted), (known[share.Share].Incarnation, known[share.Share].Wanted)));
    }

    /// <summary>
    /// A node that was stopped and wakes, at any moment of its work: what it was told is there for the next owner, and what that one has seen is not changed.
    /// </summary>
    [Fact]
    public async Task A_late_owner_changes_nothing_once_another_has_taken_the_share()
    {
        var beside = await OpenBesideAsync();
        for (var round = 0; round < 10; round++)
        {
            var late = await Store.JoinAsync("late", LongLease);
            var next = await beside.JoinAsync("next", LongLease);
            var owned = (await Store.TakeOneAsync(late, "share"))!;
            var acknowledged = 0;
            var under = new TaskCompletionSource();
            var committing = Task.Run(async () =>
            {
                var state = Store.OpenState(owned);
                try
                {
                    for (var i = 1; ; i++)
                    {
                        await state.CommitAsync("scope", owned.Epoch, Put("count", Number(i)), Put($"{i % 3}", Number(i)), Remove($"{(i + 1) % 3}"));
                        Volatile.Write(ref acknowledged, i);
                        if (i == 3 + round)
                        {
                            under.SetResult();
                        }
                    }
                }
                catch (StateFencedException)
                {
                    under.TrySetResult();
                }
            });
            await under.Task;
            await Store.LeaveAsync(late); // as if its lease had run out
            var taken = (await beside.TakeOneAsync(next, "share"))!;
            var seen = Volatile.Read(ref acknowledged);
            var found = await beside.OpenState(taken).TellAsync("scope");
            var count = (await beside.OpenState(taken).ReadAsync("scope")).Single(record => record.Key == "count").Value;
            await committing;
            Assert.InRange(BinaryPrimitives.ReadInt32LittleEndian(count.Span), Math.Max(seen, acknowledged), acknowledged + 1);
            Assert.Equal(found, await beside.OpenState(taken).TellAsync("scope"));
            await beside.LeaveAsync(next);
        }
    }

    private static byte[] Number(int number)
    {
        var bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        return bytes;
    }
}
