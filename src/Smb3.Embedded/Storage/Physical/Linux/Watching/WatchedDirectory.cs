using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Naming;

namespace Smb3.Embedded.Storage.Physical.Linux.Watching;

/// <summary>One directory of a <see cref="WatchedTree"/>. Holds no descriptor; guarded by the tree's lock.</summary>
internal sealed class WatchedDirectory(WatchedTree tree, WatchedDirectory? parent, string name, InodeKey inode) : IWatched
{
    private Dictionary<string, WatchedDirectory>? _children;
    private string? _path;

    /// <summary>The directory that contains it; null for the one that clients asked to watch.</summary>
    public WatchedDirectory? Parent { get; private set; } = parent;

    /// <summary>Its name on the disk, one character per byte.</summary>
    public string Name { get; private set; } = name;

    /// <summary>Identifies the directory.</summary>
    public InodeKey Inode => inode;

    /// <summary>The kernel's number of the watch.</summary>
    public int Watch { get; set; } = -1;

    /// <summary>Whether it is no longer watched.</summary>
    public bool IsGone { get; set; }

    /// <summary>
    /// Names that were reported because they were found here. The kernel may report their creation too, until its queue was empty once.
    /// </summary>
    public HashSet<string>? Found { get; set; }

    /// <summary>The directories in it.</summary>
    public IReadOnlyCollection<WatchedDirectory> Children => _children is null ? [] : _children.Values;

    /// <summary>The path as clients see it, relative to the watched directory: empty for that one, else ending in a backslash.</summary>
    public string Prefix => _path ??= Parent is null ? string.Empty : Parent.Prefix + DiskNames.Decode(WatchedTree.ToBytes(Name)) + "\\";

    /// <summary>Finds a directory in it by name.</summary>
    public WatchedDirectory? Child(string child) => _children?.GetValueOrDefault(child);

    /// <summary>Adds a directory.</summary>
    public void Add(WatchedDirectory child) => (_children ??= []).Add(child.Name, child);

    /// <summary>Removes a directory.</summary>
    public void Remove(WatchedDirectory child)
    {
        if (_children?.GetValueOrDefault(child.Name) == child)
        {
            _children.Remove(child.Name);
        }
    }

    /// <summary>Gives it another parent and name.</summary>
    public void Move(WatchedDirectory to, string newName)
    {
        Parent!.Remove(this);
        Parent = to;
        Name = newName;
        to.Add(this);
        ForgetPath();
    }

    /// <inheritdoc/>
    public void Hear(in WatchEvent happened, WatchRound round) => tree.Hear(this, happened, round);

    /// <inheritdoc/>
    public void Lose() => tree.Lose();

    private void ForgetPath()
    {
        _path = null;
        foreach (var child in Children)
        {
            child.ForgetPath();
        }
    }
}
