using Smb3.Embedded.Dfs;
using Smb3.Embedded.Files.Parts;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Hosting.Clustering;

/// <summary>
/// Where a clustered share is, and where its parts are. While it has any it is the root of a namespace, whose links are the folders at which
/// it is split.
/// </summary>
internal sealed class SplitShare(string share, ClusterOutlook outlook, BriefRefusal refusal)
    : ShareElsewhere(new OwnerTargets(share, outlook, refusal))
{
    /// <inheritdoc/>
    public override DfsReferral Refer(DfsPath path)
    {
        var parts = outlook.Picture.PartsOf(share);
        if (parts.Count == 0)
        {
            return base.Refer(path);
        }

        var territory = new Territory(StorePath.Root, [.. parts.Select(static part => new StorePath(part.Folder!))]);
        if (!territory.TryFindSeam(path.Rest, out var folder, out var length))
        {
            return base.Refer(path) with { IsRoot = true };
        }

        var part = parts.First(part => part.Folder == folder);
        var targets = new OwnerTargets(part.Share, outlook, refusal);
        return new DfsReferral(targets.Current, targets.TimeToLive) { Length = length };
    }
}
