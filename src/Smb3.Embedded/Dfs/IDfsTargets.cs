namespace Smb3.Embedded.Dfs;

/// <summary>
/// The targets of a root, a link or a share that is elsewhere. They may change at any moment; clients keep what they were told for the
/// time to live. Both members are asked for each referral, from any thread: they are quick and never throw.
/// </summary>
internal interface IDfsTargets
{
    /// <summary>The targets as of now, in any order; none: nobody can be named at the moment.</summary>
    IReadOnlyList<DfsTarget> Current { get; }

    /// <summary>How long clients may rely on them.</summary>
    TimeSpan TimeToLive { get; }
}

/// <summary>Targets that stay the same.</summary>
internal sealed record FixedTargets(IReadOnlyList<DfsTarget> Current, TimeSpan TimeToLive) : IDfsTargets;
