using System.Net;
using System.Net.Sockets;
using Smb3.Embedded.Dfs;

namespace Smb3.Embedded.Hosting.Clustering;

/// <summary>Where clients of DFS find a clustered share: at the addresses of its owner.</summary>
internal sealed class OwnerTargets(string share, SharePlacement placement) : IDfsTargets
{
    /// <inheritdoc/>
    public IReadOnlyList<DfsTarget> Current => placement.Picture.FindOwner(share) is { } owner
        ? [.. owner.Node.Addresses.Select((endPoint, rank) => new DfsTarget($@"\{HostOf(endPoint.Address)}\{share}") { PriorityRank = rank })]
        : [];

    /// <summary>Short, because the share may be elsewhere at any moment.</summary>
    public TimeSpan TimeToLive => TimeSpan.FromSeconds(10);

    /// <summary>A path has no room for the colons of an IPv6 address; Windows has names for these.</summary>
    private static string HostOf(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6
        ? address.ToString().Replace(':', '-').Replace('%', 's') + ".ipv6-literal.net"
        : address.ToString();
}
