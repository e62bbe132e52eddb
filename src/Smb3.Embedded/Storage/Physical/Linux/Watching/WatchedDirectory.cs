using Smb3.Embedded.Storage.Physical.Linux.Streams;

namespace Smb3.Embedded.Storage.Physical.Linux.Watching;

/// <summary>One directory of a <see cref="WatchedTree"/>. Holds no descriptor; guarded by the tree's lock.</summary>
internal sealed class WatchedDirectory(WatchedTree tree, WatchedDirectory? parent, string name, InodeKey inode) : IWatched
{
    private Dictionary<string, WatchedDirectory>? _children;
    private string? _path;

    /// <summary>The directory that it is in; null for the one that clients asked to watch.</summary>
    public WatchedDirectory? Parent { get; private set; } = parent;

    /// <summary>Its name on the disk, a character for each byte.</summary>
    public string Name { get; private set; } = name;

    /// <summary>Which directory it is.</summary>
    public InodeKey Inode => inode;

    /// <summary>The kernel's number of the watch.</summary>
    public int Watch { get; set; } = -1;

    /// <summary>Whether it is no longer watched.</summary>
    public bool IsGone { get; set; }

    /// <summary>
    /// Names that were told because they were found here. What made them may be told by the kernel too, until its queue has been empty once.
    /// </summary>
    public HashSet<string>? Found { get; set; }

    /// <summary>The directories in it.</summary>
    public IReadOnlyCollection<WatchedDirectory> Children => _children is null ? [] : _children.Values;

    /// <summary>The path as clients see it, from the watched directory on: empty for that one, else with a backslash at its end.</summary>
    public string Prefix => _path ??= Parent is null ? string.Empty : Parent.Prefix + DiskNames.Decode(WatchedTree.ToBytes(Name)) + "\\";

    /// <summary>A directory in it.</summary>
    public WatchedDirectory? Child(string child) => _children?.GetValueOrDefault(child);

    /// <summary>Takes a directory in.</summary>
    public void Add(WatchedDirectory child) => (_children ??= []).Add(child.Name, child);

    /// <summary>Takes a directory out.</summary>
    public void Remove(WatchedDirectory child)
    {
        if (_children?.GetValueOrDefault(child.Name) == child)
        {
            _children.Remove(child.Name);
        }
    }

    /// <summary>It has another name now.</summary>
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
