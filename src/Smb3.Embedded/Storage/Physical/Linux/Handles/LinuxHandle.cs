using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Attributes;
using Smb3.Embedded.Storage.Physical.Linux.Data;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Linux.Leases;
using Smb3.Embedded.Storage.Physical.Linux.Lookup;
using Smb3.Embedded.Storage.Physical.Linux.Quotas;
using Smb3.Embedded.Storage.Physical.Linux.Volume;

namespace Smb3.Embedded.Storage.Physical.Linux.Handles;

/// <summary>
/// What every open handle shares concerning the inode as a whole: metadata, attributes, descriptor, and the streams beside its data.
/// </summary>
/// <param name="volume">What the handles of a store share.</param>
/// <param name="file">The inode, as a place only (O_PATH) or open for data.</param>
/// <param name="path">The path where it was found.</param>
/// <param name="isDirectory">Whether it is a directory.</param>
internal abstract partial class LinuxHandle(LinuxVolume volume, FileDescriptor file, StorePath path, bool isDirectory)
    : ISecurableFile, IStreamedFile, IUnnamedStreamFile, IExtendedAttributeFile, IPosixFile, IFaultyFile, IVolumeFile, IFinalPathFile
{
    /// <summary>Whether closing this releases the root: it was handed out and is not part of another handle.</summary>
    public bool HoldsRoot { get; set; }

    /// <summary>The path in the case in which its names were created, as of the open.</summary>
    public StorePath Path => path;

    /// <inheritdoc/>
    public StorePath? FinalPath => FinalPaths.Of(volume.Tree.Root.Descriptor, file);

    /// <summary>What the handles of the store share.</summary>
    protected LinuxVolume Volume => volume;

    /// <summary>The inode.</summary>
    protected FileDescriptor Inode => file;

    /// <summary>Whether it is a directory.</summary>
    protected bool IsDirectory => isDirectory;

    /// <inheritdoc cref="IStoreFile.SetMetadataAsync"/>
    public ValueTask<NtStatus> SetMetadataAsync(FileMetadataChange change, CancellationToken cancellationToken) =>
        new(change.IsEmpty ? NtStatus.Success : SetMetadata(change));

    /// <inheritdoc/>
    public ValueTask<NtResult<ReadOnlyMemory<byte>>> GetSecurityDescriptorAsync(CancellationToken cancellationToken)
    {
        if (!volume.HasAttributes)
        {
            return new(NtStatus.NotSupported);
        }

        var error = InodeCalls.Stat(file, out var stat);
        return new(error != 0 ? error.ToStatus() : GetSecurityDescriptor(stat));
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetSecurityDescriptorAsync(ReadOnlyMemory<byte> descriptor, CancellationToken cancellationToken) =>
        new(!volume.HasAttributes ? NtStatus.NotSupported : SetSecurityDescriptor(descriptor.Span).ToStatus());

    /// <summary>Writes the file's data and metadata to the disk.</summary>
    protected NtStatus FlushInode()
    {
        var error = DataCalls.Flush(file);
        if (error != Errno.BadDescriptor)
        {
            return error.ToStatus();
        }

        // A place only. What was changed through it, attributes and times, is flushed through a descriptor that can; opening anything but a
        // regular file may do more than open it.
        error = InodeCalls.Stat(file, out var stat);
        if (error != 0)
        {
            return error.ToStatus();
        }

        if (stat.IsRegular || stat.IsDirectory)
        {
            using var open = OwnOpen.Start(volume.Leases, file, OpenFlags.ReadOnly | OpenFlags.NonBlocking, out error);
            if (open.File is not null)
            {
                return DataCalls.Flush(open.File).ToStatus();
            }
        }

        // The process may not read it, or nobody can.
        return EntryCalls.FlushAll(volume.Tree.Root.Descriptor).ToStatus();
    }

    /// <inheritdoc/>
    public void ReportDescriptor() => volume.Attributes.Faults.Report(file, InodeExtras.DescriptorName);

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetUnixModeAsync(UnixFileMode mode, CancellationToken cancellationToken) => new(InodeCalls.SetMode(file, mode).ToStatus());

    /// <inheritdoc/>
    public ValueTask<NtResult<IReadOnlyList<ExtendedAttribute>>> GetExtendedAttributesAsync(CancellationToken cancellationToken) =>
        new(!volume.HasAttributes ? NtStatus.NotSupported : ExtendedAttributes.Get(file));

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetExtendedAttributesAsync(
        IReadOnlyList<ExtendedAttribute> changes, CancellationToken cancellationToken)
    {
        if (!volume.HasAttributes)
        {
            return new(NtStatus.NotSupported);
        }

        var error = InodeCalls.Stat(file, out var stat);
        if (error != 0)
        {
            return new(error.ToStatus());
        }

        lock (volume.AttributeLocks.Of(stat))
        {
            return new(ExtendedAttributes.Set(file, changes));
        }
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreStream>> OpenStreamAsync(string name, StoreAccess access, CancellationToken cancellationToken) =>
        new(OpenStream(name, create: false));

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreStream>> CreateStreamAsync(string name, CancellationToken cancellationToken) =>
        new(OpenStream(name, create: true));

    /// <inheritdoc/>
    public ValueTask<NtResult<IReadOnlyList<StoreStreamEntry>>> ListStreamsAsync(CancellationToken cancellationToken) =>
        new(volume.HasAttributes ? volume.Streams.List(file) : NtStatus.NotSupported);

    /// <inheritdoc/>
    public ValueTask<NtStatus> RenameStreamAsync(string name, string newName, bool replace, CancellationToken cancellationToken)
    {
        if (!volume.HasAttributes)
        {
            return new(NtStatus.NotSupported);
        }

        // Data of any length becomes the unnamed stream.
        return newName.Length == 0
            ? new(Task.Run(() => isDirectory ? NtStatus.InvalidParameter : volume.Streams.MakeData(file, name)))
            : new(volume.Streams.Rename(file, name, newName, replace));
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<IReadOnlyList<IStoreStream>>> RenameUnnamedStreamAsync(
        string newName, bool replace, int handles, CancellationToken cancellationToken) =>
        !volume.HasAttributes ? new(NtStatus.NotSupported)
            : volume.Options.ReadOnly ? new(NtStatus.MediaWriteProtected)
            : isDirectory ? new(NtStatus.InvalidParameter)
            : new(Task.Run(() => RenameUnnamedStream(newName, replace, handles, cancellationToken), CancellationToken.None));

    /// <inheritdoc/>
    public ValueTask<NtStatus> DeleteStreamAsync(string name, CancellationToken cancellationToken) =>
        new(volume.HasAttributes ? volume.Streams.Delete(file, name) : NtStatus.NotSupported);

    /// <inheritdoc/>
    public ValueTask<NtStatus> CanDeleteStreamAsync(string name, CancellationToken cancellationToken)
    {
        if (volume.Options.ReadOnly)
        {
            return new(NtStatus.MediaWriteProtected);
        }

        // A stream is an attribute of the file: write access to the file allows its removal, unless the file is immutable.
        var error = AccessCalls.May(file, AccessCalls.Write);
        if (error == 0)
        {
            error = InodeCalls.Stat(file, out var stat);
            if (error == 0 && (stat.Attributes & (StatxBuffer.IsImmutable | StatxBuffer.IsAppendOnly)) != 0)
            {
                error = Errno.NotPermitted;
            }
        }

        return new(error.ToStatus());
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken) => new(volume.InformationOf(file));

    /// <summary>Finds where the data of a file is, which has to be open for reading for that.</summary>
    protected async ValueTask<NtResult<IReadOnlyList<StoreExtent>>> FindExtentsAsync(FileDescriptor data, long offset)
    {
        List<StoreExtent> extents = [];
        var status = await volume.Data.RunAsync(Find).ConfigureAwait(false);
        return status == NtStatus.Success ? extents : status;

        NtStatus Find()
        {
            var error = ExtentCalls.Find(data, offset, out extents);
            if (error == Errno.BadDescriptor)
            {
                using var open = OwnOpen.Start(volume.Leases, data, OpenFlags.ReadOnly | OpenFlags.NonBlocking, out error);
                error = open.File is null ? error : ExtentCalls.Find(open.File, offset, out extents);
            }

            return error.ToStatus();
        }
    }

    /// <summary>Closes the inode and releases the root.</summary>
    protected void Close()
    {
        file.Dispose();
        if (HoldsRoot)
        {
            volume.Root.Leave();
        }
    }

    /// <summary>Gives a newly created file its initial properties.</summary>
    protected NtStatus Furnish(in NewFile parameters, out Opening? opening)
    {
        opening = null;
        Errno error = 0;
        if (volume.HasAttributes && !parameters.SecurityDescriptor.IsEmpty)
        {
            // Others see the name already, and may have written before the file has an owner.
            error = volume.Charges is { } charges
                ? SetOwner(charges, parameters.SecurityDescriptor.Span)
                : AttributeCalls.Set(file, InodeExtras.DescriptorName, parameters.SecurityDescriptor.Span);
        }

        var stat = default(StatxBuffer);
        if (error == 0)
        {
            error = InodeCalls.Stat(file, out stat);
        }

        var attributes = parameters.Attributes & ~DosRecord.Nature;
        DosRecord? record = null;
        if (error == 0 && volume.HasAttributes && attributes != DosRecord.DefaultAttributes(stat))
        {
            record = new DosRecord(attributes, null, null, default);
            error = WriteRecord(record.Value);
        }

        if (error == 0 && parameters.UnixMode is { } mode)
        {
            // Last, because it may take away the right to do the rest. A directory inherits set-group-ID from its parent.
            error = InodeCalls.SetMode(file, isDirectory ? mode | ((UnixFileMode)stat.Mode & UnixFileMode.SetGroup) : mode);
        }

        // In the usual case there is nothing more to know about it.
        if (error == 0 && record is null && parameters.UnixMode is null)
        {
            opening = new Opening(
                stat, volume.HasAttributes ? new InodeExtras(null, 0, true, false, !parameters.SecurityDescriptor.IsEmpty) : default);
        }

        return error.ToStatus();
    }

    /// <summary>The descriptor, given the inode's state a moment ago.</summary>
    protected NtResult<ReadOnlyMemory<byte>> GetSecurityDescriptor(in StatxBuffer stat)
    {
        var error = volume.Attributes.GetDescriptor(file, stat, out var descriptor);
        return error != 0 ? error.ToStatus() : new ReadOnlyMemory<byte>(descriptor);
    }

    private Errno SetSecurityDescriptor(ReadOnlySpan<byte> descriptor) =>
        volume.Charges is { } charges ? SetOwner(charges, descriptor) : KeepSecurityDescriptor(descriptor);

    /// <summary>What the file costs is charged to the owner that the descriptor names from now on.</summary>
    private Errno SetOwner(ChargeTable charges, ReadOnlySpan<byte> descriptor)
    {
        var charge = charges.Enter(file, volume.Streams, out var error);
        if (charge is null)
        {
            return error;
        }

        lock (volume.AttributeLocks.Of(charge.Key))
        {
            error = KeepSecurityDescriptor(descriptor);
            if (error == 0)
            {
                charge.MoveTo(charges.AccountOf(descriptor));
            }
        }

        charge.Leave();
        return error;
    }

    private Errno KeepSecurityDescriptor(ReadOnlySpan<byte> descriptor)
    {
        while (true)
        {
            var error = AttributeCalls.Set(file, InodeExtras.DescriptorName, descriptor);
            if (error != Errno.NoSpace || !volume.Streams.MakeRoom(file))
            {
                return error;
            }
        }
    }

    private NtResult<IStoreStream> OpenStream(string name, bool create)
    {
        if (!volume.HasAttributes)
        {
            return NtStatus.NotSupported;
        }

        if (create && volume.Options.ReadOnly)
        {
            return NtStatus.MediaWriteProtected;
        }

        var error = OpenPlace(out var place);
        if (error != 0)
        {
            return error.ToStatus();
        }

        var opened = volume.Streams.Open(place!, name, create);
        if (opened.Succeeded)
        {
            return new LinuxStream(volume, place!, path, isDirectory, opened.Value) { HoldsRoot = true };
        }

        ClosePlace(place!);
        return opened.Status;
    }

    private NtResult<IReadOnlyList<IStoreStream>> RenameUnnamedStream(string newName, bool replace, int handles, CancellationToken cancellationToken)
    {
        var places = new List<FileDescriptor>(handles);
        var opened = new List<IStoreStream>(handles);
        try
        {
            while (places.Count < handles)
            {
                var error = OpenPlace(out var place);
                if (error != 0)
                {
                    return error.ToStatus();
                }

                places.Add(place!);
            }

            var named = volume.Streams.NameData(file, newName, replace, handles, cancellationToken);
            if (!named.Succeeded)
            {
                return named.Status;
            }

            opened.AddRange(places.Select(place => new LinuxStream(volume, place, path, isDirectory: false, named.Value) { HoldsRoot = true }));
            return opened;
        }
        finally
        {
            places.Skip(opened.Count).ToList().ForEach(ClosePlace);
        }
    }

    /// <summary>Opens the inode for a handle on a stream, which outlives this one and holds the root too.</summary>
    private Errno OpenPlace(out FileDescriptor? place)
    {
        place = InodeCalls.Reopen(file, OpenFlags.Path, out var error);
        if (place is null)
        {
            return error;
        }

        error = volume.Root.Enter();
        if (error != 0)
        {
            place.Dispose();
        }

        return error;
    }

    private void ClosePlace(FileDescriptor place)
    {
        place.Dispose();
        volume.Root.Leave();
    }

    private NtStatus SetMetadata(in FileMetadataChange change)
    {
        var error = InodeCalls.Stat(file, out var stat);
        if (error != 0)
        {
            return error.ToStatus();
        }

        lock (volume.AttributeLocks.Of(stat))
        {
            if (change.LastAccessTime is not null || change.LastWriteTime is not null)
            {
                error = InodeTimes.Set(file, change.LastAccessTime, change.LastWriteTime);
                if (error != 0)
                {
                    return error.ToStatus();
                }
            }

            if (!volume.HasAttributes)
            {
                return NtStatus.Success;
            }

            var old = InodeExtras.Of(file).Record;
            var needed = change.Attributes is not null || change.CreationTime is not null || change.ChangeTime is not null
                || old?.Change is not null;
            if (!needed)
            {
                return NtStatus.Success;
            }

            var attributes = change.Attributes ?? old?.Attributes ?? DosRecord.DefaultAttributes(stat);
            error = WriteRecord(new DosRecord(
                (attributes & ~DosRecord.Nature) | ((old?.Attributes ?? 0) & DosRecord.Nature),
                change.CreationTime ?? old?.Creation,
                change.ChangeTime,
                FileTime.From(DateTimeOffset.UtcNow))
            {
                ReparseTag = old?.ReparseTag ?? 0,
            });
            if (error != 0) // all or none
            {
                _ = InodeTimes.Set(file, stat.Access.ToFileTime(), stat.Modify.ToFileTime());
            }

            return error.ToStatus();
        }
    }

    private Errno WriteRecord(in DosRecord record)
    {
        Span<byte> value = stackalloc byte[DosRecord.Size];
        record.Write(value);
        return AttributeCalls.Set(file, DosRecord.Name, value);
    }
}
