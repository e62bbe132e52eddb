namespace Smb3.Embedded.Dfs;

/// <summary>What a namespace consists of: given once, and replaced as a whole.</summary>
internal sealed record DfsContents
{
    /// <summary>The links; none of them is below another one.</summary>
    public IReadOnlyList<DfsLink> Links { get; init; } = [];

    /// <summary>
    /// The servers that have the namespace; <see langword="null"/>: this one, by whatever name a client knows it.
    /// </summary>
    public IDfsTargets? Roots { get; init; }

    /// <summary>How long clients may rely on the root where <see cref="Roots"/> does not say so.</summary>
    public TimeSpan TimeToLive { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Whether clients go back to a better target when it is there again.</summary>
    public bool TargetFailback { get; init; }
}
