namespace Smb3.Embedded.Dfs;

/// <summary>Where the files behind a root or a link are.</summary>
/// <param name="Path"><c>\server\share</c>, or a folder below, with one backslash in front.</param>
internal sealed record DfsTarget(string Path)
{
    /// <summary>Targets of a better class are named first.</summary>
    public SmbReferralPriorityClass PriorityClass { get; init; } = SmbReferralPriorityClass.SiteCostNormal;

    /// <summary>The place among the targets of its class; the least is named first.</summary>
    public int PriorityRank { get; init; }
}
