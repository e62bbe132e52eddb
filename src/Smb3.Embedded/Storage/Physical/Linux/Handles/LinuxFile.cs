using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Data;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Linux.Lookup;
using Smb3.Embedded.Storage.Physical.Linux.Quotas;
using Smb3.Embedded.Storage.Physical.Linux.Volume;

namespace Smb3.Embedded.Storage.Physical.Linux.Handles;

/// <summary>An open handle: a place only (O_PATH) for metadata and directories, otherwise open for data.</summary>
internal sealed partial class LinuxFile(LinuxVolume volume, FileDescriptor file, StorePath path, bool isDirectory, bool isNew)
    : LinuxHandle(volume, file, path, isDirectory), IOpenedFile
{
    private bool _namedIsSafe = !isNew;
    private Opening? _opening;

    // A set-user-ID or set-group-ID program whose data changes must lose those bits. The kernel clears them, but not when the server
    // runs as root.
    private volatile bool _hasSetIdBits;

    /// <summary>A handle that keeps what was learned while opening it.</summary>
    public LinuxFile(LinuxVolume volume, FileDescriptor file, StorePath path, bool isDirectory, Opening opening)
        : this(volume, file, path, isDirectory, isNew: false)
    {
        _opening = opening;
        _hasSetIdBits = !isDirectory && opening.Stat.HasSetIdBits;
    }

    /// <summary>Whether it is a file rather than a directory.</summary>
    public bool IsRegularFile => !IsDirectory;

    /// <summary>The inode.</summary>
    public FileDescriptor Descriptor => Inode;

    /// <inheritdoc/>
    public NtResult<FileMetadata>? MetadataAsOpened =>
        _opening is { } opening ? Volume.Metadata.Of(Inode, opening.Stat, opening.Extras) : null;

    /// <inheritdoc/>
    public NtResult<ReadOnlyMemory<byte>>? DescriptorAsOpened =>
        _opening is { } opening && Volume.HasAttributes ? GetSecurityDescriptor(opening.Stat) : null;

    /// <inheritdoc/>
    public ValueTask<NtResult<FileMetadata>> GetMetadataAsync(CancellationToken cancellationToken)
    {
        var error = InodeCalls.Stat(Inode, out var stat);
        return error != 0 ? new(error.ToStatus()) : new(Volume.Metadata.Of(Inode, stat));
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken) =>
        IsDirectory ? new(NtStatus.InvalidDeviceRequest) : Volume.Data.ReadAsync(Inode, offset, buffer);

    /// <inheritdoc/>
    public ValueTask<NtStatus> WriteAsync(long offset, ReadOnlySequence<byte> data, CancellationToken cancellationToken)
    {
        if (IsDirectory)
        {
            return new(NtStatus.InvalidDeviceRequest);
        }

        if (offset > Volume.Traits.MaxFileLength - data.Length)
        {
            return new(data.Length == 0 ? NtStatus.Success : NtStatus.FileTooLarge);
        }

        BeforeChange();
        return Volume.Charges is null || data.Length == 0
            ? Volume.Data.WriteAsync(Inode, offset, data)
            : WriteChargedAsync(Volume.Charges, offset, data);
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetLengthAsync(long length, CancellationToken cancellationToken)
    {
        if (IsDirectory)
        {
            return new(NtStatus.InvalidDeviceRequest);
        }

        if (length > Volume.Traits.MaxFileLength)
        {
            return new(NtStatus.FileTooLarge);
        }

        BeforeChange();
        return new(Volume.Charges is null ? DataCalls.SetLength(Inode, length) : SetChargedLength(Volume.Charges, length));
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> AllocateAsync(long size, CancellationToken cancellationToken) =>
        new(IsDirectory ? NtStatus.InvalidDeviceRequest : Reserve(size));

    /// <summary>Writes data and metadata of the file to the disk (fsync); for a file that this handle created, its name too.</summary>
    public ValueTask<NtStatus> FlushAsync(CancellationToken cancellationToken) => new(Task.Run(Flush, CancellationToken.None));

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreListing>> ListAsync(CancellationToken cancellationToken)
    {
        if (!IsDirectory)
        {
            return new(NtStatus.NotADirectory);
        }

        var reader = DirectoryReader.Open(Inode, out var error);
        return reader is null
            ? new(error.ToStatus())
            : new(new NtResult<IStoreListing>(new LinuxListing(Volume, reader, LinuxTree.EncodePath(Path))));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _charge?.Leave();
        if (Volume.Leases.IsEmpty)
        {
            Close();
        }
        else
        {
            var isKnown = InodeCalls.Stat(Inode, out var stat) == 0;
            Close();
            if (isKnown)
            {
                Volume.Leases.ComeBack(InodeKey.Of(stat));
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public void ForgetOpening() => _opening = null;

    /// <summary>Gives a newly created file its initial properties.</summary>
    public NtStatus Furnish(in NewFile parameters)
    {
        var status = Furnish(parameters, out var opening);
        if (status == NtStatus.Success && !IsDirectory && parameters.AllocationSize > 0)
        {
            status = Reserve(parameters.AllocationSize);
            return status == NtStatus.Success ? status : Abandon(status);
        }

        _opening = opening;
        return status;
    }

    private void BeforeChange()
    {
        if (_hasSetIdBits)
        {
            _hasSetIdBits = false;
            InodeCalls.ClearSetIdBits(Inode);
        }
    }

    private NtStatus Flush()
    {
        var status = IsDirectory ? EntryCalls.Flush(Inode).ToStatus() : FlushInode();
        if (status == NtStatus.Success && !_namedIsSafe)
        {
            status = FlushName();
            _namedIsSafe = status == NtStatus.Success;
        }

        return status;
    }

    private NtStatus FlushName()
    {
        var parent = Volume.Tree.OpenDirectory(Path.Parent, quick: false);
        if (!parent.Succeeded)
        {
            // The directory was moved meanwhile: the name no longer belongs to this file.
            return parent.Status is NtStatus.ObjectNameNotFound or NtStatus.ObjectPathNotFound ? NtStatus.Success : parent.Status;
        }

        // A directory that this process may write to but not read cannot be flushed by itself.
        using var place = parent.Value;
        var error = EntryCalls.Flush(place.Descriptor);
        return error == Errno.Access ? NtStatus.Success : error.ToStatus();
    }
}
