using System.Collections.Concurrent;
using System.Text;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Physical.Linux;

/// <summary>A folder of Linux, by handle beneath its open root. See <see cref="PhysicalFileStore"/> for what it promises.</summary>
internal sealed unsafe class LinuxFileStore : IFileStore, IDisposable
{
    private const int Stripes = 64;

    private readonly PhysicalFileStoreOptions _options;
    private readonly LinuxTree _tree;
    private readonly Lock[] _directoryLocks = MakeLocks();
    private readonly Lock[] _inodeLocks = MakeLocks();
    private readonly string _label;
    private readonly StatxBuffer _rootStat;

    public LinuxFileStore(string folder, PhysicalFileStoreOptions options)
    {
        _options = options;
        _tree = new LinuxTree(OpenRoot(folder), options);
        LinuxTree.Stat(_tree.Root, out _rootStat);
        HasAttributes = ProbeAttributes();
        StatFsBuffer volume;
        IsInMemory = Native.StatFs(_tree.Root, &volume) == 0 && volume.Type == StatFsBuffer.TmpFs;
        _label = PhysicalFileStore.MakeLabel(folder, options);
        Traits = new StoreTraits
        {
            MaxFileLength = options.MaxFileLength,
            Abilities = StoreAbilities.HardLinks | StoreAbilities.SparseFiles
                | (HasAttributes ? StoreAbilities.DosAttributes | StoreAbilities.SecurityDescriptors : 0)
                | (options.CaseSensitive ? StoreAbilities.CaseSensitive : 0)
                | (options.ReadOnly ? StoreAbilities.ReadOnly : 0),
        };
    }

    /// <inheritdoc/>
    public StoreTraits Traits { get; }

    /// <summary>Whether the file system keeps extended attributes.</summary>
    public bool HasAttributes { get; }

    /// <summary>Whether the file system has no disk to wait for.</summary>
    public bool IsInMemory { get; }

    /// <summary>Whether reading without waiting for the disk works here (RWF_NOWAIT).</summary>
    public bool CanReadWithoutWaiting { get; set; } = true;

    /// <summary>Whether writing without waiting for the disk works here (RWF_NOWAIT).</summary>
    public bool CanWriteWithoutWaiting { get; set; } = true;

    /// <summary>Reads that wait for nothing now.</summary>
    public ConcurrentQueue<BlockingRead> Reads { get; } = new();

    /// <summary>The way to the files.</summary>
    public LinuxTree Tree => _tree;

    /// <inheritdoc/>
    public void Dispose() => _tree.Dispose();

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken)
    {
        var opened = Open(path, access, quick: true);
        return opened.Status != NtStatus.Pending ? new(opened) : OpenLaterAsync(path, access);
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken)
    {
        var made = Create(path, parameters, quick: true);
        return made.Status != NtStatus.Pending ? new(made) : CreateLaterAsync(path, parameters);
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
    public ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken)
    {
        StatFsBuffer volume;
        if (Native.StatFs(_tree.Root, &volume) != 0)
            return new(Native.LastError.ToStatus());
        var unit = (ulong)(volume.FragmentSize > 0 ? volume.FragmentSize : volume.BlockSize);
        return new(new VolumeInformation
        {
            Label = _label,
            SerialNumber = (uint)(volume.Id ^ (volume.Id >> 32)) is var serial and not 0 ? serial : 1,
            CreationTime = ToFileTime((_rootStat.Mask & StatxBuffer.BirthTime) != 0 ? _rootStat.Birth : _rootStat.Change),
            TotalBytes = ToBytes(volume.Blocks, unit),
            FreeBytes = ToBytes(volume.FreeBlocks, unit),
            AvailableBytes = ToBytes(volume.AvailableBlocks, unit),
        });
    }

    /// <summary>Guards the extended attributes of a file against other handles.</summary>
    public Lock LockOf(in StatxBuffer stat) => _inodeLocks[stat.Inode % Stripes];

    /// <summary>Puts together what is known of a file.</summary>
    public FileMetadata ToMetadata(in StatxBuffer stat, DosRecord? record)
    {
        var attributes = record?.Attributes ?? DefaultAttributes(stat);
        var inodeChange = ToFileTime(stat.Change);
        return new FileMetadata
        {
            FileId = FileId(stat),
            Attributes = stat.IsDirectory ? attributes | FileAttributes.Directory : attributes,
            Length = stat.IsDirectory ? 0 : stat.Size,
            AllocationSize = stat.IsDirectory ? 0 : stat.Blocks * 512,
            CreationTime = record?.Creation
                ?? ((stat.Mask & StatxBuffer.BirthTime) != 0 ? ToFileTime(stat.Birth) : Earlier(ToFileTime(stat.Modify), inodeChange)),
            LastAccessTime = ToFileTime(stat.Access),
            LastWriteTime = ToFileTime(stat.Modify),
            ChangeTime = record?.ChangeTime(inodeChange) ?? inodeChange,
            LinkCount = stat.IsDirectory ? 1 : Math.Max(stat.Links, 1),
        };
    }

    /// <summary>
    /// What a file is that has no record: archive, as a file on NTFS is from its creation (so that creating one needs no record), and
    /// read-only when nobody may write it.
    /// </summary>
    public static FileAttributes DefaultAttributes(in StatxBuffer stat) =>
        stat.IsDirectory ? 0 : (stat.Mode & 0b010_010_010) == 0 ? FileAttributes.Archive | FileAttributes.ReadOnly : FileAttributes.Archive;

    /// <summary>An inode's time.</summary>
    public static FileTime ToFileTime(in StatxTime time) => FileTime.FromUnix(time.Seconds, time.Nanoseconds);

    private static FileTime Earlier(FileTime left, FileTime right) => left.Ticks <= right.Ticks ? left : right;

    private static long ToBytes(ulong blocks, ulong unit) => (long)UInt128.Min((UInt128)blocks * unit, (UInt128)long.MaxValue);

    private static Lock[] MakeLocks()
    {
        var locks = new Lock[Stripes];
        for (var i = 0; i < locks.Length; i++)
            locks[i] = new Lock();
        return locks;
    }

    private static FileDescriptor OpenRoot(string folder)
    {
        var path = Encoding.UTF8.GetBytes(Path.GetFullPath(folder) + "\0");
        fixed (byte* text = path)
        {
            var opened = Native.Open(text, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
            if (opened >= 0)
                return new FileDescriptor(opened);
        }

        throw Native.LastError switch
        {
            Errno.NoEntry or Errno.NotDirectory => new DirectoryNotFoundException($"'{folder}' is not a folder."),
            Errno.Access or Errno.NotPermitted => new UnauthorizedAccessException($"The folder '{folder}' cannot be read by this process."),
            var error => new IOException($"The folder '{folder}' cannot be opened (error {(int)error})."),
        };
    }

    private bool ProbeAttributes()
    {
        using var path = new HandlePath(_tree.Root);
        fixed (byte* text = path.Text)
        fixed (byte* name = DosRecord.Name)
        {
            var size = Native.GetAttribute(text, name, null, 0);
            return size >= 0 || Native.LastError == Errno.NoData;
        }
    }

    // Files of the root's device have their inode's number; other devices below it (btrfs subvolumes, mounts) are mixed in above.
    private ulong FileId(in StatxBuffer stat)
    {
        var id = stat.Inode;
        if (stat.Device != _rootStat.Device)
            id ^= (stat.Device + 1) * 0x9E3779B97F4A7C15UL;
        return id == 0 ? ulong.MaxValue : id;
    }

    private ValueTask<NtResult<IStoreFile>> OpenLaterAsync(StorePath path, StoreAccess access) =>
        new(Task.Run(() => Open(path, access, quick: false)));

    private ValueTask<NtResult<IStoreFile>> CreateLaterAsync(StorePath path, NewFile parameters) =>
        new(Task.Run(() => Create(path, parameters, quick: false)));

    private ValueTask<NtStatus> RenameLaterAsync(StorePath from, StorePath to, bool replace) =>
        new(Task.Run(() => Rename(from, to, replace, quick: false)));

    private ValueTask<NtStatus> DeleteLaterAsync(StorePath path) => new(Task.Run(() => Delete(path, quick: false)));

    private NtResult<IStoreFile> Open(StorePath path, StoreAccess access, bool quick)
    {
        if (access == StoreAccess.ReadWrite && _options.ReadOnly)
            return NtStatus.MediaWriteProtected;
        var found = _tree.Open(path, quick, out var actual);
        if (!found.Succeeded)
            return found.Status;
        return Reopen(found.Value, actual, access);
    }

    /// <summary>
    /// Turns a place into a handle. What it is, is known before anything is opened for data: a FIFO would wait, and opening a device can
    /// have effects of its own.
    /// </summary>
    private NtResult<IStoreFile> Reopen(FileDescriptor place, StorePath path, StoreAccess access)
    {
        var error = LinuxTree.Stat(place, out var stat);
        if (error != 0 || !(stat.IsRegular || stat.IsDirectory))
        {
            place.Dispose();
            return error != 0 ? error.ToStatus() : NtStatus.AccessDenied;
        }

        if (stat.IsDirectory || access == StoreAccess.Metadata)
            return new LinuxFile(this, place, path, stat.IsDirectory, isNew: false);

        using (place)
        {
            using var text = new HandlePath(place);
            var flags = (access == StoreAccess.Read ? OpenFlags.ReadOnly : OpenFlags.ReadWrite)
                | OpenFlags.CloseOnExec | OpenFlags.NoTerminal | OpenFlags.NonBlocking;
            int opened;
            fixed (byte* name = text.Text)
                opened = Native.Open(name, flags, 0);
            if (opened < 0)
                return Native.LastError.ToStatus();
            return new LinuxFile(this, new FileDescriptor(opened), path, isDirectory: false, isNew: false);
        }
    }

    private NtResult<IStoreFile> Create(StorePath path, in NewFile parameters, bool quick)
    {
        if (_options.ReadOnly)
            return NtStatus.MediaWriteProtected;
        if (path.IsRoot)
            return NtStatus.ObjectNameCollision;
        if (LinuxTree.Encode(path.Name) is not { } disk)
            return NtStatus.ObjectNameInvalid;
        var parent = _tree.OpenDirectory(path.Parent, quick);
        if (!parent.Succeeded)
            return parent.Status;
        using var place = parent.Value;
        FileDescriptor file;
        lock (LockOfDirectory(place))
        {
            var status = _tree.FindName(place, path.Name, quick, out _);
            if (status != NtStatus.ObjectNameNotFound)
                return status == NtStatus.Success ? NtStatus.ObjectNameCollision : status;
            LinuxTree.Stat(place.Descriptor, out var before);
            var made = parameters.IsDirectory ? MakeDirectory(place.Descriptor, disk) : MakeFile(place.Descriptor, disk);
            if (!made.Succeeded)
                return made.Status;
            file = made.Value;
            _tree.Changed(place, before, path.Name);
        }

        var actual = place.Path.Append(DiskNames.IsCanonical(path.Name) ? path.Name : DiskNames.Decode(disk.AsSpan()[..^1]));
        var handle = new LinuxFile(this, file, actual, parameters.IsDirectory, isNew: true);
        var furnished = handle.Furnish(parameters);
        if (furnished == NtStatus.Success)
            return handle;
        file.Dispose();
        fixed (byte* name = disk)
            _ = Native.UnlinkAt(place.Descriptor, name, parameters.IsDirectory ? Native.RemoveDirectory : 0);
        return furnished;
    }

    private NtResult<FileDescriptor> MakeFile(FileDescriptor parent, byte[] disk)
    {
        // O_EXCL: neither an existing file nor a symbolic link is opened.
        const int Flags = OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.CloseOnExec;
        fixed (byte* name = disk)
        {
            var opened = Native.OpenAt(parent, name, Flags | OpenFlags.NoFollow, (uint)_options.FileMode);
            return opened < 0 ? ToChangeStatus(Native.LastError) : new FileDescriptor(opened);
        }
    }

    private NtResult<FileDescriptor> MakeDirectory(FileDescriptor parent, byte[] disk)
    {
        fixed (byte* name = disk)
        {
            if (Native.MakeDirectoryAt(parent, name, (uint)_options.DirectoryMode) != 0)
                return ToChangeStatus(Native.LastError);
            var flags = OpenFlags.Path | OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec;
            var opened = Native.OpenAt(parent, name, flags, 0);
            return opened < 0 ? Native.LastError.ToStatus() : new FileDescriptor(opened);
        }
    }

    // What a change of names fails with: its directory was found but has gone since, or there is a mount between the two.
    private static NtStatus ToChangeStatus(Errno error) => error switch
    {
        Errno.NoEntry => NtStatus.ObjectPathNotFound,
        Errno.CrossDevice => NtStatus.NotSameDevice,
        _ => error.ToStatus(),
    };

    private NtStatus Rename(StorePath from, StorePath to, bool replace, bool quick)
    {
        if (_options.ReadOnly)
            return NtStatus.MediaWriteProtected;
        if (from.IsRoot)
            return NtStatus.AccessDenied;
        if (to.IsRoot)
            return NtStatus.ObjectNameCollision;
        if (LinuxTree.Encode(to.Name) is not { } wanted)
            return NtStatus.ObjectNameInvalid;
        var oldParent = _tree.OpenDirectory(from.Parent, quick);
        if (!oldParent.Succeeded)
            return oldParent.Status;
        using var oldPlace = oldParent.Value;
        var newParent = _tree.OpenDirectory(to.Parent, quick);
        if (!newParent.Succeeded)
            return newParent.Status;
        using var newPlace = newParent.Value;

        var (first, second) = InOrder(LockIndex(oldPlace), LockIndex(newPlace));
        lock (_directoryLocks[first])
        {
            lock (_directoryLocks[second])
                return Rename(oldPlace, from.Name, newPlace, to.Name, wanted, replace, quick);
        }
    }

    private NtStatus Rename(
        DirectoryPlace oldPlace, ReadOnlySpan<char> from, DirectoryPlace newPlace, ReadOnlySpan<char> to,
        byte[] wanted, bool replace, bool quick)
    {
        var status = _tree.FindName(oldPlace, from, quick, out var oldName);
        if (status != NtStatus.Success)
            return status;
        byte[] source = [.. oldName, 0];
        var error = LinuxTree.StatEntry(oldPlace.Descriptor, source, out var moved);
        if (error != 0)
            return error.ToStatus();
        status = _tree.FindName(newPlace, to, quick, out var existing);
        if (status is not (NtStatus.Success or NtStatus.ObjectNameNotFound))
            return status;

        LinuxTree.Stat(oldPlace.Descriptor, out var oldBefore);
        LinuxTree.Stat(newPlace.Descriptor, out var newBefore);
        var sameDirectory = oldBefore.Inode == newBefore.Inode && oldBefore.Device == newBefore.Device;
        if (status == NtStatus.ObjectNameNotFound || (sameDirectory && existing.AsSpan().SequenceEqual(oldName)))
        {
            error = source.AsSpan().SequenceEqual(wanted) && sameDirectory
                ? 0
                : MoveToFreeName(oldPlace.Descriptor, source, newPlace.Descriptor, wanted);
        }
        else
        {
            if (!replace)
                return NtStatus.ObjectNameCollision;
            byte[] target = [.. existing, 0];
            error = LinuxTree.StatEntry(newPlace.Descriptor, target, out var victim);
            if (error != 0)
                return error.ToStatus();
            if (victim.IsDirectory || moved.IsDirectory)
                return NtStatus.AccessDenied;
            error = victim.Inode == moved.Inode && victim.Device == moved.Device
                ? Unlink(oldPlace.Descriptor, source, 0) // rename(2) does nothing between two names of one file
                : Move(oldPlace.Descriptor, source, newPlace.Descriptor, target, 0);

            // The name of what was replaced can differ in case from the one that is wanted.
            if (error == 0 && !target.AsSpan().SequenceEqual(wanted))
                _ = MoveToFreeName(newPlace.Descriptor, target, newPlace.Descriptor, wanted);
        }

        if (error != 0)
            return ToChangeStatus(error);
        if (!sameDirectory)
            _tree.Changed(oldPlace, oldBefore, default);
        _tree.Changed(newPlace, newBefore, to);
        return NtStatus.Success;
    }

    private static Errno Move(FileDescriptor oldDirectory, byte[] oldName, FileDescriptor newDirectory, byte[] newName, uint flags)
    {
        fixed (byte* source = oldName)
        fixed (byte* target = newName)
        {
            return Native.RenameAt2(Native.RenameAt2Number, oldDirectory, source, newDirectory, target, (nint)flags) < 0
                ? Native.LastError
                : 0;
        }
    }

    private static Errno MoveToFreeName(FileDescriptor oldDirectory, byte[] oldName, FileDescriptor newDirectory, byte[] newName)
    {
        var error = Move(oldDirectory, oldName, newDirectory, newName, Native.NoReplace);
        if (error is not (Errno.Invalid or Errno.NotSupported or Errno.NoSystemCall))
            return error;

        // Not every file system can do it in one step; or a directory shall go into itself, which the second call finds again.
        return LinuxTree.StatEntry(newDirectory, newName, out _) == 0
            ? Errno.Exists
            : Move(oldDirectory, oldName, newDirectory, newName, 0);
    }

    private static Errno Unlink(FileDescriptor directory, byte[] nameWithZero, int flags)
    {
        fixed (byte* name = nameWithZero)
            return Native.UnlinkAt(directory, name, flags) != 0 ? Native.LastError : 0;
    }

    private NtStatus Link(StorePath existing, StorePath link, bool replace)
    {
        if (_options.ReadOnly)
            return NtStatus.MediaWriteProtected;
        if (link.IsRoot)
            return NtStatus.ObjectNameCollision;
        if (LinuxTree.Encode(link.Name) is not { } wanted)
            return NtStatus.ObjectNameInvalid;
        var found = _tree.Open(existing, quick: false, out _);
        if (!found.Succeeded)
            return found.Status;
        using var file = found.Value;
        var error = LinuxTree.Stat(file, out var stat);
        if (error != 0)
            return error.ToStatus();
        if (!stat.IsRegular)
            return stat.IsDirectory ? NtStatus.FileIsADirectory : NtStatus.AccessDenied;
        var parent = _tree.OpenDirectory(link.Parent, quick: false);
        if (!parent.Succeeded)
            return parent.Status;
        using var place = parent.Value;
        lock (LockOfDirectory(place))
        {
            LinuxTree.Stat(place.Descriptor, out var before);
            var status = _tree.FindName(place, link.Name, quick: false, out var taken);
            if (status == NtStatus.ObjectNameNotFound)
            {
                status = ToChangeStatus(LinkTo(file, place.Descriptor, wanted));
            }
            else if (status == NtStatus.Success)
            {
                status = replace ? LinkOver(file, stat, place.Descriptor, [.. taken, 0], wanted) : NtStatus.ObjectNameCollision;
            }

            if (status == NtStatus.Success)
                _tree.Changed(place, before, link.Name);
            return status;
        }
    }

    private static NtStatus LinkOver(FileDescriptor file, in StatxBuffer stat, FileDescriptor directory, byte[] taken, byte[] wanted)
    {
        var error = LinuxTree.StatEntry(directory, taken, out var victim);
        if (error != 0)
            return error.ToStatus();
        if (victim.IsDirectory)
            return NtStatus.AccessDenied;
        if (victim.Inode == stat.Inode && victim.Device == stat.Device)
            return NtStatus.Success;

        // A link is only made where nothing is; what is moved over an existing file replaces it in one step.
        var passing = Encoding.ASCII.GetBytes($".smb3-{Guid.NewGuid():N}\0");
        error = LinkTo(file, directory, passing);
        if (error != 0)
            return error.ToStatus();
        error = Move(directory, passing, directory, taken, 0);
        if (error != 0)
            _ = Unlink(directory, passing, 0);
        else if (!taken.AsSpan().SequenceEqual(wanted))
            _ = MoveToFreeName(directory, taken, directory, wanted);
        return error == 0 ? NtStatus.Success : error.ToStatus();
    }

    private static Errno LinkTo(FileDescriptor file, FileDescriptor directory, byte[] nameWithZero)
    {
        using var path = new HandlePath(file);
        fixed (byte* text = path.Text)
        fixed (byte* name = nameWithZero)
        {
            return Native.LinkAt(Native.CurrentDirectory, text, directory, name, Native.SymlinkFollow) != 0 ? Native.LastError : 0;
        }
    }

    private NtStatus Delete(StorePath path, bool quick)
    {
        if (_options.ReadOnly)
            return NtStatus.MediaWriteProtected;
        if (path.IsRoot)
            return NtStatus.AccessDenied;
        var parent = _tree.OpenDirectory(path.Parent, quick);
        if (!parent.Succeeded)
            return parent.Status;
        using var place = parent.Value;
        lock (LockOfDirectory(place))
        {
            var status = _tree.FindName(place, path.Name, quick, out var disk);
            if (status != NtStatus.Success)
                return status;
            byte[] name = [.. disk, 0];
            var error = LinuxTree.StatEntry(place.Descriptor, name, out var stat);
            if (error != 0)
                return error.ToStatus();
            LinuxTree.Stat(place.Descriptor, out var before);
            error = Unlink(place.Descriptor, name, stat.IsDirectory ? Native.RemoveDirectory : 0);
            if (error != 0)
                return error == Errno.Exists ? NtStatus.DirectoryNotEmpty : error.ToStatus();
            _tree.Changed(place, before, default);
            return NtStatus.Success;
        }
    }

    private Lock LockOfDirectory(DirectoryPlace place) => _directoryLocks[LockIndex(place)];

    private static int LockIndex(DirectoryPlace place)
    {
        LinuxTree.Stat(place.Descriptor, out var stat);
        return (int)(stat.Inode % Stripes);
    }

    private static (int First, int Second) InOrder(int left, int right) => left <= right ? (left, right) : (right, left);
}
