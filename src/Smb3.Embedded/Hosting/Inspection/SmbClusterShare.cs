namespace Smb3.Embedded;

/// <summary>A share of the cluster.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Owner">The node that serves it; <see langword="null"/>: none at this moment.</param>
/// <param name="Epoch">How often it has had a new owner.</param>
public sealed record SmbClusterShare(string Name, string? Owner, long Epoch)
{
    /// <summary>The node that it is being moved to.</summary>
    public string? MovesTo { get; init; }

    /// <summary>Whether this node serves it.</summary>
    public bool IsHere { get; init; }
}
