using System.Net;
using System.Net.Sockets;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.Dfs;

namespace Smb3.Embedded.Hosting.Clustering;

/// <summary>
/// Where clients of DFS find a clustered share: at the addresses of its owner, and, should that die, at those of the nodes that would take
/// it, in the order in which they would.
/// </summary>
/// <remarks>
/// A client that has lost its connection tries the targets that it was told earlier. Linux begins with the one that it used last, stays
/// with whichever accepts a connection, and leaves that only when a later referral, for which it asks every two minutes, does not name it
/// any more. So who stays at the wrong node is refused there for a moment; where that cannot be done, the owner is named alone for a while
/// after the share has changed hands: then all come there, wherever they have stayed.
/// </remarks>
internal sealed class OwnerTargets(string share, ClusterOutlook outlook, BriefRefusal refusal) : IDfsTargets
{
    /// <summary>How many nodes are named besides the owner: enough for several to die at once, and few enough for a short answer.</summary>
    private const int MostOthers = 7;

    /// <summary>How long a new owner is named alone: twice the time between two referrals of Linux, and some more.</summary>
    private static readonly TimeSpan Alone = TimeSpan.FromMinutes(5);

    /// <inheritdoc/>
    public IReadOnlyList<DfsTarget> Current
    {
        get
        {
            var picture = outlook.Picture;
            return [.. Arrange(picture, picture.FindOwner(share)).SelectMany(static node => node.Node.Addresses)
                .Select((endPoint, rank) => new DfsTarget($@"\{HostOf(endPoint.Address)}\{share}") { PriorityRank = rank })];
        }
    }

    /// <summary>Short, because the share may be elsewhere at any moment.</summary>
    public TimeSpan TimeToLive => ShortTime;

    public static TimeSpan ShortTime { get; } = TimeSpan.FromSeconds(10);

    /// <summary>The nodes to name, the owner first. While there is none, those that may be the next, where clients are let wait for it.</summary>
    private IEnumerable<ClusterNodeState> Arrange(ClusterPicture picture, ClusterNodeState? owner)
    {
        var heirs = RendezvousHash.Order(share, picture.Takers.Where(taker => !Same(taker, owner?.Node.Name)));
        if (owner is null)
        {
            var successor = picture.FindShare(share)?.Successor;
            heirs = heirs.OrderByDescending(heir => Same(heir, successor));
        }
        else if (!refusal.IsAvailable && picture.FindFormerOwner(share) is { } former && former.For < Alone)
        {
            return [owner];
        }

        var named = heirs.Take(MostOthers).Select(picture.FindNode).OfType<ClusterNodeState>();
        return owner is null ? named : named.Prepend(owner);
    }

    private static bool Same(string one, string? other) => one.Equals(other, StringComparison.OrdinalIgnoreCase);

    /// <summary>A path has no room for the colons of an IPv6 address; Windows has names for these.</summary>
    private static string HostOf(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6
        ? address.ToString().Replace(':', '-').Replace('%', 's') + ".ipv6-literal.net"
        : address.ToString();
}
