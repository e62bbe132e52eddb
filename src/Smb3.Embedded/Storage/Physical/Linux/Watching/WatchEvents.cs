namespace Smb3.Embedded.Storage.Physical.Linux.Watching;

/// <summary>Kinds of events and watches (inotify(7)).</summary>
[Flags]
internal enum WatchEvents : uint
{
    None = 0,
    Modify = 0x2, // IN_MODIFY
    Attributes = 0x4, // IN_ATTRIB
    MovedFrom = 0x40, // IN_MOVED_FROM
    MovedTo = 0x80, // IN_MOVED_TO
    Create = 0x100, // IN_CREATE
    Delete = 0x200, // IN_DELETE
    DeleteSelf = 0x400, // IN_DELETE_SELF
    MoveSelf = 0x800, // IN_MOVE_SELF
    Unmount = 0x2000, // IN_UNMOUNT
    Overflow = 0x4000, // IN_Q_OVERFLOW
    Ignored = 0x8000, // IN_IGNORED
    OnlyDirectory = 0x01000000, // IN_ONLYDIR
    ExcludeUnlinked = 0x04000000, // IN_EXCL_UNLINK
    IsDirectory = 0x40000000, // IN_ISDIR

    /// <summary>The events that matter for a file: changes of its content, attributes or name.</summary>
    OfFile = Modify | Attributes | DeleteSelf | MoveSelf,

    /// <summary>The events that matter for a directory: changes of its names, and of the files behind them.</summary>
    OfDirectory = Modify | Attributes | MovedFrom | MovedTo | Create | Delete | DeleteSelf | MoveSelf | OnlyDirectory | ExcludeUnlinked,
}

/// <summary>One event.</summary>
internal readonly ref struct WatchEvent(WatchEvents kind, uint cookie, ReadOnlySpan<byte> name)
{
    /// <summary>What happened.</summary>
    public WatchEvents Kind { get; } = kind;

    /// <summary>The number that both halves of a move share.</summary>
    public uint Cookie { get; } = cookie;

    /// <summary>The entry of the watched directory, without a terminating zero; empty for the watched inode itself.</summary>
    public ReadOnlySpan<byte> Name { get; } = name;

    /// <summary>Whether the entry is a directory.</summary>
    public bool IsDirectory => (Kind & WatchEvents.IsDirectory) != 0;

    /// <summary>Whether it is one of these kinds.</summary>
    public bool IsAny(WatchEvents kinds) => (Kind & kinds) != 0;
}
