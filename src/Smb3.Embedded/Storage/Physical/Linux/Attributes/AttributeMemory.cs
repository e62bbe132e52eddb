using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Attributes;

/// <summary>
/// Reads what the extended attributes of inodes say, and remembers it: for a place only (O_PATH) or a directory entry, neither of which
/// has a descriptor that can be queried, every query goes through /proc.
/// </summary>
/// <remarks>
/// What is remembered holds as long as the inode's change time stays the same; setting or removing an attribute moves that time, and nobody
/// can set it back (inode(7)). It has a granularity of up to 10 ms, so an inode that changed just before it was read is not remembered: it
/// could change again without a trace. This only works where the kernel stamps inodes by its own clock, which it does not do for a file
/// system that another machine or process serves.
/// </remarks>
internal sealed class AttributeMemory
{
    // Two generations: entries asked for again while the new one fills up move over; the rest is forgotten with the old one.
    private const int GenerationSize = 16 * 1024;

    private static readonly long Grain = TimeSpan.FromMilliseconds(50).Ticks;

    private readonly bool _hasAttributes;
    private readonly bool _remembers;
    private readonly ulong _device;
    private readonly Lock _sync = new();
    private Dictionary<ulong, Entry> _young = [];
    private Dictionary<ulong, Entry> _old = [];

    /// <param name="hasAttributes">Whether there are extended attributes at all.</param>
    /// <param name="fileSystem">The type of the root's file system (statfs(2)).</param>
    /// <param name="faults">Told about attributes that are named like the store's own and are malformed.</param>
    /// <param name="device">The device of the root; file systems mounted below it may be of another kind, and are always read.</param>
    public AttributeMemory(bool hasAttributes, long fileSystem, ulong device, AttributeFaults faults)
    {
        Faults = faults;
        _hasAttributes = hasAttributes;
        _device = device;
        _remembers = hasAttributes && fileSystem is StatFsBuffer.TmpFs or StatFsBuffer.Btrfs or StatFsBuffer.Ext or StatFsBuffer.Xfs
            or StatFsBuffer.Overlay;
    }

    /// <summary>Is told about malformed attributes.</summary>
    public AttributeFaults Faults { get; }

    /// <summary>What is known about an open file.</summary>
    public InodeExtras Of(FileDescriptor file, in StatxBuffer stat)
    {
        if (!_hasAttributes)
        {
            return default;
        }

        if (Find(stat) is { } known)
        {
            return known.Extras;
        }

        var began = DateTime.UtcNow.ToFileTimeUtc();
        var extras = InodeExtras.Of(file);
        if (extras.IsRecordMalformed)
        {
            Faults.Report(file, DosRecord.Name);
        }

        if (extras.IsReparsePointMalformed)
        {
            Faults.Report(file, InodeExtras.ReparseName);
        }

        Keep(stat, began, extras);
        return extras;
    }

    /// <summary>What is known about a directory entry that is not a symbolic link.</summary>
    public InodeExtras OfEntry(FileDescriptor directory, ReadOnlySpan<byte> nameWithZero, in StatxBuffer stat)
    {
        if (!_hasAttributes)
        {
            return default;
        }

        if (Find(stat) is { } known)
        {
            return known.Extras;
        }

        var began = DateTime.UtcNow.ToFileTimeUtc();
        var extras = InodeExtras.OfEntry(directory, nameWithZero);
        if (extras.IsRecordMalformed)
        {
            Faults.ReportEntry(directory, nameWithZero, DosRecord.Name);
        }

        if (extras.IsReparsePointMalformed)
        {
            Faults.ReportEntry(directory, nameWithZero, InodeExtras.ReparseName);
        }

        Keep(stat, began, extras);
        return extras;
    }

    /// <summary>What is remembered of an inode, without reading it; null when nothing is.</summary>
    public InodeExtras? Recall(in StatxBuffer stat) => Find(stat)?.Extras;

    /// <summary>The security descriptor of an open file; empty when it has none.</summary>
    public Errno GetDescriptor(FileDescriptor file, in StatxBuffer stat, out byte[] descriptor)
    {
        var known = Find(stat);
        if (known is { Extras.HasDescriptor: false })
        {
            descriptor = [];
            return 0;
        }

        if (known?.Descriptor is { } read)
        {
            descriptor = read;
            return 0;
        }

        var error = AttributeCalls.Get(file, InodeExtras.DescriptorName, out descriptor);
        if (error == Errno.NoData)
        {
            error = 0;
        }

        // Reading an attribute needs the right to read the file, and is refused before its existence is checked. Listing needs no right.
        if (error == Errno.Access && (known?.Extras ?? InodeExtras.Of(file)) is { HasDescriptor: false })
        {
            descriptor = [];
            error = 0;
        }

        // The descriptor may be newer than the entry, but then the inode's change time has moved and the entry is never found again.
        if (error == 0 && known is not null)
        {
            known.Descriptor = descriptor;
        }

        return error;
    }

    private Known? Find(in StatxBuffer stat)
    {
        if (!_remembers || stat.Device != _device)
        {
            return null;
        }

        lock (_sync)
        {
            if (_young.TryGetValue(stat.Inode, out var entry))
            {
                return entry.Holds(stat) ? entry.Known : null;
            }

            if (!_old.TryGetValue(stat.Inode, out entry) || !entry.Holds(stat))
            {
                return null;
            }

            Add(stat.Inode, entry);
            return entry.Known;
        }
    }

    private void Keep(in StatxBuffer stat, long readAt, in InodeExtras extras)
    {
        if (!_remembers || stat.Device != _device || readAt - stat.Change.ToFileTime().Ticks < GrainOf(stat))
        {
            return;
        }

        var known = extras == default ? Known.Nothing : new Known(extras);
        lock (_sync)
        {
            Add(stat.Inode, new Entry(known, stat.Change.Seconds, stat.Change.Nanoseconds));
        }
    }

    // An ext file system with small inodes stores whole seconds.
    private static long GrainOf(in StatxBuffer stat) => stat.Change.Nanoseconds == 0 ? 2 * TimeSpan.TicksPerSecond : Grain;

    private void Add(ulong inode, in Entry entry)
    {
        if (_young.Count >= GenerationSize && !_young.ContainsKey(inode))
        {
            (_old, _young) = (_young, []);
        }

        _young[inode] = entry;
    }

    private readonly record struct Entry(Known Known, long Seconds, uint Nanoseconds)
    {
        public bool Holds(in StatxBuffer stat) => stat.Change.Seconds == Seconds && stat.Change.Nanoseconds == Nanoseconds;
    }

    private sealed class Known(InodeExtras extras)
    {
        public static readonly Known Nothing = new(default);

        public InodeExtras Extras => extras;

        /// <summary>Null until it is first asked for.</summary>
        public volatile byte[]? Descriptor;
    }
}
