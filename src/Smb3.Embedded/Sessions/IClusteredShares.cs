using System.Net;
using Smb3.Embedded.Dfs;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Sessions;

/// <summary>The shares that the nodes of a cluster serve in turn, as a node knows them.</summary>
internal interface IClusteredShares
{
    /// <summary>MaxClusterDialect (MS-SMB2 3.3.1.5); <see langword="null"/>: any.</summary>
    Smb2Dialect? MaxDialect { get; }

    /// <summary>Whether clients can watch the nodes by the Witness service (MS-SWN).</summary>
    bool HasWitness { get; }

    /// <summary>All of them, without their files, whoever serves them.</summary>
    IEnumerable<Share> All { get; }

    /// <summary>One of them.</summary>
    Share? Find(string name);

    /// <summary>
    /// Waits, but not for long, until a share has an owner, or is served here.
    /// </summary>
    /// <returns>The other node that owns it; <see langword="null"/> when it is served here, or by nobody so far.</returns>
    ValueTask<ShareOwner?> WaitForOwnerAsync(string name, CancellationToken cancellationToken);

    /// <summary>The clients that used a share here before it went elsewhere.</summary>
    StrandedClients Stranded { get; }

    /// <summary>
    /// What a link leads to whose targets may be clustered shares, at whichever node: these are replaced by where they are now.
    /// </summary>
    DfsReferral Follow(DfsReferral referral);
}

/// <summary>The node that owns a share.</summary>
/// <param name="Node">Its name.</param>
/// <param name="Addresses">Where clients reach it, the best first.</param>
internal sealed record ShareOwner(string Node, IReadOnlyList<IPAddress> Addresses);
