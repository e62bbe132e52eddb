using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Attributes;
using Smb3.Embedded.Storage.Physical.Linux.Names;
using Smb3.Embedded.Storage.Physical.Linux.Streams;

namespace Smb3.Embedded.Storage.Physical.Linux;

/// <summary>
/// What every open handle shares concerning the inode as a whole: metadata, attributes, descriptor, and the streams beside its data.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="file">The inode, as a place only (O_PATH) or open for data.</param>
/// <param name="path">The path where it was found.</param>
/// <param name="isDirectory">Whether it is a directory.</param>
internal abstract partial class LinuxHandle(LinuxFileStore store, FileDescriptor file, StorePath path, bool isDirectory)
    : ISecurableFile, IStreamedFile, IExtendedAttributeFile, IPosixFile, IFaultyFile, IVolumeFile, IFinalPathFile
{
    /// <summary>Whether closing this releases the root: it was handed out and is not part of another handle.</summary>
    public bool HoldsRoot { get; set; }

    /// <summary>The path in the case in which its names were created, as of the open.</summary>
    public StorePath Path => path;

    /// <inheritdoc/>
    public StorePath? FinalPath => FinalPaths.Of(store.Tree.Root.Descriptor, file);

    /// <summary>The store.</summary>
    protected LinuxFileStore Store => store;

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
        if (!store.HasAttributes)
        {
            return new(NtStatus.NotSupported);
        }

        var error = LinuxTree.Stat(file, out var stat);
        return new(error != 0 ? error.ToStatus() : GetSecurityDescriptor(stat));
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetSecurityDescriptorAsync(ReadOnlyMemory<byte> descriptor, CancellationToken cancellationToken) =>
        new(!store.HasAttributes ? NtStatus.NotSupported : SetSecurityDescriptor(descriptor.Span).ToStatus());

    /// <inheritdoc/>
    public void ReportDescriptor() => store.Faults.Report(file, InodeExtras.DescriptorName);

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetUnixModeAsync(UnixFileMode mode, CancellationToken cancellationToken) => new(SetMode(mode).ToStatus());

    /// <inheritdoc/>
    public ValueTask<NtResult<IReadOnlyList<ExtendedAttribute>>> GetExtendedAttributesAsync(CancellationToken cancellationToken) =>
        new(!store.HasAttributes ? NtStatus.NotSupported : ExtendedAttributes.Get(file));

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetExtendedAttributesAsync(
        IReadOnlyList<ExtendedAttribute> changes, CancellationToken cancellationToken)
    {
        if (!store.HasAttributes)
        {
            return new(NtStatus.NotSupported);
        }

        var error = LinuxTree.Stat(file, out var stat);
        if (error != 0)
        {
            return new(error.ToStatus());
        }

        lock (store.LockOf(stat))
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
        new(store.HasAttributes ? store.Streams.List(file) : NtStatus.NotSupported);

    /// <inheritdoc/>
    public ValueTask<NtStatus> RenameStreamAsync(string name, string newName, bool replace, CancellationToken cancellationToken)
    {
        if (!store.HasAttributes)
        {
            return new(NtStatus.NotSupported);
        }

        // Data of any length becomes the unnamed stream.
        return newName.Length == 0
            ? new(Task.Run(() => isDirectory ? NtStatus.InvalidParameter : store.Streams.MakeData(file, name)))
            : new(store.Streams.Rename(file, name, newName, replace));
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> DeleteStreamAsync(string name, CancellationToken cancellationToken) =>
        new(store.HasAttributes ? store.Streams.Delete(file, name) : NtStatus.NotSupported);

    /// <inheritdoc/>
    public ValueTask<NtStatus> CanDeleteStreamAsync(string name, CancellationToken cancellationToken)
    {
        if (store.Options.ReadOnly)
        {
            return new(NtStatus.MediaWriteProtected);
        }

        // A stream is an attribute of the file: write access to the file allows its removal, unless the file is immutable.
        var error = AccessCalls.May(file, AccessCalls.Write);
        if (error == 0)
        {
            error = LinuxTree.Stat(file, out var stat);
            if (error == 0 && (stat.Attributes & (StatxBuffer.IsImmutable | StatxBuffer.IsAppendOnly)) != 0)
            {
                error = Errno.NotPermitted;
            }
        }

        return new(error.ToStatus());
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken) => new(store.VolumeOf(file));

    /// <summary>Closes the inode and releases the root.</summary>
    protected void Close()
    {
        file.Dispose();
        if (HoldsRoot)
        {
            store.Root.Leave();
        }
    }

    /// <summary>Gives a newly created file its initial properties.</summary>
    protected NtStatus Furnish(in NewFile parameters, out Opening? opening)
    {
        opening = null;
        Errno error = 0;
        if (store.HasAttributes && !parameters.SecurityDescriptor.IsEmpty)
        {
            error = AttributeCalls.Set(file, InodeExtras.DescriptorName, parameters.SecurityDescriptor.Span);
        }

        var stat = default(StatxBuffer);
        if (error == 0)
        {
            error = LinuxTree.Stat(file, out stat);
        }

        var attributes = parameters.Attributes & ~DosRecord.Nature;
        DosRecord? record = null;
        if (error == 0 && store.HasAttributes && attributes != LinuxFileStore.DefaultAttributes(stat))
        {
            record = new DosRecord(attributes, null, null, default);
            error = WriteRecord(record.Value);
        }

        if (error == 0 && parameters.UnixMode is { } mode)
        {
            // Last, because it may take away the right to do the rest. A directory inherits set-group-ID from its parent.
            error = SetMode(isDirectory ? mode | ((UnixFileMode)stat.Mode & UnixFileMode.SetGroup) : mode);
        }

        // In the usual case there is nothing more to know about it.
        if (error == 0 && record is null && parameters.UnixMode is null)
        {
            opening = new Opening(
                stat, store.HasAttributes ? new InodeExtras(null, 0, true, false, !parameters.SecurityDescriptor.IsEmpty) : default);
        }

        return error.ToStatus();
    }

    /// <summary>The descriptor, given the inode's state a moment ago.</summary>
    protected NtResult<ReadOnlyMemory<byte>> GetSecurityDescriptor(in StatxBuffer stat)
    {
        var error = store.Attributes.GetDescriptor(file, stat, out var descriptor);
        return error != 0 ? error.ToStatus() : new ReadOnlyMemory<byte>(descriptor);
    }

    // Through /proc: fchmod does not work on a handle that is a place only (O_PATH).
    protected unsafe Errno SetMode(UnixFileMode mode)
    {
        using var handle = new HandlePath(file);
        fixed (byte* text = handle.Text)
        {
            return Native.ChangeMode(text, (uint)mode) == 0 ? 0 : Native.LastError;
        }
    }

    private Errno SetSecurityDescriptor(ReadOnlySpan<byte> descriptor)
    {
        while (true)
        {
            var error = AttributeCalls.Set(file, InodeExtras.DescriptorName, descriptor);
            if (error != Errno.NoSpace || !store.Streams.MakeRoom(file))
            {
                return error;
            }
        }
    }

    private NtResult<IStoreStream> OpenStream(string name, bool create)
    {
        if (!store.HasAttributes)
        {
            return NtStatus.NotSupported;
        }

        if (create && store.Options.ReadOnly)
        {
            return NtStatus.MediaWriteProtected;
        }

        // The stream's handle outlives this one.
        var place = LinuxTree.Reopen(file, OpenFlags.Path, out var error);
        if (place is null)
        {
            return error.ToStatus();
        }

        error = store.Root.Enter();
        if (error != 0)
        {
            place.Dispose();
            return error.ToStatus();
        }

        var opened = store.Streams.Open(place, name, create);
        if (opened.Succeeded)
        {
            return new LinuxStream(store, place, path, isDirectory, opened.Value) { HoldsRoot = true };
        }

        place.Dispose();
        store.Root.Leave();
        return opened.Status;
    }

    private NtStatus SetMetadata(in FileMetadataChange change)
    {
        var error = LinuxTree.Stat(file, out var stat);
        if (error != 0)
        {
            return error.ToStatus();
        }

        lock (store.LockOf(stat))
        {
            if (change.LastAccessTime is not null || change.LastWriteTime is not null)
            {
                error = InodeTimes.Set(file, change.LastAccessTime, change.LastWriteTime);
                if (error != 0)
                {
                    return error.ToStatus();
                }
            }

            if (!store.HasAttributes)
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

            var attributes = change.Attributes ?? old?.Attributes ?? LinuxFileStore.DefaultAttributes(stat);
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
                _ = InodeTimes.Set(file, LinuxFileStore.ToFileTime(stat.Access), LinuxFileStore.ToFileTime(stat.Modify));
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
