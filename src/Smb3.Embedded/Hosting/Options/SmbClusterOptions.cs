using System.Net;
using Smb3.Embedded.Cluster;

namespace Smb3.Embedded;

/// <summary>The part that a server plays in a cluster, whose nodes serve its clustered shares in turn.</summary>
public sealed class SmbClusterOptions
{
    private const string DefaultName = "CLUSTER";

    /// <summary>What the nodes agree on; <see langword="null"/>: the server is in no cluster. The host keeps owning it.</summary>
    public IClusterStore? Store { get; set; }

    /// <summary>
    /// The database that <c>UsePostgreSqlCluster()</c> of the package <c>Smb3.Embedded.PostgreSql</c> connects to; <see langword="null"/>: none.
    /// </summary>
    public string? ConnectionString { get; set; }

    /// <summary>
    /// The name of this node, which no other node of the cluster has; case does not count. When it is empty:
    /// <see cref="SmbServerOptions.ServerName"/>.
    /// </summary>
    public string Node { get; set; } = string.Empty;

    /// <summary>
    /// The name of the cluster, the same on all nodes: in a cluster the SIDs of users and groups are computed from it and not from
    /// <see cref="SmbServerOptions.ServerName"/>, so that who has opened a file at one node, or may, is the same user at another one. Whoever
    /// changes it changes the SIDs, which permissions of files name. 1 to 15 letters, digits, '-', '_' or '.'. Default <c>CLUSTER</c>.
    /// </summary>
    public string Name { get; set; } = DefaultName;

    /// <summary>
    /// Where clients reach this node, the best first; they are told when they look for a share here that it has. When it is empty: what the
    /// server listens on.
    /// </summary>
    public IList<IPAddress> Addresses { get; } = [];

    /// <summary>
    /// How long a node that is not heard of keeps its shares. After that others take them; the node itself stops a little earlier, by its own
    /// clock. 1 second to 10 minutes. Default 10 seconds.
    /// </summary>
    public TimeSpan LeaseTime { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The node that gets the shares of this one when it stops; <see langword="null"/>: they are spread over all others.
    /// </summary>
    public string? DrainTo { get; set; }

    /// <summary>
    /// Whether this node gives shares away to nodes that carry less, measured by opens and bytes: one at a time in the whole cluster, with a
    /// pause of a minute at least, each rarely. Set the same on all nodes. Default off: a move is a pause for those who use the share, and a
    /// long one for some clients.
    /// </summary>
    public bool Balance { get; set; }

    /// <summary>
    /// Whether <see cref="Balance"/> also splits a share of this node that alone is more than a node's part of all, at a folder down to the second
    /// level, and joins what it has split when nobody has used it for half an hour. What clients have open in that folder is closed
    /// (<see cref="SmbCluster.SplitAsync"/>), and clients need DFS to find it. Set the same on all nodes. Default off.
    /// </summary>
    public bool BalanceSplits { get; set; }

    /// <summary>
    /// How long this node refuses all connections when a share that it had has gone to another one, and again when clients come to it that
    /// look for a share of another node: only so does Linux look for the new owner at once. Only while such clients are there, and never often;
    /// who connects just then has to try again. Up to 2 seconds; zero: never. Default 0.25 seconds.
    /// </summary>
    public TimeSpan RefusalTime { get; set; } = TimeSpan.FromSeconds(0.25);

    /// <summary>
    /// The highest dialect that clustered shares are used with, for a cluster that has none set yet; <see langword="null"/>: any. Afterwards
    /// <see cref="SmbCluster.SetMaxDialectAsync"/> changes it for all nodes.
    /// </summary>
    public SmbDialect? MaxDialect { get; set; }

    /// <summary>
    /// Keeps a node that has lost a share away from its storage, where the storage can do that (a blocklist, a reservation): called before
    /// the share of a node that was not heard of any more is opened here. The share is not opened when it fails.
    /// </summary>
    public Func<SmbFencedNode, CancellationToken, Task>? FenceStorage { get; set; }
}

/// <summary>A node that has lost a share without having given it up: it may still be there, and may have a write under way.</summary>
/// <param name="Node">The name of the node.</param>
/// <param name="Share">The name of the share.</param>
/// <param name="Epoch">The epoch of the share that ended with that.</param>
public sealed record SmbFencedNode(string Node, string Share, long Epoch);
