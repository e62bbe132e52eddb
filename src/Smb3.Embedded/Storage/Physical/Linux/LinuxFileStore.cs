using System.Collections.Concurrent;
using System.Text;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Attributes;
using Smb3.Embedded.Storage.Physical.Linux.Names;
using Smb3.Embedded.Storage.Physical.Linux.Streams;

namespace Smb3.Embedded.Storage.Physical.Linux;

/// <summary>A Linux folder, accessed by handle beneath its open root. See <see cref="PhysicalFileStore"/> for what it guarantees.</summary>
internal sealed unsafe class LinuxFileStore : IFileStore, IDisposable
{
    private readonly LinuxTree _tree;
    private const StoreAbilities InAttributes = StoreAbilities.DosAttributes | StoreAbilities.SecurityDescriptors
        | StoreAbilities.NamedStreams | StoreAbilities.ExtendedAttributes;

    private readonly LockStripes _inodeLocks = new();
    private readonly KnownFiles _files = new();
    private readonly FileCreation _creation;
    private readonly FileRename _rename;
    private readonly FileLinking _linking;
    private readonly FileRemoval _removal;
    private readonly string _label;
    private readonly uint _serialNumber;
    private readonly StatxBuffer _rootStat;

    /// <param name="folder">The folder.</param>
    /// <param name="options">How the folder is treated.</param>
    /// <param name="before">The store that served this path before, if any.</param>
    public LinuxFileStore(string folder, PhysicalFileStoreOptions options, LinuxFileStore? before = null)
    {
        Options = options;
        Faults = new AttributeFaults(options.Logger);
        Root = new LinuxRoot(folder, before?.Root);
        _tree = new LinuxTree(Root, options);
        Streams = new StreamStore(this);
        _creation = new FileCreation(this);
        _rename = new FileRename(this);
        _linking = new FileLinking(this);
        _removal = new FileRemoval(this);
        _rootStat = Root.Stat;
        HasAttributes = ProbeAttributes();
        StatFsBuffer volume;
        var type = Native.StatFs(Root.Descriptor, &volume) == 0 ? volume.Type : 0;
        _serialNumber = (uint)(volume.Id ^ (volume.Id >> 32)) is var serial and not 0 ? serial : 1;
        IsInMemory = type == StatFsBuffer.TmpFs;
        Attributes = new AttributeMemory(HasAttributes, type, _rootStat.Device, Faults);
        _label = PhysicalFileStore.MakeLabel(folder, options);
        Traits = new StoreTraits
        {
            MaxFileLength = options.MaxFileLength,
            Abilities = StoreAbilities.HardLinks | StoreAbilities.PosixModes | StoreAbilities.CanBeCaseSensitive
                | (HasAttributes ? InAttributes : 0)
                | FileSystemProbe.Run(Root.Descriptor, HasAttributes, options.ReadOnly)
                | (options.CaseSensitive ? StoreAbilities.CaseSensitive : 0)
                | (options.ReadOnly ? StoreAbilities.ReadOnly : 0),
        };
        Root.Idle += Streams.Side.Rest;
        Root.Leave();
    }

    /// <inheritdoc/>
    public StoreTraits Traits { get; }

    /// <summary>Whether the file system keeps extended attributes.</summary>
    public bool HasAttributes { get; }

    /// <summary>Is told about malformed attributes.</summary>
    public AttributeFaults Faults { get; }

    /// <summary>What the extended attributes of each file say about it.</summary>
    public AttributeMemory Attributes { get; }

    /// <summary>Whether the file system has no disk to wait for.</summary>
    public bool IsInMemory { get; }

    /// <summary>Whether reading without waiting for the disk works here (RWF_NOWAIT).</summary>
    public bool CanReadWithoutWaiting { get; set; } = true;

    /// <summary>Whether writing without waiting for the disk works here (RWF_NOWAIT).</summary>
    public bool CanWriteWithoutWaiting { get; set; } = true;

    /// <summary>Pooled reads that are not waiting for anything at present.</summary>
    public ConcurrentQueue<BlockingRead> Reads { get; } = new();

    /// <summary>Leases held on files of this store.</summary>
    public LeaseRegister Leases { get; } = new();

    /// <summary>Named streams.</summary>
    public StreamStore Streams { get; }

    /// <summary>How the folder is treated.</summary>
    public PhysicalFileStoreOptions Options { get; }

    /// <summary>Serializes changes of names.</summary>
    public DirectoryLocks DirectoryLocks { get; } = new();

    /// <summary>The root.</summary>
    public LinuxRoot Root { get; }

    /// <summary>Finds the files.</summary>
    public LinuxTree Tree => _tree;

    /// <inheritdoc/>
    public void Dispose()
    {
        Root.Dispose();
        Streams.Dispose();
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken)
    {
        var error = Root.Enter();
        if (error != 0)
        {
            return new(error.ToStatus());
        }

        var opened = Open(path, access, quick: true);
        return opened.Status != NtStatus.Pending ? new(HandOut(opened)) : OpenLaterAsync(path, access);
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken)
    {
        var error = Root.Enter();
        if (error != 0)
        {
            return new(error.ToStatus());
        }

        var made = _creation.Create(path, parameters, quick: true);
        return made.Status != NtStatus.Pending ? new(HandOut(made)) : CreateLaterAsync(path, parameters);
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken)
    {
        var status = Rename(from, to, replace, quick: true);
        return status != NtStatus.Pending ? new(status) : RenameLaterAsync(from, to, replace);
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken) =>
        new(Task.Run(() => Link(existing, link, replace), CancellationToken.None));

    /// <inheritdoc/>
    public ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken)
    {
        var status = Delete(path, quick: true);
        return status != NtStatus.Pending ? new(status) : DeleteLaterAsync(path);
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> CanDeleteAsync(StorePath path, CancellationToken cancellationToken)
    {
        var status = CanDelete(path, quick: true);
        return status != NtStatus.Pending ? new(status) : CanDeleteLaterAsync(path);
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken)
    {
        var error = Root.Enter();
        if (error != 0)
        {
            return new(error.ToStatus());
        }

        try
        {
            return new(VolumeOf(Root.Descriptor));
        }
        finally
        {
            Root.Leave();
        }
    }

    /// <summary>
    /// The volume that an open file is on, with its own size and free space, which differ where something is mounted in the folder.
    /// </summary>
    public NtResult<VolumeInformation> VolumeOf(FileDescriptor file)
    {
        StatFsBuffer here;
        if (Native.StatFs(file, &here) != 0)
        {
            return Native.LastError.ToStatus();
        }

        var unit = (ulong)(here.FragmentSize > 0 ? here.FragmentSize : here.BlockSize);
        return new VolumeInformation
        {
            Label = _label,
            SerialNumber = _serialNumber,
            CreationTime = ToFileTime((_rootStat.Mask & StatxBuffer.BirthTime) != 0 ? _rootStat.Birth : _rootStat.Change),
            TotalBytes = ToBytes(here.Blocks, unit),
            FreeBytes = ToBytes(here.FreeBlocks, unit),
            AvailableBytes = ToBytes(here.AvailableBlocks, unit),
        };
    }

    /// <summary>Guards the extended attributes of a file against other handles.</summary>
    public Lock LockOf(in StatxBuffer stat) => _inodeLocks[stat.Inode];

    /// <summary>Guards the extended attributes of an inode against other handles.</summary>
    public Lock LockOf(InodeKey inode) => _inodeLocks[inode.Number];

    /// <summary>Collects what is known about a file.</summary>
    public FileMetadata ToMetadata(FileDescriptor file, in StatxBuffer stat, in InodeExtras? known = null)
    {
        var extras = known ?? Attributes.Of(file, stat);
        return ToMetadata(stat, extras) with { AllocationSize = DataAllocation.Of(file, stat, extras.HasAny) };
    }

    /// <summary>Collects what is known about a directory entry that is not opened.</summary>
    public FileMetadata ToMetadata(in StatxBuffer stat, in InodeExtras extras)
    {
        var record = extras.Record;
        var attributes = (record?.Attributes ?? DefaultAttributes(stat)) & ~FileAttributes.Compressed;
        if ((stat.Attributes & StatxBuffer.IsCompressed) != 0 && Traits.Has(StoreAbilities.Compression))
        {
            attributes |= FileAttributes.Compressed;
        }

        var inodeChange = ToFileTime(stat.Change);
        return new FileMetadata
        {
            FileId = FileId(stat),
            Attributes = stat.IsDirectory ? attributes | FileAttributes.Directory : attributes,
            Length = stat.IsDirectory ? 0 : stat.Size,
            AllocationSize = DataAllocation.Guess(stat, extras.HasAny),
            EaSize = extras.EaSize,
            CreationTime = record?.Creation
                ?? ((stat.Mask & StatxBuffer.BirthTime) != 0 ? ToFileTime(stat.Birth) : Earlier(ToFileTime(stat.Modify), inodeChange)),
            LastAccessTime = ToFileTime(stat.Access),
            LastWriteTime = ToFileTime(stat.Modify),
            ChangeTime = record?.ChangeTime(inodeChange) ?? inodeChange,
            UnixMode = (UnixFileMode)(stat.Mode & 0xFFF),
            LinkCount = stat.IsDirectory ? 1 : Math.Max(stat.Links, 1),
            ReparseTag = record?.ReparseTag ?? 0,
        };
    }

    /// <summary>
    /// The attributes of a file without a record: archive, which a file on NTFS has from its creation (so creating one needs no record),
    /// and read-only when nobody may write to it.
    /// </summary>
    public static FileAttributes DefaultAttributes(in StatxBuffer stat) =>
        stat.IsDirectory ? 0 : (stat.Mode & 0b010_010_010) == 0 ? FileAttributes.Archive | FileAttributes.ReadOnly : FileAttributes.Archive;

    /// <summary>Converts an inode's time.</summary>
    public static FileTime ToFileTime(in StatxTime time) => FileTime.FromUnix(time.Seconds, time.Nanoseconds);

    private static FileTime Earlier(FileTime left, FileTime right) => left.Ticks <= right.Ticks ? left : right;

    private static long ToBytes(ulong blocks, ulong unit) => (long)UInt128.Min((UInt128)blocks * unit, (UInt128)long.MaxValue);

    private bool ProbeAttributes()
    {
        using var path = new HandlePath(Root.Descriptor);
        fixed (byte* text = path.Text)
        fixed (byte* name = DosRecord.Name)
        {
            var size = Native.GetAttribute(text, name, null, 0);
            return size >= 0 || Native.LastError == Errno.NoData;
        }
    }

    // Files on the root's device use their inode number; other devices below it (btrfs subvolumes, mounts) are mixed into the upper bits.
    private ulong FileId(in StatxBuffer stat)
    {
        var id = stat.Inode;
        if (stat.Device != _rootStat.Device)
        {
            id ^= (stat.Device + 1) * 0x9E3779B97F4A7C15UL;
        }

        return id == 0 ? ulong.MaxValue : id;
    }

    /// <summary>A handle holds the root until it is closed.</summary>
    private NtResult<IStoreFile> HandOut(NtResult<IStoreFile> opened)
    {
        if (opened.Succeeded)
        {
            ((LinuxHandle)opened.Value).HoldsRoot = true;
        }
        else
        {
            Root.Leave();
        }

        return opened;
    }

    private ValueTask<NtResult<IStoreFile>> OpenLaterAsync(StorePath path, StoreAccess access) =>
        new(Task.Run(() => HandOut(Open(path, access, quick: false))));

    private ValueTask<NtResult<IStoreFile>> CreateLaterAsync(StorePath path, NewFile parameters) =>
        new(Task.Run(() => HandOut(_creation.Create(path, parameters, quick: false))));

    private ValueTask<NtStatus> RenameLaterAsync(StorePath from, StorePath to, bool replace) =>
        new(Task.Run(() => Rename(from, to, replace, quick: false)));

    private ValueTask<NtStatus> DeleteLaterAsync(StorePath path) => new(Task.Run(() => Delete(path, quick: false)));

    private ValueTask<NtStatus> CanDeleteLaterAsync(StorePath path) => new(Task.Run(() => CanDelete(path, quick: false)));

    private NtStatus Rename(StorePath from, StorePath to, bool replace, bool quick)
    {
        var error = Root.Enter();
        if (error != 0)
        {
            return error.ToStatus();
        }

        try
        {
            return _rename.Rename(from, to, replace, quick);
        }
        finally
        {
            Root.Leave();
        }
    }

    private NtStatus Link(StorePath existing, StorePath link, bool replace)
    {
        var error = Root.Enter();
        if (error != 0)
        {
            return error.ToStatus();
        }

        try
        {
            return _linking.Link(existing, link, replace);
        }
        finally
        {
            Root.Leave();
        }
    }

    private NtStatus Delete(StorePath path, bool quick)
    {
        var error = Root.Enter();
        if (error != 0)
        {
            return error.ToStatus();
        }

        try
        {
            return _removal.Delete(path, quick);
        }
        finally
        {
            Root.Leave();
        }
    }

    private NtStatus CanDelete(StorePath path, bool quick)
    {
        var error = Root.Enter();
        if (error != 0)
        {
            return error.ToStatus();
        }

        try
        {
            return _removal.CanDelete(path, quick);
        }
        finally
        {
            Root.Leave();
        }
    }

    private NtResult<IStoreFile> Open(StorePath path, StoreAccess access, bool quick)
    {
        if (access == StoreAccess.ReadWrite && Options.ReadOnly)
        {
            return NtStatus.MediaWriteProtected;
        }

        if (ReservedNames.IsIn(path))
        {
            return ReservedNames.IsIn(path.Parent) ? NtStatus.ObjectPathNotFound : NtStatus.ObjectNameNotFound;
        }

        // A file that may have a lease is inspected before it is opened.
        if (access != StoreAccess.Metadata && Leases.IsEmpty && _files.Has(path))
        {
            if (OpenKnown(path, access, quick) is { } known)
            {
                return known;
            }

            _files.Remove(path);
        }

        var found = _tree.Open(path, quick, out var actual, out var parent);
        if (found.Succeeded)
        {
            return Reopen(found.Value, path, actual, access);
        }

        using (parent)
        {
            return LeadsThroughReparsePoint(path, parent, found.Status, quick) ? NtStatus.ReparsePointEncountered : found.Status;
        }
    }

    /// <summary>Opens a file for data without inspecting it first; null when the simple case does not apply.</summary>
    private LinuxFile? OpenKnown(StorePath path, StoreAccess access, bool quick)
    {
        var opened = _tree.OpenExact(path, DataFlags(access), quick, out var actual);
        if (opened is null)
        {
            return null;
        }

        if (LinuxTree.Stat(opened, out var stat) == 0 && stat.IsRegular && !Streams.Side.Holds(opened, stat))
        {
            return new LinuxFile(this, opened, actual, isDirectory: false, new Opening(stat));
        }

        opened.Dispose();
        return null;
    }

    private static int DataFlags(StoreAccess access) =>
        (access == StoreAccess.Read ? OpenFlags.ReadOnly : OpenFlags.ReadWrite) | OpenFlags.NoTerminal | OpenFlags.NonBlocking;

    /// <summary>
    /// Whether nothing was found because the path leads through a reparse point. A directory that is one is empty, so this only needs to be
    /// checked when a look-up finds nothing.
    /// </summary>
    private bool LeadsThroughReparsePoint(StorePath path, DirectoryPlace? parent, NtStatus status, bool quick)
    {
        if (status is not (NtStatus.ObjectNameNotFound or NtStatus.ObjectPathNotFound)
            || path.IsRoot || !Traits.Has(StoreAbilities.ReparsePoints))
        {
            return false;
        }

        if (parent is not null)
        {
            return !path.Parent.IsRoot && Attributes.Of(parent.Descriptor, parent.AsFound).Record is { ReparseTag: not 0 };
        }

        for (var above = path.Parent; !above.IsRoot; above = above.Parent)
        {
            var found = _tree.Open(above, quick, out _);
            if (!found.Succeeded)
            {
                continue; // only the first name that exists can be a reparse point
            }

            using var place = found.Value;
            return LinuxTree.Stat(place, out var stat) == 0 && Attributes.Of(place, stat).Record is { ReparseTag: not 0 };
        }

        return false;
    }

    /// <summary>
    /// Turns a place into a handle. The kind of file is known before anything is opened for data: opening a FIFO would block, and opening a
    /// device can have side effects.
    /// </summary>
    private NtResult<IStoreFile> Reopen(FileDescriptor place, StorePath asked, StorePath path, StoreAccess access)
    {
        var error = LinuxTree.Stat(place, out var stat);
        if (error != 0 || !(stat.IsRegular || stat.IsDirectory) || Streams.Side.Holds(place, stat))
        {
            place.Dispose();
            return error != 0 ? error.ToStatus() : NtStatus.AccessDenied;
        }

        // Finding a place needs no right. Listing it needs the right to read the names and to look up what they refer to.
        if (stat.IsDirectory && access != StoreAccess.Metadata
            && AccessCalls.May(place, AccessCalls.Read | AccessCalls.Search) is var refused && refused == Errno.Access)
        {
            place.Dispose();
            return NtStatus.AccessDenied;
        }

        if (stat.IsDirectory || access == StoreAccess.Metadata)
        {
            return new LinuxFile(this, place, path, stat.IsDirectory, new Opening(stat));
        }

        using (place)
        {
            Leases.StepAside(InodeKey.Of(stat));
            var opened = LinuxTree.Reopen(place, DataFlags(access), out error);
            if (opened is null)
            {
                Leases.ComeBack(InodeKey.Of(stat));

                // Another process holds a lease on the file (F_SETLEASE) and has just been asked to give it up.
                return error == Errno.Again ? NtStatus.OplockBreakInProgress : error.ToStatus();
            }

            _files.Add(asked);
            return new LinuxFile(this, opened, path, isDirectory: false, new Opening(stat));
        }
    }
}
