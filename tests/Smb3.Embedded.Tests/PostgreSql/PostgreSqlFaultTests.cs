using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.PostgreSql;
using Smb3.Embedded.State;
using Smb3.Embedded.TestPeers;
using Xunit;

namespace Smb3.Embedded.Tests.PostgreSql;

/// <summary>A database that is restarted, killed, stopped, or loses its connections.</summary>
[Collection(RealLeases.Name)]
public sealed class PostgreSqlFaultTests(PostgreSqlPlace place) : IClassFixture<PostgreSqlPlace>
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);

    private readonly PostgreSqlStoreOptions _options = PostgreSqlPlace.NewSchema();

    private string Where => place.Server.ConnectionString;

    [PostgreSqlFact]
    public async Task A_restart_of_the_database_fails_no_call_and_loses_nothing() => await GoOnAsync(server =>
    {
        server.ShutDown();
        server.Start();
    });

    [PostgreSqlFact]
    public async Task A_database_that_was_killed_has_all_that_it_acknowledged() => await GoOnAsync(server =>
    {
        server.Kill9();
        server.Start();
    });

    [PostgreSqlFact]
    public async Task Lost_connections_fail_no_call_and_lose_nothing() => await GoOnAsync(static server =>
    {
        for (var i = 0; i < 10; i++)
        {
            server.Execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'");
            Thread.Sleep(50);
        }
    });

    [PostgreSqlFact]
    public async Task A_stopped_database_ends_calls_in_time_and_is_used_again_when_it_goes_on()
    {
        _options.Timeout = TimeSpan.FromSeconds(1.5);
        await using var store = new PostgreSqlClusterStore(Where, _options);
        var lease = TimeSpan.FromMinutes(1);
        var member = await store.JoinAsync(new ClusterNode { Name = "node" }, lease, None);
        var quick = await store.JoinAsync(new ClusterNode { Name = "quick" }, TimeSpan.FromSeconds(1.2), None);
        var owned = (await store.TakeAsync(member.Incarnation, ["share"], None))[0];
        var state = store.OpenState(owned);
        await state.CommitAsync("scope", owned.Epoch, [StateChange.Put("a", new byte[] { 1 })], None);
        place.Server.Pause();
        try
        {
            // More than there are connections, so that those who wait for one are asked too.
            var calls = Enumerable.Range(0, 24).SelectMany(i => new Func<Task>[]
            {
                () => state.CommitAsync("scope", owned.Epoch, [StateChange.Put("a", new byte[] { 2 })], None).AsTask(),
                () => state.ReadAsync("scope", None).AsTask(),
                () => store.ReadAsync(0, None).AsTask(),
                () => store.TakeAsync(member.Incarnation, [$"share {i}"], None).AsTask(),
                () => store.RenewAsync(member.Incarnation, default, None).AsTask(),
            });
            var begun = Stopwatch.GetTimestamp();
            await Task.WhenAll(calls.Select(async call =>
            {
                var failed = await Assert.ThrowsAsync<PostgreSqlStoreException>(() => Task.Run(call));
                Assert.Equal(PostgreSqlProblem.TimedOut, failed.Problem);
            }));
            Assert.True(Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(6), $"{Stopwatch.GetElapsedTime(begun)}");

            begun = Stopwatch.GetTimestamp();
            await Assert.ThrowsAsync<PostgreSqlStoreException>(async () => await store.RenewAsync(quick.Incarnation, default, None));
            Assert.True(Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(1.2), "The renewal outlasted the lease.");

            using var cancelling = new CancellationTokenSource(100);
            begun = Stopwatch.GetTimestamp();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await state.ReadAsync("scope", cancelling.Token));
            Assert.True(Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(1.2));
        }
        finally
        {
            place.Server.Resume();
        }

        await RetryAsync(() => store.RenewAsync(member.Incarnation, default, None).AsTask());
        var again = await RetryAsync(() => store.TakeAsync(member.Incarnation, ["share"], None).AsTask());
        await Assert.ThrowsAsync<StateFencedException>(async () => await state.CommitAsync("scope", owned.Epoch, [StateChange.Remove("a")], None));
        await store.OpenState(again[0]).CommitAsync("scope", again[0].Epoch, [StateChange.Put("a", new byte[] { 3 })], None);
        Assert.Equal([3], Assert.Single(await store.OpenState(again[0]).ReadAsync("scope", None)).Value.ToArray());
        await Assert.ThrowsAsync<StateFencedException>(async () => await store.RenewAsync(quick.Incarnation, default, None));
    }

    /// <summary>
    /// The server process of a connection is stopped, so that what was sent to it is carried out when its sender has given it up long ago and has gone on.
    /// </summary>
    [PostgreSqlFact]
    public async Task A_batch_that_was_given_up_is_not_carried_out_behind_a_later_one()
    {
        _options.Timeout = TimeSpan.FromSeconds(1);
        await using var store = new PostgreSqlStateStore(Where + ";Application Name=late batch", _options);
        var token = await store.AcquireAsync("scope", None);
        await store.CommitAsync("scope", token, [StateChange.Put("a", new byte[] { 1 })], None);
        await WhileStoppedAsync("late batch", async () =>
        {
            await Assert.ThrowsAsync<PostgreSqlStoreException>(
                async () => await store.CommitAsync("scope", token, [StateChange.Put("a", new byte[] { 2 }), StateChange.Put("b", new byte[] { 2 })], None));
            await store.CommitAsync("scope", token, [StateChange.Put("a", new byte[] { 3 })], None);
        });
        Assert.Equal([3], Assert.Single(await store.ReadAsync("scope", None)).Value.ToArray());
        await store.CommitAsync("scope", token, [StateChange.Put("a", new byte[] { 4 })], None);
    }

    [PostgreSqlFact]
    public async Task What_a_node_gave_up_does_not_take_its_shares_away_from_it_later()
    {
        _options.Timeout = TimeSpan.FromSeconds(1);
        await using var store = new PostgreSqlClusterStore(Where + ";Application Name=late take", _options);
        var member = await store.JoinAsync(new ClusterNode { Name = "node" }, Long, None);
        ClusterOwnership? owned = null;
        await WhileStoppedAsync("late take", async () =>
        {
            await Assert.ThrowsAsync<PostgreSqlStoreException>(async () => await store.TakeAsync(member.Incarnation, ["share"], None));
            owned = (await store.TakeAsync(member.Incarnation, ["share"], None))[0];
        });
        Assert.Equal(owned!.Epoch, (await store.ReadAsync(0, None)).Shares[0].Epoch);

        await WhileStoppedAsync("late take", async () =>
        {
            await Assert.ThrowsAsync<PostgreSqlStoreException>(async () => await store.JoinAsync(new ClusterNode { Name = "node" }, Long, None));
            member = await store.JoinAsync(new ClusterNode { Name = "node" }, Long, None);
        });
        await store.RenewAsync(member.Incarnation, default, None);

        var token = await store.State.AcquireAsync("scope", None);
        await WhileStoppedAsync("late take", async () =>
        {
            await Assert.ThrowsAsync<PostgreSqlStoreException>(async () => await store.State.AcquireAsync("scope", None));
            token = await store.State.AcquireAsync("scope", None);
        });
        await store.State.CommitAsync("scope", token, [StateChange.Put("a", new byte[] { 1 })], None);
    }

    [PostgreSqlFact]
    public async Task A_renewal_that_comes_too_late_does_not_bring_a_lease_back()
    {
        await using var one = new PostgreSqlClusterStore(Where + ";Application Name=late renewal", _options);
        await using var two = new PostgreSqlClusterStore(Where, _options);
        var late = await one.JoinAsync(new ClusterNode { Name = "late" }, TimeSpan.FromSeconds(4), None);
        var next = await two.JoinAsync(new ClusterNode { Name = "next" }, Long, None);
        Assert.Single(await one.TakeAsync(late.Incarnation, ["share"], None));
        await WhileStoppedAsync("late renewal", async () =>
        {
            await Assert.ThrowsAsync<PostgreSqlStoreException>(async () => await one.RenewAsync(late.Incarnation, default, None));
            while ((await two.TakeAsync(next.Incarnation, ["share"], None)).Count == 0)
            {
                await Task.Delay(20);
            }
        });
        Assert.False((await two.ReadAsync(0, None)).Nodes.Single(node => node.Incarnation == late.Incarnation).IsAlive);
        await Assert.ThrowsAsync<StateFencedException>(async () => await one.RenewAsync(late.Incarnation, default, None));
    }

    [PostgreSqlFact]
    public async Task Who_listens_is_told_again_after_a_restart()
    {
        await using var store = new PostgreSqlClusterStore(Where, _options);
        await using var beside = new PostgreSqlClusterStore(Where, _options);
        var member = await beside.JoinAsync(new ClusterNode { Name = "node" }, Long, None);
        await store.WaitAsync(0, Long, None);
        place.Server.ShutDown();
        place.Server.Start();
        for (var i = 0; i < 3; i++)
        {
            var version = (await store.ReadAsync(0, None)).Version;
            var waiting = store.WaitAsync(version, Long, None).AsTask();
            await beside.TakeAsync(member.Incarnation, ["share"], None);
            await waiting.WaitAsync(TimeSpan.FromSeconds(30));
        }

        // When it listens again, it is told at once.
        var seen = (await store.ReadAsync(0, None)).Version;
        var wait = store.WaitAsync(seen, Long, None).AsTask();
        var begun = Stopwatch.GetTimestamp();
        await beside.TakeAsync(member.Incarnation, ["share"], None);
        await wait.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.True(Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(3), $"{Stopwatch.GetElapsedTime(begun)}: it looks only now and then.");
    }

    [PostgreSqlFact]
    public async Task Connections_are_few_and_closed_at_the_end()
    {
        const string Count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'few'";
        var store = new PostgreSqlClusterStore(Where + ";Application Name=few", _options);
        var tokens = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => store.State.AcquireAsync($"{i}", None).AsTask()));
        await Task.WhenAll(tokens.Select((token, i) => store.State.CommitAsync($"{i}", token, [StateChange.Put("a", new byte[100])], None).AsTask()));
        await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => store.ReadAsync(0, None).AsTask()));
        Assert.InRange((long)place.Server.Ask(Count)!, 2, 12);
        await store.WaitAsync(0, Long, None);
        var waiting = store.WaitAsync(long.MaxValue, Long, None).AsTask();
        await store.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        await waiting;
        var begun = Stopwatch.GetTimestamp();
        while ((long)place.Server.Ask(Count)! > 0)
        {
            Assert.True(Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(10));
            await Task.Delay(20);
        }
    }

    private static async Task<T> RetryAsync<T>(Func<Task<T>> call)
    {
        for (var i = 0; ; i++)
        {
            try
            {
                return await call();
            }
            catch (PostgreSqlStoreException) when (i < 20)
            {
                // Connections that were given up while the database was stopped may still be in its way.
            }
        }
    }

    private static Task<bool> RetryAsync(Func<Task> call) => RetryAsync(async () =>
    {
        await call();
        return true;
    });

    /// <summary>Commits, renews and takes while something happens to the database. Nobody fails, and nothing that was acknowledged is lost.</summary>
    private async Task GoOnAsync(Action<PostgreSqlServer> happen)
    {
        _options.Timeout = TimeSpan.FromSeconds(60);
        await using var store = new PostgreSqlClusterStore(Where, _options);
        var member = await store.JoinAsync(new ClusterNode { Name = "node" }, TimeSpan.FromMinutes(10), None);
        var owned = await store.TakeAsync(member.Incarnation, ["a", "b", "c", "d"], None);
        var acknowledged = new int[owned.Count];
        using var end = new CancellationTokenSource();
        var working = owned.Select((share, i) => Task.Run(async () =>
        {
            var state = store.OpenState(share);
            for (var number = 1; !end.IsCancellationRequested; number++)
            {
                var value = new byte[400];
                BinaryPrimitives.WriteInt32LittleEndian(value, number);
                await state.CommitAsync(
                    "scope", share.Epoch, [StateChange.Put("last", value), StateChange.Put($"{number}", value), StateChange.Remove($"{number - 1}")], None);
                acknowledged[i] = number;
            }
        })).ToList();
        working.Add(Task.Run(async () =>
        {
            for (var i = 0; !end.IsCancellationRequested; i++)
            {
                await store.RenewAsync(member.Incarnation, new ClusterLoad(i, i), None);
                Assert.Single(await store.TakeAsync(member.Incarnation, [$"other {i % 5}"], None));
                await store.ReadAsync(0, None);
            }
        }));
        await Task.Delay(200);
        var before = acknowledged.ToArray();
        happen(place.Server);
        var begun = Stopwatch.GetTimestamp();
        while (!acknowledged.Zip(before).All(count => count.First > count.Second + 2) && Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(60))
        {
            await Task.WhenAny([.. working, Task.Delay(20)]);
            Assert.DoesNotContain(working, static task => task.IsFaulted);
        }

        await end.CancelAsync();
        await Task.WhenAll(working);
        foreach (var (i, share) in owned.Index())
        {
            var records = (await store.OpenState(share).ReadAsync("scope", None)).ToDictionary(record => record.Key, record => record.Value.ToArray());
            Assert.True(acknowledged[i] > before[i]);
            Assert.Equal(new[] { $"{acknowledged[i]}", "last" }.Order(), records.Keys.Order());
            Assert.Equal(acknowledged[i], BinaryPrimitives.ReadInt32LittleEndian(records["last"]));
        }
    }

    /// <summary>
    /// Does something while the server's processes behind the connections that there are do not run, and lets them carry out then what they were sent.
    /// </summary>
    private async Task WhileStoppedAsync(string application, Func<Task> work)
    {
        var processes = ((string)place.Server.Ask(
            $"SELECT string_agg(pid::text, ' ') FROM pg_stat_activity WHERE application_name = '{application}'")!).Split(' ');
        PostgreSqlServer.Stop(processes.Select(process => int.Parse(process, CultureInfo.InvariantCulture)));
        try
        {
            await work();
        }
        finally
        {
            place.Server.Resume();
        }

        // They find at their next read that nobody is there any more, after what they were sent.
        var begun = Stopwatch.GetTimestamp();
        while ((long)place.Server.Ask($"SELECT count(*) FROM pg_stat_activity WHERE pid IN ({string.Join(',', processes)})")! > 0
            && Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(3))
        {
            await Task.Delay(20);
        }
    }
}
