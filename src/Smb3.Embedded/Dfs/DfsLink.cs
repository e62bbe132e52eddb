namespace Smb3.Embedded.Dfs;

/// <summary>A folder of a namespace whose contents are elsewhere.</summary>
/// <param name="Path">Its place below the root: names joined by backslashes.</param>
/// <param name="Targets">Where the contents are.</param>
internal sealed record DfsLink(string Path, IDfsTargets Targets)
{
    /// <summary>Whether the targets are namespaces themselves.</summary>
    public bool IsInterlink { get; init; }
}
