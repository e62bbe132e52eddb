using Smb3.Embedded.Cluster;
using Smb3.Embedded.PostgreSql;
using Smb3.Embedded.State;
using Smb3.Embedded.StoreConformance;
using Xunit;

namespace Smb3.Embedded.Tests.PostgreSql;

[Collection(PostgreSqlPlace.Collection)]
public sealed class PostgreSqlStateStoreConformance(PostgreSqlPlace place) : StateStoreConformance
{
    private readonly PostgreSqlStoreOptions _options = PostgreSqlPlace.NewSchema();

    protected override ValueTask<IStateStore> OpenStoreAsync() => new(new PostgreSqlStateStore(place.Server.ConnectionString, _options));
}

/// <summary>With records put and removed by statements of their own, as CockroachDB wants it.</summary>
[Collection(PostgreSqlPlace.Collection)]
public sealed class PostgreSqlApartConformance(PostgreSqlPlace place) : StateStoreConformance
{
    private readonly PostgreSqlStoreOptions _options = NewOptions();

    protected override ValueTask<IStateStore> OpenStoreAsync() =>
        new(new PostgreSqlStateStore(place.Server.ConnectionString, _options, Batch.MaxPieceBytes, changesTableOnce: true));

    /// <summary>A batch takes five messages there and back, and a machine may be busy.</summary>
    private static PostgreSqlStoreOptions NewOptions()
    {
        var options = PostgreSqlPlace.NewSchema();
        options.Timeout = TimeSpan.FromMinutes(1);
        return options;
    }
}

[Collection(PostgreSqlPlace.Collection)]
public sealed class PostgreSqlClusterStoreConformance(PostgreSqlPlace place) : ClusterStoreConformance
{
    private readonly PostgreSqlStoreOptions _options = PostgreSqlPlace.NewSchema();

    protected override TimeSpan ShortLease => TimeSpan.FromSeconds(1);

    protected override ValueTask<IClusterStore> OpenStoreAsync() => new(new PostgreSqlClusterStore(place.Server.ConnectionString, _options));
}

/// <summary>The state of a share.</summary>
[Collection(PostgreSqlPlace.Collection)]
public sealed class PostgreSqlShareStateConformance(PostgreSqlPlace place) : StateRecordConformance
{
    private readonly PostgreSqlStoreOptions _options = PostgreSqlPlace.NewSchema();
    private readonly List<PostgreSqlClusterStore> _clusters = [];
    private ClusterOwnership? _owned;

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        foreach (var cluster in _clusters)
        {
            await cluster.DisposeAsync();
        }
    }

    protected override async ValueTask<IStateStore> OpenStoreAsync()
    {
        if (_owned is null)
        {
            var cluster = new PostgreSqlClusterStore(place.Server.ConnectionString, _options);
            _clusters.Add(cluster);
            var member = await cluster.JoinAsync(new ClusterNode { Name = "node" }, ClusterLimits.MaxLeaseTime, CancellationToken.None);
            _owned = (await cluster.TakeAsync(member.Incarnation, ["share"], CancellationToken.None))[0];
        }

        return _clusters[0].OpenState(_owned);
    }
}
