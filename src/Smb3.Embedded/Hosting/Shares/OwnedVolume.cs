using Smb3.Embedded.Files.Fencing;
using Smb3.Embedded.State;

namespace Smb3.Embedded.Hosting.Shares;

/// <summary>On what terms a node has the files of a clustered share.</summary>
/// <param name="State">Where what clients have open is kept.</param>
/// <param name="Lease">How long they are its own.</param>
/// <param name="Fenced">Told when another node has taken them over.</param>
/// <param name="Parts">The folders of it that other owners have.</param>
internal sealed record OwnedVolume(IStateStore State, OwnerLease Lease, Action Fenced, IReadOnlyList<string> Parts)
{
    /// <summary>Whether it is counted which of its folders are used.</summary>
    public bool CountsFolders { get; init; }
}
