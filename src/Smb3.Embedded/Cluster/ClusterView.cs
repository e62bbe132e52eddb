namespace Smb3.Embedded.Cluster;

/// <summary>What a cluster's store knows at a moment.</summary>
/// <param name="Version">Its version: what to ask for later changes with.</param>
/// <param name="Settings">What holds for all.</param>
/// <param name="Nodes">
/// By name, the last incarnation of every node that has not been gone for long, after earlier ones of the same name whose leases are still valid.
/// </param>
/// <param name="Shares">The shares that have changed since the version that was asked for.</param>
public sealed record ClusterView(
    long Version, ClusterSettings Settings, IReadOnlyList<ClusterNodeState> Nodes, IReadOnlyList<ClusterShareState> Shares);

/// <summary>A node as the others see it.</summary>
/// <param name="Node">What it says of itself.</param>
/// <param name="Incarnation">Its last incarnation.</param>
/// <param name="Remaining">What is left of its lease at the moment of the reading; zero: it has run out, or was left.</param>
/// <param name="Load">What it last said that it carries.</param>
/// <param name="IsReplaced">Whether a later incarnation of the same name has joined: this one only keeps what it owns, until its lease has run out.</param>
public sealed record ClusterNodeState(ClusterNode Node, long Incarnation, TimeSpan Remaining, ClusterLoad Load, bool IsReplaced = false)
{
    /// <summary>Whether it is shut out: it keeps what it owns until its lease has run out, and cannot join again.</summary>
    public bool IsFenced { get; init; }

    /// <summary>Whether its lease was valid.</summary>
    public bool IsAlive => Remaining > TimeSpan.Zero;
}

/// <summary>A share of a cluster.</summary>
/// <param name="Share">Its name.</param>
/// <param name="Owner">The name of its owner, whose lease may have run out; <see langword="null"/>: it was given up, or never owned.</param>
/// <param name="Incarnation">The owner's incarnation; 0 without one, or when its node has been gone for so long that nobody remembers it.</param>
/// <param name="Epoch">The last epoch; 0: it was never owned.</param>
/// <param name="Remaining">What is left of the lease of the owner's incarnation; zero: the share is free unless it is reserved.</param>
/// <param name="Successor">The node that it is reserved for.</param>
/// <param name="Wanted">The node that it is to be moved to.</param>
public sealed record ClusterShareState(
    string Share, string? Owner, long Incarnation, long Epoch, TimeSpan Remaining, string? Successor, string? Wanted)
{
    /// <summary>The share that it is a part of, or was; <see langword="null"/>: it is a whole one.</summary>
    public string? PartOf { get; init; }

    /// <summary>The folder of that share from which on it is the part; <see langword="null"/> with <see cref="PartOf"/>: it was removed.</summary>
    public string? Folder { get; init; }

    /// <summary>Whether it was a part, and is no more.</summary>
    public bool IsRemoved => PartOf is not null && Folder is null;
}
