using System.Diagnostics;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.PostgreSql;
using Smb3.Embedded.State;
using Smb3.Embedded.TestPeers;
using Xunit;

namespace Smb3.Embedded.Tests.PostgreSql;

/// <summary>The primary of the database changes under a cluster: a standby, to which everything is replicated before it is acknowledged, takes over.</summary>
[Collection(PostgreSqlPlace.Collection)]
public sealed class PostgreSqlFailOverTests(PostgreSqlPlace place)
{
    private const string Scope = "opens";

    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(60);

    [PostgreSqlFact]
    public async Task A_cluster_goes_on_with_the_standby_and_never_back_to_the_primary_that_was_replaced()
    {
        using var old = new PostgreSqlServer();
        using var standby = new PostgreSqlServer(primary: old);
        old.Execute("ALTER SYSTEM SET synchronous_standby_names = '*'");
        old.Execute("SELECT pg_reload_conf()");
        Until(() => old.Ask("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") is 1L);

        var options = new PostgreSqlStoreOptions { Schema = "fail over", Timeout = TimeSpan.FromSeconds(30) };
        await using var store = new PostgreSqlClusterStore(old.ConnectionStringWith(standby), options);
        var member = await store.JoinAsync(new ClusterNode { Name = "one" }, Lease, CancellationToken.None);
        var owned = Assert.Single(await store.TakeAsync(member.Incarnation, ["share"], CancellationToken.None));
        var state = store.OpenState(owned);
        var token = await state.AcquireAsync(Scope, CancellationToken.None);
        await state.CommitAsync(Scope, token, [StateChange.Put("before", new byte[] { 1 })], CancellationToken.None);
        var version = (await store.ReadAsync(0, CancellationToken.None)).Version;

        // Everything that is begun while there is no primary is done when there is one, within the time of a call.
        old.Kill9();
        var renewing = store.RenewAsync(member.Incarnation, new ClusterLoad(7, 8), CancellationToken.None).AsTask();
        var committing = state.CommitAsync(Scope, token, [StateChange.Put("amid", new byte[] { 2 })], CancellationToken.None).AsTask();
        await Task.Delay(TimeSpan.FromSeconds(1));
        Assert.False(renewing.IsCompleted || committing.IsCompleted);
        standby.Execute("SELECT pg_promote()");
        await Task.WhenAll(renewing, committing);
        var view = await store.ReadAsync(0, CancellationToken.None);
        Assert.True(view.Version >= version);
        Assert.Equal(new ClusterLoad(7, 8), Assert.Single(view.Nodes).Load);
        Assert.Equal((member.Incarnation, owned.Epoch), (Assert.Single(view.Shares).Incarnation, view.Shares[0].Epoch));
        Assert.Equal(["amid", "before"], (await state.ReadAsync(Scope, CancellationToken.None)).Select(static record => record.Key).Order());

        // The one that was replaced comes back, takes what it is told, and is the first in the list.
        old.Start();
        old.Execute("ALTER SYSTEM RESET synchronous_standby_names");
        old.Execute("SELECT pg_reload_conf()");
        for (var i = 0; i < 5; i++)
        {
            await store.RenewAsync(member.Incarnation, new ClusterLoad(100 + i, 0), CancellationToken.None);
            Assert.Equal(100 + i, Assert.Single((await store.ReadAsync(0, CancellationToken.None)).Nodes).Load.Opens);
        }

        Assert.Equal(0L, old.Ask("SELECT count(*) FROM \"fail over\".node WHERE opens >= 100"));

        // It is not used when it is the only one either.
        standby.Kill9();
        var refused = await Assert.ThrowsAsync<PostgreSqlStoreException>(async () => await store.RenewAsync(member.Incarnation, default, CancellationToken.None));
        Assert.Equal(PostgreSqlProblem.SteppedBack, refused.Problem);
    }

    [PostgreSqlFact]
    public async Task A_database_that_has_forgotten_something_has_every_node_join_anew()
    {
        var options = PostgreSqlPlace.NewSchema();
        await using var store = new PostgreSqlClusterStore(place.Server.ConnectionString, options);
        var member = await store.JoinAsync(new ClusterNode { Name = "one" }, Lease, CancellationToken.None);
        await store.TakeAsync(member.Incarnation, ["share"], CancellationToken.None);
        var version = (await store.ReadAsync(0, CancellationToken.None)).Version;
        await store.WaitAsync(0, TimeSpan.FromSeconds(10), CancellationToken.None);
        await store.RenewAsync(member.Incarnation, default, CancellationToken.None);

        // As a standby would be that had not got the last of it.
        place.Server.Execute($"UPDATE \"{options.Schema.Replace("\"", "\"\"", StringComparison.Ordinal)}\".cluster SET version = version - 1");
        await Assert.ThrowsAsync<StateFencedException>(async () => await store.RenewAsync(member.Incarnation, default, CancellationToken.None));
        Assert.Equal(version - 1, (await store.ReadAsync(version, CancellationToken.None)).Version);
        var again = await store.JoinAsync(new ClusterNode { Name = "one" }, Lease, CancellationToken.None);
        await store.RenewAsync(again.Incarnation, default, CancellationToken.None);
    }

    private static void Until(Func<bool> condition)
    {
        for (var begun = Stopwatch.GetTimestamp(); !condition(); Thread.Sleep(50))
        {
            Assert.True(Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(30), "the standby follows");
        }
    }
}
