using System.Buffers.Binary;
using System.Globalization;
using Smb3.Embedded.State;
using Xunit;
using static Smb3.Embedded.StoreConformance.StateSteps;

namespace Smb3.Embedded.StoreConformance;

/// <summary>
/// Every promise of <see cref="IStateStore"/> as a test, but one: that a batch survives a loss of power. Derive a class that opens the store;
/// what it has opened is disposed after each test.
/// </summary>
public abstract class StateStoreConformance : StateRecordConformance
{
#pragma warning disable CS1591 // the names of the tests say what is promised

    [Fact]
    public async Task Tokens_are_positive_and_grow_for_each_scope()
    {
        var beside = await OpenBesideAsync();
        var last = 0L;
        for (var i = 0; i < 10; i++)
        {
            var token = await (i % 2 == 0 ? Store : beside).AcquireAsync("scope");
            Assert.True(token > last);
            last = token;
            Assert.True(await Store.AcquireAsync("other") > 0);
        }

        await ReopenAsync();
        Assert.True(await Store.AcquireAsync("scope") > last);
    }

    [Fact]
    public async Task The_token_of_a_scope_outlives_its_records()
    {
        var token = await Store.AcquireAsync("scope");
        await Store.CommitAsync("scope", token, Put("a", 1));
        await Store.CommitAsync("scope", token, Remove("a"));
        await ReopenAsync();
        Assert.True(await Store.AcquireAsync("scope") > token);
    }

    [Fact]
    public async Task A_token_that_was_not_given_is_refused()
    {
        foreach (var token in new[] { long.MinValue, -1, 0, 1, long.MaxValue })
        {
            await Assert.ThrowsAsync<StateFencedException>(async () => await Store.CommitAsync("scope", token, Put("a", 1)));
        }

        var given = await Store.AcquireAsync("scope");
        foreach (var token in new[] { long.MinValue, -1, 0, given - 1, given + 1, long.MaxValue })
        {
            await Assert.ThrowsAsync<StateFencedException>(async () => await Store.CommitAsync("scope", token, Put("a", 1)));
        }

        Assert.Empty(await Store.ReadAsync("scope"));
        await Store.CommitAsync("scope", given, Put("a", 1));
        Assert.Equal("a=01", await Store.TellAsync("scope"));
    }

    [Fact]
    public async Task Who_was_succeeded_changes_nothing_any_more()
    {
        var beside = await OpenBesideAsync();
        var first = await Store.AcquireAsync("scope");
        await Store.CommitAsync("scope", first, Put("a", 1), Put("b", 1));
        var second = await beside.AcquireAsync("scope");
        Assert.Equal("a=01 b=01", await beside.TellAsync("scope"));
        await Assert.ThrowsAsync<StateFencedException>(
            async () => await Store.CommitAsync("scope", first, Put("a", 9), Remove("b"), Put("c", 9)));
        Assert.Equal("a=01 b=01", await beside.TellAsync("scope"));
        await beside.CommitAsync("scope", second, Put("c", 2));
        await Assert.ThrowsAsync<StateFencedException>(async () => await Store.CommitAsync("scope", first, Remove("c")));
        Assert.Equal("a=01 b=01 c=02", await Store.TellAsync("scope")); // whoever is not the holder may read
    }

    [Fact]
    public async Task A_batch_without_changes_asks_whether_the_token_still_counts()
    {
        var first = await Store.AcquireAsync("scope");
        await Store.CommitAsync("scope", first);
        var second = await Store.AcquireAsync("scope");
        await Assert.ThrowsAsync<StateFencedException>(async () => await Store.CommitAsync("scope", first));
        await Store.CommitAsync("scope", second);
        Assert.Empty(await Store.ReadAsync("scope"));
    }

    [Fact]
    public async Task Of_many_who_take_a_scope_over_at_once_one_holds_it()
    {
        var beside = await OpenBesideAsync();
        var tokens = await Task.WhenAll(Enumerable.Range(0, 32).Select(i => Task.Run(() => (i % 2 == 0 ? Store : beside).AcquireAsync("scope").AsTask())));
        Assert.Equal(tokens.Length, tokens.Distinct().Count());
        foreach (var token in tokens.Where(token => token != tokens.Max()))
        {
            await Assert.ThrowsAsync<StateFencedException>(async () => await Store.CommitAsync("scope", token, Put("a", 1)));
        }

        await Store.CommitAsync("scope", tokens.Max(), Put("a", 2));
        Assert.Equal("a=02", await beside.TellAsync("scope"));
    }

    [Fact]
    public async Task Who_takes_over_amid_commits_finds_all_that_were_acknowledged_and_gets_no_more()
    {
        var beside = await OpenBesideAsync();
        for (var round = 0; round < 10; round++)
        {
            var token = await Store.AcquireAsync("scope");
            var acknowledged = 0;
            var under = new TaskCompletionSource();
            var committing = Task.Run(async () =>
            {
                try
                {
                    for (var i = 1; ; i++)
                    {
                        await Store.CommitAsync("scope", token, Put("count", Number(i)));
                        Volatile.Write(ref acknowledged, i);
                        if (i == 5)
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
            await beside.AcquireAsync("scope");
            var seen = Volatile.Read(ref acknowledged);
            var found = Number(Assert.Single(await beside.ReadAsync("scope")));
            await committing;
            Assert.InRange(found, Math.Max(seen, acknowledged), acknowledged + 1); // the last may have been carried out and not been told
            Assert.Equal(found, Number(Assert.Single(await beside.ReadAsync("scope"))));
        }
    }

    [Fact]
    public async Task Batches_of_a_scope_take_effect_in_the_order_of_the_calls()
    {
        var token = await Store.AcquireAsync("scope");
        var commits = new List<Task>();
        for (var i = 1; i <= 500; i++)
        {
            commits.Add(Store.CommitAsync("scope", token, Put("last", Number(i)), new($"odd {i % 2}", Number(i))).AsTask());
        }

        await Task.WhenAll(commits);
        var records = (await Store.ReadAsync("scope")).ToDictionary(record => record.Key, Number);
        Assert.Equal(500, records["last"]);
        Assert.Equal(500, records["odd 0"]);
        Assert.Equal(499, records["odd 1"]);
    }

    [Fact]
    public async Task Many_commit_at_once_to_many_scopes()
    {
        var beside = await OpenBesideAsync();
        await Task.WhenAll(Enumerable.Range(0, 24).Select(i => Task.Run(async () =>
        {
            var store = i % 2 == 0 ? Store : beside;
            var scope = $"scope {i % 12} of {i % 2}";
            var token = await store.AcquireAsync($"{scope} {i}");
            for (var j = 0; j < 40; j++)
            {
                await store.CommitAsync($"{scope} {i}", token, Put($"{j}", Number(j)), Remove($"{j - 1}"), Put("count", Number(j)));
            }
        })));
        for (var i = 0; i < 24; i++)
        {
            Assert.Equal("39=27000000 count=27000000", await Store.TellAsync($"scope {i % 12} of {i % 2} {i}"));
        }
    }

    [Fact]
    public async Task A_refused_batch_does_no_harm_to_others_that_come_with_it()
    {
        var stale = await Store.AcquireAsync("lost");
        await Store.AcquireAsync("lost");
        var token = await Store.AcquireAsync("kept");
        var commits = new List<Task>();
        for (var i = 0; i < 100; i++)
        {
            var refused = Store.CommitAsync("lost", stale, Put("a", 1)).AsTask();
            commits.Add(Assert.ThrowsAsync<StateFencedException>(() => refused));
            commits.Add(Store.CommitAsync("kept", token, Put($"{i}", 1)).AsTask());
        }

        await Task.WhenAll(commits);
        Assert.Empty(await Store.ReadAsync("lost"));
        Assert.Equal(100, (await Store.ReadAsync("kept")).Count);
    }

    [Fact]
    public async Task A_read_sees_one_moment_and_all_that_was_committed_before_it()
    {
        const int Width = 50;
        var beside = await OpenBesideAsync();
        var token = await Store.AcquireAsync("scope");
        await Store.CommitAsync("scope", token, Row(0));
        var acknowledged = 0;
        using var stop = new CancellationTokenSource();
        var committing = Task.Run(async () =>
        {
            for (var i = 1; !stop.IsCancellationRequested; i++)
            {
                await Store.CommitAsync("scope", token, Row(i));
                Volatile.Write(ref acknowledged, i);
            }
        });
        try
        {
            for (var i = 0; i < 100; i++)
            {
                var before = Volatile.Read(ref acknowledged);
                var records = await (i % 2 == 0 ? Store : beside).ReadAsync("scope");
                Assert.Equal(Width, records.Count);
                var number = Number(records[0]);
                Assert.All(records, record => Assert.Equal(number, Number(record)));
                Assert.True(number >= before, $"{number} was read after {before} was committed.");
            }
        }
        finally
        {
            await stop.CancelAsync();
            await committing;
        }

        static StateChange[] Row(int number) => // each row has keys of its own, so that half of two would not have the right number
            [.. Enumerable.Range(0, Width).Select(i => Put($"{number % 2} {i}", Number(number))),
                .. Enumerable.Range(0, Width).Select(i => Remove($"{(number + 1) % 2} {i}"))];
    }

    [Fact]
    public async Task A_call_that_was_cancelled_before_does_not_wait()
    {
        var token = await Store.AcquireAsync("scope");
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.AcquireAsync("other", cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.ReadAsync("scope", cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await Store.CommitAsync("scope", token, [Put("a", 1), Put("b", 2)], cancelled));
        Assert.True(await Store.TellAsync("scope") is "" or "a=01 b=02");
        await Store.CommitAsync("scope", token, Put("a", 3), Remove("b"));
        Assert.Equal("a=03", await Store.TellAsync("scope"));
    }

    /// <summary>Values lie in buffers that the caller uses for something else as soon as the call has returned.</summary>
    [Fact]
    public async Task A_cancelled_batch_is_carried_out_whole_or_not_and_its_values_are_not_looked_at_later()
    {
        const int Count = 60;
        const int Width = 50;
        var token = await Store.AcquireAsync("scope");
        var acknowledged = new bool[Count];
        await Task.WhenAll(Enumerable.Range(0, Count).Select(i => Task.Run(async () =>
        {
            using var cancelling = new CancellationTokenSource();
            var values = new byte[Width * 16_000];
            values.AsSpan().Fill((byte)i);
            var batch = Enumerable.Range(0, Width).Select(j => StateChange.Put($"{i} {j}", values.AsMemory(j * 16_000, 16_000))).ToArray();
            var commit = Store.CommitAsync("scope", token, batch, cancelling.Token).AsTask();
            if (i % 4 > 0)
            {
                await Task.Delay(i % 11);
                await cancelling.CancelAsync();
            }

            try
            {
                await commit;
                acknowledged[i] = true;
            }
            catch (OperationCanceledException)
            {
            }

            values.AsSpan().Fill(255);
        })));
        await Store.CommitAsync("scope", token); // what had begun before has ended
        var records = (await Store.ReadAsync("scope")).ToLookup(record => int.Parse(record.Key.Split(' ')[0], CultureInfo.InvariantCulture));
        for (var i = 0; i < Count; i++)
        {
            Assert.True(records[i].Count() == Width || (!acknowledged[i] && !records[i].Any()), $"{records[i].Count()} of batch {i} were carried out.");
            Assert.All(records[i], record => Assert.False(record.Value.Span.ContainsAnyExcept((byte)i), record.Key));
        }

        Assert.True(acknowledged.Count(done => done) >= Count / 4);
    }

    [Fact]
    public async Task Disposing_waits_for_what_was_committed()
    {
        var token = await Store.AcquireAsync("scope");
        var commits = Enumerable.Range(0, 200).Select(i => Store.CommitAsync("scope", token, Put($"{i}", Number(i))).AsTask()).ToList();
        var read = Store.ReadAsync("scope").AsTask();
        if (!OutlivesInstances)
        {
            await Store.DisposeAsync();
            await Task.WhenAll(commits);
            await read;
            return;
        }

        await ReopenAsync();
        Assert.All(commits, commit => Assert.True(commit.IsCompletedSuccessfully));
        await read;
        Assert.Equal(200, (await Store.ReadAsync("scope")).Count);
    }

    [Fact]
    public async Task A_disposed_store_refuses_everything_and_may_be_disposed_again()
    {
        var token = await Store.AcquireAsync("scope");
        await Store.DisposeAsync();
        await Store.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await Store.AcquireAsync("scope"));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await Store.ReadAsync("scope"));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await Store.CommitAsync("scope", token, Put("a", 1)));
    }

    private static byte[] Number(int number)
    {
        var bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        return bytes;
    }

    private static int Number(StateRecord record) => BinaryPrimitives.ReadInt32LittleEndian(record.Value.Span);
}
