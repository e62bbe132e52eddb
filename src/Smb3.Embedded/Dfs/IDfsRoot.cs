using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Dfs;

/// <summary>What makes a share a part of DFS: it answers referral requests, and some or all paths below it are elsewhere.</summary>
internal interface IDfsRoot
{
    /// <summary>What a path of this share leads to. Never fails: what is no link leads to the root (MS-DFSC 3.2.5.5).</summary>
    DfsReferral Refer(DfsPath path);

    /// <summary>Whether what is at a path is here; if not, the answer is STATUS_PATH_NOT_COVERED (MS-DFSC 3.2.4.1).</summary>
    bool Covers(StorePath path);

    /// <summary>Whether there is a link at this very path, which can be looked at without following it.</summary>
    bool IsLink(StorePath path);
}
