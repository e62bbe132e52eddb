using System.Net;

namespace Smb3.Embedded.Cluster;

/// <summary>A node as it describes itself.</summary>
public sealed record ClusterNode
{
    /// <summary>Its name, which no other node has; case does not count. At most <see cref="ClusterLimits.MaxNameLength"/> characters.</summary>
    public required string Name { get; init; }

    /// <summary>Where clients reach it, the best first. Port 0 stands for 445.</summary>
    public IReadOnlyList<IPEndPoint> Addresses { get; init; } = [];

    /// <summary>The highest functional level that it knows, from 1.</summary>
    public int MaxLevel { get; init; } = 1;
}
