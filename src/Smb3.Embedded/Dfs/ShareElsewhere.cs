using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Dfs;

/// <summary>A share that another server has: clients are sent there, whatever they want to open.</summary>
internal class ShareElsewhere(IDfsTargets targets) : IDfsRoot
{
    /// <inheritdoc/>
    public virtual DfsReferral Refer(DfsPath path) => new(targets.Current, targets.TimeToLive);

    /// <inheritdoc/>
    public bool Covers(StorePath path) => false;

    /// <inheritdoc/>
    public bool IsLink(StorePath path) => false;
}
