namespace Smb3.Embedded.Contention.Crashes;

/// <summary>What a tree connect leads to: a share, or the part of one.</summary>
/// <param name="Share">Its name.</param>
/// <param name="Folder">The folder of the whole share that is its root; empty: it is the whole.</param>
internal sealed record Place(string Share, string Folder = "")
{
    /// <summary>The path here of one from the root of the whole share.</summary>
    public string PathOf(string name) => Folder.Length == 0 ? name : name[(Folder.Length + 1)..];
}
