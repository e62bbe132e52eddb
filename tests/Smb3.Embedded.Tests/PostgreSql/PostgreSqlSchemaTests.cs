using System.Diagnostics;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.PostgreSql;
using Smb3.Embedded.State;
using Xunit;

namespace Smb3.Embedded.Tests.PostgreSql;

/// <summary>How a store comes to its tables, and what it says when it does not.</summary>
[Collection(PostgreSqlPlace.Collection)]
public sealed class PostgreSqlSchemaTests(PostgreSqlPlace place)
{
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly PostgreSqlStoreOptions _options = PostgreSqlPlace.NewSchema();

    private string Where => place.Server.ConnectionString;

    private string Schema => $"\"{_options.Schema.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    [PostgreSqlFact]
    public async Task Many_who_start_at_once_make_one_schema()
    {
        for (var round = 0; round < 3; round++)
        {
            _options.Schema = PostgreSqlPlace.NewSchema().Schema;
            var stores = Enumerable.Range(0, 8).Select(_ => new PostgreSqlClusterStore(Where, _options)).ToArray();
            var members = await Task.WhenAll(stores.Select((store, i) => Task.Run(
                () => store.JoinAsync(new ClusterNode { Name = $"{i}" }, TimeSpan.FromMinutes(1), None).AsTask())));
            Assert.Equal(Enumerable.Range(1, 8).Select(static i => (long)i), members.Select(member => member.Incarnation).Order());
            foreach (var store in stores)
            {
                await store.DisposeAsync();
            }
        }
    }

    [PostgreSqlFact]
    public async Task Schemas_have_nothing_to_do_with_each_other()
    {
        await using var one = new PostgreSqlStateStore(Where, _options);
        await using var two = new PostgreSqlStateStore(Where, PostgreSqlPlace.NewSchema());
        var token = await one.AcquireAsync("scope", None);
        await one.CommitAsync("scope", token, [StateChange.Put("a", new byte[] { 1 })], None);
        Assert.Empty(await two.ReadAsync("scope", None));
    }

    [PostgreSqlFact]
    public async Task A_newer_schema_is_refused_unless_it_says_that_it_can_be_used()
    {
        await using (var store = new PostgreSqlStateStore(Where, _options))
        {
            await store.AcquireAsync("scope", None);
        }

        place.Server.Execute($"UPDATE {Schema}.schema_version SET version = 99, oldest = 98");
        await using var old = new PostgreSqlStateStore(Where, _options);
        var refused = await Assert.ThrowsAsync<PostgreSqlStoreException>(async () => await old.AcquireAsync("scope", None));
        Assert.Equal(PostgreSqlProblem.TooNew, refused.Problem);
        Assert.Contains("newer", refused.Message, StringComparison.Ordinal);
        Assert.Contains("98", refused.Message, StringComparison.Ordinal);

        place.Server.Execute($"UPDATE {Schema}.schema_version SET oldest = 1");
        Assert.Equal(2, await old.AcquireAsync("scope", None));
        Assert.Equal(99, place.Server.Ask($"SELECT version FROM {Schema}.schema_version"));
    }

    [PostgreSqlFact]
    public async Task A_user_who_may_not_make_the_schema_is_told_what_to_do()
    {
        place.Server.Execute("DROP ROLE IF EXISTS small; CREATE ROLE small LOGIN PASSWORD 'small'");
        var where = Where + ";Username=small;Password=small";
        _options.Schema = "of small";
        await using var store = new PostgreSqlStateStore(where, _options);
        var refused = await Assert.ThrowsAsync<PostgreSqlStoreException>(async () => await store.AcquireAsync("scope", None));
        Assert.Equal(PostgreSqlProblem.Permission, refused.Problem);
        Assert.Contains("CREATE SCHEMA \"of small\" AUTHORIZATION", refused.Message, StringComparison.Ordinal);
        place.Server.Execute("CREATE SCHEMA \"of small\" AUTHORIZATION small");
        Assert.Equal(1, await store.AcquireAsync("scope", None)); // it has no right to make schemas, and needs none
    }

    [PostgreSqlFact]
    public async Task Who_is_not_let_in_is_told_at_once()
    {
        var begun = Stopwatch.GetTimestamp();
        foreach (var (setting, says) in new[] { ("Password=wrong;Pooling=false", "password"), ("Database=none", "CREATE DATABASE"), ("Username=nobody", "user") })
        {
            await using var store = new PostgreSqlStateStore($"{Where};{setting}", _options);
            var refused = await Assert.ThrowsAsync<PostgreSqlStoreException>(async () => await store.AcquireAsync("scope", None));
            Assert.Equal(PostgreSqlProblem.Refused, refused.Problem);
            Assert.Contains(says, refused.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("of the tests", refused.ToString(), StringComparison.Ordinal);
        }

        Assert.True(Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(8));
    }

    [Fact]
    public async Task Where_nobody_answers_it_is_tried_for_the_time_and_said()
    {
        _options.Timeout = TimeSpan.FromSeconds(0.7);
        await using var store = new PostgreSqlStateStore("Host=127.0.0.1;Port=1;Username=a;Password=secret;Database=smb", _options);
        var begun = Stopwatch.GetTimestamp();
        var failed = await Assert.ThrowsAsync<PostgreSqlStoreException>(async () => await store.AcquireAsync("scope", None));
        Assert.InRange(Stopwatch.GetElapsedTime(begun), TimeSpan.FromSeconds(0.6), TimeSpan.FromSeconds(5));
        Assert.Equal(PostgreSqlProblem.CannotConnect, failed.Problem);
        Assert.Contains("'smb' at '127.0.0.1:1'", failed.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", failed.ToString(), StringComparison.Ordinal);
    }

    [PostgreSqlFact]
    public async Task A_database_that_does_not_write_is_said_to_be_one_and_used_again_when_it_does()
    {
        _options.Timeout = TimeSpan.FromSeconds(1);
        place.Server.Execute("DROP DATABASE IF EXISTS standby");
        place.Server.Execute("CREATE DATABASE standby");
        await using var store = new PostgreSqlStateStore(Where + ";Database=standby", _options);
        var token = await store.AcquireAsync("scope", None);
        place.Server.Execute("ALTER DATABASE standby SET default_transaction_read_only = on");
        place.Server.Execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'standby'");
        var failed = await Assert.ThrowsAsync<PostgreSqlStoreException>(
            async () => await store.CommitAsync("scope", token, [StateChange.Put("a", new byte[] { 1 })], None));
        Assert.Equal(PostgreSqlProblem.ReadOnly, failed.Problem);
        place.Server.Execute("ALTER DATABASE standby RESET default_transaction_read_only");
        await store.CommitAsync("scope", token, [StateChange.Put("a", new byte[] { 1 })], None);
    }

    /// <summary>As the distributed kin are by default: what collides is refused, and tried again.</summary>
    [PostgreSqlFact]
    public async Task A_database_that_isolates_transactions_fully_is_used_alike()
    {
        var where = Where + ";Options=-c default_transaction_isolation=serializable";
        await using var one = new PostgreSqlClusterStore(where, _options);
        await using var two = new PostgreSqlClusterStore(where, _options);
        var stores = new[] { one, two };
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            var store = stores[i % 2];
            var member = await store.JoinAsync(new ClusterNode { Name = $"{i}" }, TimeSpan.FromMinutes(1), None);
            for (var j = 0; j < 10; j++)
            {
                foreach (var owned in await store.TakeAsync(member.Incarnation, [$"share {j % 3}", $"own {i}"], None))
                {
                    await store.OpenState(owned).CommitAsync("scope", owned.Epoch, [StateChange.Put($"{j}", new byte[10]), StateChange.Remove($"{j - 1}")], None);
                    await store.ReleaseAsync(owned, null, None);
                }

                await store.RenewAsync(member.Incarnation, default, None);
            }
        })));
        Assert.Equal(11, (await one.ReadAsync(0, None)).Shares.Count);
    }

    [PostgreSqlFact]
    public async Task Times_do_not_depend_on_the_zone_of_who_asks()
    {
        await using var one = new PostgreSqlClusterStore(Where + ";Timezone=Pacific/Kiritimati", _options);
        await using var two = new PostgreSqlClusterStore(Where + ";Timezone=Pacific/Pago_Pago", _options);
        var member = await one.JoinAsync(new ClusterNode { Name = "node" }, TimeSpan.FromMinutes(1), None);
        await two.RenewAsync(member.Incarnation, default, None);
        Assert.InRange((await one.ReadAsync(0, None)).Nodes[0].Remaining, TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(1));
    }

    [PostgreSqlFact]
    public async Task A_batch_in_pieces_is_carried_out_whole_or_not()
    {
        await using var store = new PostgreSqlStateStore(Where, _options, maxPieceBytes: 1000);
        var token = await store.AcquireAsync("scope", None);
        await store.CommitAsync("scope", token, [StateChange.Put("gone", new byte[500]), StateChange.Put("kept", new byte[500])], None);
        var batch = Enumerable.Range(0, 40).Select(i => StateChange.Put($"{i}", new byte[300])).Append(StateChange.Remove("gone")).ToArray();
        await store.CommitAsync("scope", token, batch, None);
        Assert.Equal(41, (await store.ReadAsync("scope", None)).Count);
        var next = await store.AcquireAsync("scope", None);
        await Assert.ThrowsAsync<StateFencedException>(async () => await store.CommitAsync("scope", token, [.. batch.Select(change => StateChange.Remove(change.Key))], None));
        Assert.Equal(41, (await store.ReadAsync("scope", None)).Count);
        await store.CommitAsync("scope", next, [.. batch.Select(change => StateChange.Remove(change.Key))], None);
        Assert.Equal("kept", Assert.Single(await store.ReadAsync("scope", None)).Key);
    }

    [PostgreSqlFact]
    public async Task Thousands_of_shares_are_taken_in_one_call()
    {
        await using var store = new PostgreSqlClusterStore(Where, _options);
        var member = await store.JoinAsync(new ClusterNode { Name = "node" }, TimeSpan.FromMinutes(1), None);
        var taken = await store.TakeAsync(member.Incarnation, [.. Enumerable.Range(0, 3000).Select(static i => $"a share with the number {i}")], None);
        Assert.Equal(3000, taken.Select(owned => owned.Share).Distinct().Count());
        Assert.Equal(3000, (await store.ReadAsync(0, None)).Shares.Count(share => share.Incarnation == member.Incarnation));
    }

    [PostgreSqlFact]
    public async Task A_server_closes_its_connections_when_it_ends()
    {
        IStateStore? used = null;
        var server = SmbServer.CreateBuilder().Listen("127.0.0.1:0").UsePostgreSqlState(Where, _options).Configure(options => used = options.StateStore).Build();
        await Assert.IsType<PostgreSqlStateStore>(used).AcquireAsync("scope", None);
        await server.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await used.AcquireAsync("scope", None));
    }

    [Theory]
    [InlineData("")]
    [InlineData("pg_own")]
    [InlineData("a\0b")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123")]
    public void What_cannot_be_a_schema_is_refused(string name) => Assert.ThrowsAny<ArgumentException>(() => _options.Schema = name);
}
