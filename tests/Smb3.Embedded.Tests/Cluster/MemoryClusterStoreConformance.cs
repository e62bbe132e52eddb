using Smb3.Embedded.Cluster;
using Smb3.Embedded.State;
using Smb3.Embedded.StoreConformance;
using Xunit;

namespace Smb3.Embedded.Tests.Cluster;

[Collection(RealLeases.Name)]
public sealed class MemoryClusterStoreConformance : ClusterStoreConformance
{
    protected override bool HasManyInstances => false;

    protected override ValueTask<IClusterStore> OpenStoreAsync() => new(new MemoryClusterStore());
}

/// <summary>The state of the cluster as a whole.</summary>
public sealed class MemoryClusterStateConformance : StateStoreConformance
{
    protected override bool OutlivesInstances => false;

    protected override ValueTask<IStateStore> OpenStoreAsync() => new(new MemoryClusterStore().State);
}

/// <summary>The state of a share.</summary>
public sealed class MemoryShareStateConformance : StateRecordConformance
{
    protected override bool OutlivesInstances => false;

    protected override async ValueTask<IStateStore> OpenStoreAsync()
    {
        var store = new MemoryClusterStore();
        var member = await store.JoinAsync(new ClusterNode { Name = "node" }, ClusterLimits.MaxLeaseTime, CancellationToken.None);
        var owned = await store.TakeAsync(member.Incarnation, ["share"], CancellationToken.None);
        return store.OpenState(owned[0]);
    }
}
