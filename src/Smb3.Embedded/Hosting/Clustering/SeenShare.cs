using Smb3.Embedded.Cluster;

namespace Smb3.Embedded.Hosting.Clustering;

/// <summary>A clustered share as a node saw it when it last changed.</summary>
internal sealed class SeenShare
{
    public SeenShare(ClusterShareState state, long readAt, SeenShare? earlier)
    {
        State = state;
        ReadAt = readAt;
        (Former, FormerUntil) = earlier is { State.Owner: { } before } && !Same(before, state.Owner)
            ? (before, readAt) : (earlier?.Former, earlier?.FormerUntil ?? 0);
        if (Same(Former, state.Owner))
        {
            Former = null; // it has the share again
        }
    }

    public ClusterShareState State { get; }

    /// <summary>When that was read, as a timestamp.</summary>
    public long ReadAt { get; }

    /// <summary>The last owner that was seen before the one of now; <see langword="null"/>: none.</summary>
    public string? Former { get; }

    /// <summary>Until when that had it, as a timestamp.</summary>
    public long FormerUntil { get; }

    private static bool Same(string? one, string? other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}
