using Smb3.Embedded.Cluster;

namespace Smb3.Embedded.StoreConformance;

/// <summary>The steps that the tests of a cluster's store are made of.</summary>
internal static class ClusterSteps
{
    public static ValueTask<ClusterMember> JoinAsync(this IClusterStore store, ClusterNode node, TimeSpan lease) =>
        store.JoinAsync(node, lease, CancellationToken.None);

    /// <summary>Joins a node that needs nothing but a name.</summary>
    /// <returns>Its incarnation.</returns>
    public static async ValueTask<long> JoinAsync(this IClusterStore store, string name, TimeSpan lease) =>
        (await store.JoinAsync(new ClusterNode { Name = name }, lease)).Incarnation;

    public static ValueTask RenewAsync(this IClusterStore store, long incarnation, ClusterLoad load = default) =>
        store.RenewAsync(incarnation, load, CancellationToken.None);

    public static ValueTask LeaveAsync(this IClusterStore store, long incarnation) => store.LeaveAsync(incarnation, CancellationToken.None);

    public static ValueTask<IReadOnlyList<ClusterOwnership>> TakeAsync(this IClusterStore store, long incarnation, params string[] shares) =>
        store.TakeAsync(incarnation, shares, CancellationToken.None);

    /// <summary>Takes one share.</summary>
    /// <returns>What was taken; <see langword="null"/>: it was not free.</returns>
    public static async ValueTask<ClusterOwnership?> TakeOneAsync(this IClusterStore store, long incarnation, string share) =>
        (await store.TakeAsync(incarnation, share)).SingleOrDefault();

    public static ValueTask ReleaseAsync(this IClusterStore store, ClusterOwnership ownership, string? successor = null) =>
        store.ReleaseAsync(ownership, successor, CancellationToken.None);

    public static ValueTask<bool> RequestMoveAsync(this IClusterStore store, string share, string? node) =>
        store.RequestMoveAsync(share, node, long.MaxValue, CancellationToken.None);

    public static ValueTask AddPartAsync(this IClusterStore store, ClusterOwnership whole, string part, string folder) =>
        store.AddPartAsync(whole, part, folder, CancellationToken.None);

    public static ValueTask RemovePartAsync(this IClusterStore store, ClusterOwnership whole, ClusterOwnership part) =>
        store.RemovePartAsync(whole, part, CancellationToken.None);

    public static ValueTask<ClusterView> ReadAsync(this IClusterStore store, long since = 0) => store.ReadAsync(since, CancellationToken.None);

    public static ValueTask ConfigureAsync(this IClusterStore store, ClusterSettings settings) =>
        store.ConfigureAsync(settings, CancellationToken.None);

    public static ValueTask<bool> FenceAsync(this IClusterStore store, string node, bool isOut) => store.FenceAsync(node, isOut, CancellationToken.None);

    /// <summary>One share, as everybody sees it.</summary>
    public static async ValueTask<ClusterShareState> LookAtAsync(this IClusterStore store, string share) =>
        (await store.ReadAsync()).Shares.Single(one => one.Share == share);

    /// <summary>The shares of a view as a text: <c>a:one/1 b:-/2</c>.</summary>
    public static string Tell(this IEnumerable<ClusterShareState> shares) =>
        string.Join(' ', shares.OrderBy(share => share.Share, StringComparer.Ordinal).Select(share => $"{share.Share}:{share.Owner ?? "-"}/{share.Epoch}"));
}
