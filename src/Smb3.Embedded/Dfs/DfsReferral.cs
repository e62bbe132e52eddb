namespace Smb3.Embedded.Dfs;

/// <summary>The answer to a path: how much of it the targets stand for.</summary>
/// <param name="Targets">Where that is, in any order.</param>
/// <param name="TimeToLive">How long clients may rely on it.</param>
internal sealed record DfsReferral(IReadOnlyList<DfsTarget> Targets, TimeSpan TimeToLive)
{
    /// <summary>Characters below the root that the targets stand for; 0: the root itself.</summary>
    public int Length { get; init; }

    /// <summary>Whether the targets are those of the root of a namespace.</summary>
    public bool IsRoot { get; init; }

    /// <summary>Whether the targets are namespaces themselves, which a client has to ask again (MS-DFSC 3.1.5.4.5).</summary>
    public bool IsInterlink { get; init; }

    /// <summary>Whether a client goes back to a better target when it is there again.</summary>
    public bool TargetFailback { get; init; }
}
