namespace Smb3.Embedded;

/// <summary>A share of the cluster.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Owner">The node that serves it; <see langword="null"/>: none at this moment.</param>
/// <param name="Epoch">How often it has had a new owner.</param>
public sealed record SmbClusterShare(string Name, string? Owner, long Epoch)
{
    /// <summary>The node that it is being moved to.</summary>
    public string? MovesTo { get; init; }

    /// <summary>The share that it is a part of; <see langword="null"/>: it is a whole one.</summary>
    public string? PartOf { get; init; }

    /// <summary>The folder of that share from which on it is the part.</summary>
    public string? Folder { get; init; }

    /// <summary>Whether this node serves it.</summary>
    public bool IsHere { get; init; }

    /// <summary>How many files clients have open on it, when this node last renewed its lease; 0 when it is not here.</summary>
    public long Opens { get; init; }

    /// <summary>
    /// Bytes that clients read from it and write to it, as a mean over half a minute, when this node last renewed its lease; 0 when it is not
    /// here.
    /// </summary>
    public long BytesPerSecond { get; init; }
}
