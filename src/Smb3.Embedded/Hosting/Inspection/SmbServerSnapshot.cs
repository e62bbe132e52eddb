namespace Smb3.Embedded;

/// <summary>
/// Who uses a server, and for what, at one moment. Every id in it that names a connection, session or open names one that it also holds.
/// </summary>
public sealed record SmbServerSnapshot
{
    internal SmbServerSnapshot()
    {
    }

    /// <summary>When it was taken.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The client machines.</summary>
    public required IReadOnlyList<SmbActiveClient> Clients { get; init; }

    /// <summary>The connections, the oldest first; also those that have not negotiated yet and so belong to no client.</summary>
    public required IReadOnlyList<SmbActiveConnection> Connections { get; init; }

    /// <summary>The authenticated sessions with their channels, the oldest first.</summary>
    public required IReadOnlyList<SmbActiveSession> Sessions { get; init; }

    /// <summary>The open files, directories and pipes, the oldest first.</summary>
    public required IReadOnlyList<SmbActiveOpen> Opens { get; init; }

    /// <summary>The nodes of the cluster; none without one.</summary>
    public IReadOnlyList<SmbClusterNode> ClusterNodes { get; init; } = [];

    /// <summary>The shares that the nodes of the cluster serve in turn.</summary>
    public IReadOnlyList<SmbClusterShare> ClusterShares { get; init; } = [];

    /// <summary>The leases and oplocks.</summary>
    public required IReadOnlyList<SmbActiveLease> Leases { get; init; }
}
