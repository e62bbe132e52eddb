using System.Net;

namespace Smb3.Embedded.Hosting.Clustering;

/// <summary>
/// Tells the witness service what happens in the cluster: nodes that come and go with their addresses, and shares that have another owner.
/// </summary>
/// <param name="node">The name of this node.</param>
internal sealed class ClusterWitness(string node)
{
    private readonly Dictionary<string, string> _owners = new(StringComparer.OrdinalIgnoreCase);
    private List<SmbWitnessInterface> _interfaces = [];

    /// <summary>What the service subscribes to.</summary>
    public SmbWitnessSource Source { get; } = new();

    /// <summary>Looks what is different from the last time. One call at a time.</summary>
    public void Look(ClusterPicture picture)
    {
        var interfaces = picture.Nodes.OrderBy(static one => one.Node.Name, StringComparer.OrdinalIgnoreCase).SelectMany(one =>
            one.Node.Addresses.Select(endPoint => new SmbWitnessInterface(one.Node.Name, endPoint.Address)
            {
                State = picture.IsAlive(one.Node.Name) ? SmbWitnessState.Available : SmbWitnessState.Unavailable,
                IsLocal = node.Equals(one.Node.Name, StringComparison.OrdinalIgnoreCase),
            })).ToList();
        if (!interfaces.SequenceEqual(_interfaces))
        {
            _interfaces = interfaces;
            Source.SetInterfaces(interfaces);
        }

        foreach (var share in picture.Shares)
        {
            if (picture.FindOwner(share.Share) is not { } owner)
            {
                continue; // where it will be is told when it is there
            }

            if (_owners.TryGetValue(share.Share, out var before) && !before.Equals(owner.Node.Name, StringComparison.OrdinalIgnoreCase))
            {
                Source.Publish(new SmbWitnessShareMove(share.Share, AddressesOf(owner.Node)));
            }

            _owners[share.Share] = owner.Node.Name;
        }
    }

    private static IReadOnlyList<IPAddress> AddressesOf(Cluster.ClusterNode owner) => [.. owner.Addresses.Select(static endPoint => endPoint.Address)];
}
