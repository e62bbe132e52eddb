using Smb3.Embedded.Dfs;
using Smb3.Embedded.Files.Parts;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Hosting.Shares;

/// <summary>
/// What makes a share that is split a part of DFS while it is served here: what is behind its seams is elsewhere. Where, the cluster says.
/// </summary>
internal sealed class SeamRoot(Territory territory) : IDfsRoot
{
    /// <inheritdoc/>
    public DfsReferral Refer(DfsPath path) => new([new DfsTarget(path.Root)], TimeSpan.Zero) { IsRoot = true };

    /// <inheritdoc/>
    public bool Covers(StorePath path) => !territory.TryFindSeam(path.Text, out _, out _);

    /// <inheritdoc/>
    public bool IsLink(StorePath path) => territory.IsSeam(path);
}
