using System.Net;

namespace Smb3.Embedded;

/// <summary>A node of the cluster.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Addresses">Where clients reach it.</param>
/// <param name="Incarnation">What its last run is known by.</param>
public sealed record SmbClusterNode(string Name, IReadOnlyList<IPAddress> Addresses, long Incarnation)
{
    /// <summary>How much longer it lives without being heard of; zero: it is dead.</summary>
    public TimeSpan LeaseLeft { get; init; }

    /// <summary>Whether it lives.</summary>
    public bool IsAlive => LeaseLeft > TimeSpan.Zero;

    /// <summary>How many files clients have open on its clustered shares, as it last said.</summary>
    public long Opens { get; init; }

    /// <summary>Bytes that clients read from its clustered shares and write to them, as a mean over half a minute, as it last said.</summary>
    public long BytesPerSecond { get; init; }

    /// <summary>Whether it gives its shares away and takes none.</summary>
    public bool IsDraining { get; init; }

    /// <summary>Whether it is shut out (<see cref="SmbCluster.FenceAsync"/>).</summary>
    public bool IsFenced { get; init; }
}
