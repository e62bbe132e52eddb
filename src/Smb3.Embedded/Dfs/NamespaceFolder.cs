using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Dfs;

/// <summary>A folder of a namespace: its root, one on the way to a link, or a link.</summary>
internal sealed class NamespaceFolder(StorePath path, DfsLink? link = null)
{
    public StorePath Path { get; } = path;

    /// <summary>The link that it is; <see langword="null"/>: there are links below it.</summary>
    public DfsLink? Link { get; } = link;

    /// <summary>What is in it.</summary>
    public List<NamespaceFolder> Folders { get; } = [];
}
