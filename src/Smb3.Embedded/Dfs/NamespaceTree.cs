using System.Diagnostics.CodeAnalysis;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Dfs;

/// <summary>The folders of a namespace as of one moment, by their paths without regard to case. It does not change.</summary>
internal sealed class NamespaceTree
{
    private readonly Dictionary<string, NamespaceFolder> _folders = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, NamespaceFolder>.AlternateLookup<ReadOnlySpan<char>> _byText;
    private readonly int _longest;

    public NamespaceTree(DfsContents contents, FileTime madeAt)
    {
        Contents = contents;
        MadeAt = madeAt;
        _byText = _folders.GetAlternateLookup<ReadOnlySpan<char>>();
        _folders.Add(string.Empty, new NamespaceFolder(StorePath.Root));
        foreach (var link in contents.Links)
        {
            Add(new NamespaceFolder(Spell(new StorePath(link.Path)), link));
            _longest = Math.Max(_longest, link.Path.Length);
        }
    }

    public DfsContents Contents { get; }

    public FileTime MadeAt { get; }

    public NamespaceFolder? Find(StorePath path) => _folders.GetValueOrDefault(path.Text);

    /// <summary>The link that a path is or leads through; its length is how much of the path leads to it.</summary>
    public bool TryFindLink(ReadOnlySpan<char> path, [NotNullWhen(true)] out DfsLink? link, out int length)
    {
        // No link is below another: at most one matches. No path is looked at further than the longest of them reaches.
        for (var at = 0; at <= path.Length && at <= _longest; at++)
        {
            if ((at == path.Length || path[at] == '\\')
                && _byText.TryGetValue(path[..at], out var folder) && folder.Link is { } found)
            {
                (link, length) = (found, at);
                return true;
            }
        }

        (link, length) = (null, 0);
        return false;
    }

    /// <summary>What became of the folders from this moment to a later one.</summary>
    public IReadOnlyList<StoreChange> ChangesTo(NamespaceTree later) =>
    [
        .. _folders.Values.Where(folder => !later.Has(folder))
            .Select(static folder => new StoreChange(ChangeAction.Removed, folder.Path, ChangeFilter.DirectoryName)),
        .. later._folders.Values.Where(folder => !Has(folder))
            .Select(static folder => new StoreChange(ChangeAction.Added, folder.Path, ChangeFilter.DirectoryName)),
    ];

    private bool Has(NamespaceFolder other) => Find(other.Path) is { } folder && folder.Link is null == other.Link is null;

    private void Add(NamespaceFolder folder)
    {
        _folders.Add(folder.Path.Text, folder);
        var parent = folder.Path.Parent;
        if (!_folders.TryGetValue(parent.Text, out var above))
        {
            Add(above = new NamespaceFolder(parent));
        }

        above.Folders.Add(folder);
    }

    /// <summary>A folder on the way is spelled as the first link that leads through it has it.</summary>
    private StorePath Spell(StorePath path)
    {
        if (path.IsRoot)
        {
            return path;
        }

        var parent = path.Parent;
        return (_folders.TryGetValue(parent.Text, out var above) ? above.Path : Spell(parent)).Append(path.Name);
    }
}
