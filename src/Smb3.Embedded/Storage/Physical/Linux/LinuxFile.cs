using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Streams;

namespace Smb3.Embedded.Storage.Physical.Linux;

/// <summary>
/// An open handle: a place only (O_PATH) for metadata and directories, otherwise open for data. Data in the page cache is read and
/// written at once; whatever has to wait for the disk does so on the thread pool.
/// </summary>
internal sealed unsafe partial class LinuxFile(LinuxFileStore store, FileDescriptor file, StorePath path, bool isDirectory, bool isNew)
    : LinuxHandle(store, file, path, isDirectory), IOpenedFile
{
    // Copying this much into the page cache is quicker than handing it to another thread.
    private const int InlineWrite = 256 * 1024;

    private const uint SetIdBits = (uint)(UnixFileMode.SetUser | UnixFileMode.SetGroup);

    private bool _namedIsSafe = !isNew;
    private Opening? _opening;

    // A set-user-ID or set-group-ID program whose data changes must lose those bits. The kernel clears them, but not when the server
    // runs as root.
    private volatile bool _isPrivileged;

    /// <summary>A handle that keeps what was learned while opening it.</summary>
    public LinuxFile(LinuxFileStore store, FileDescriptor file, StorePath path, bool isDirectory, Opening opening)
        : this(store, file, path, isDirectory, isNew: false)
    {
        _opening = opening;
        _isPrivileged = !isDirectory && (opening.Stat.Mode & SetIdBits) != 0;
    }

    /// <summary>Whether it is a file rather than a directory.</summary>
    public bool IsRegularFile => !IsDirectory;

    /// <summary>The inode.</summary>
    public FileDescriptor Descriptor => Inode;

    /// <inheritdoc/>
    public NtResult<FileMetadata>? MetadataAsOpened =>
        _opening is { } opening ? Store.ToMetadata(Inode, opening.Stat, opening.Extras) : null;

    /// <inheritdoc/>
    public NtResult<ReadOnlyMemory<byte>>? DescriptorAsOpened =>
        _opening is { } opening && Store.HasAttributes ? GetSecurityDescriptor(opening.Stat) : null;

    /// <inheritdoc/>
    public ValueTask<NtResult<FileMetadata>> GetMetadataAsync(CancellationToken cancellationToken)
    {
        var error = LinuxTree.Stat(Inode, out var stat);
        return error != 0 ? new(error.ToStatus()) : new(Store.ToMetadata(Inode, stat));
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (IsDirectory)
        {
            return new(NtStatus.InvalidDeviceRequest);
        }

        var done = 0;
        if (Store.CanReadWithoutWaiting)
        {
            var error = Read(offset, buffer.Span, Native.NoWait, ref done);
            if (error is not (Errno.Again or Errno.NotSupported))
            {
                return error == 0 ? new(done) : new(error.ToStatus());
            }

            if (error == Errno.NotSupported)
            {
                Store.CanReadWithoutWaiting = false;
            }
        }

        return Store.IsInMemory
            ? new(ReadToEnd(offset, buffer.Span, done))
            : BlockingRead.Start(Store.Reads, this, offset, buffer, done);
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> WriteAsync(long offset, ReadOnlySequence<byte> data, CancellationToken cancellationToken)
    {
        if (IsDirectory)
        {
            return new(NtStatus.InvalidDeviceRequest);
        }

        if (offset > Store.Traits.MaxFileLength - data.Length)
        {
            return new(data.Length == 0 ? NtStatus.Success : NtStatus.FileTooLarge);
        }

        DropPrivileges();
        long done = 0;
        var flags = data.Length > InlineWrite && Store.CanWriteWithoutWaiting && !Store.IsInMemory ? Native.NoWait : 0;
        var error = Write(offset, data, flags, ref done);
        if (error == Errno.NotSupported && flags != 0)
        {
            Store.CanWriteWithoutWaiting = false;
            error = Write(offset, data, 0, ref done);
        }

        return error == Errno.Again ? WriteLaterAsync(offset, data, done) : new(error.ToStatus());
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetLengthAsync(long length, CancellationToken cancellationToken)
    {
        if (IsDirectory)
        {
            return new(NtStatus.InvalidDeviceRequest);
        }

        if (length > Store.Traits.MaxFileLength)
        {
            return new(NtStatus.FileTooLarge);
        }

        DropPrivileges();
        return new(Native.Truncate(Inode, length) == 0 ? NtStatus.Success : Native.LastError.ToStatus());
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> AllocateAsync(long size, CancellationToken cancellationToken) =>
        new(IsDirectory ? NtStatus.InvalidDeviceRequest : Allocate(size));

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
            : new(new NtResult<IStoreListing>(new LinuxListing(Store, reader, LinuxTree.EncodePath(Path))));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        if (Store.Leases.IsEmpty)
        {
            Close();
        }
        else
        {
            var isKnown = LinuxTree.Stat(Inode, out var stat) == 0;
            Close();
            if (isKnown)
            {
                Store.Leases.ComeBack(InodeKey.Of(stat));
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
            return Allocate(parameters.AllocationSize);
        }

        _opening = opening;
        return status;
    }

    /// <summary>Clears set-user-ID and set-group-ID on a file whose data is about to change.</summary>
    public void DropPrivileges(in StatxBuffer stat)
    {
        _isPrivileged = (stat.Mode & SetIdBits) != 0;
        DropPrivileges();
    }

    /// <summary>Reads, waiting for the disk if necessary.</summary>
    public NtResult<int> ReadToEnd(long offset, Span<byte> buffer, int done)
    {
        var error = Read(offset, buffer, 0, ref done);
        return error == 0 ? done : error.ToStatus();
    }

    private void DropPrivileges()
    {
        if (!_isPrivileged)
        {
            return;
        }

        _isPrivileged = false;
        if (LinuxTree.Stat(Inode, out var stat) == 0)
        {
            _ = SetMode((UnixFileMode)(stat.Mode & 0xFFF & ~SetIdBits));
        }
    }

    private Errno Read(long offset, Span<byte> buffer, int flags, ref int done)
    {
        fixed (byte* start = buffer)
        {
            while (done < buffer.Length)
            {
                nint read;
                if (flags == 0)
                {
                    read = Native.PRead(Inode, start + done, buffer.Length - done, offset + done);
                }
                else
                {
                    var vector = new IoVector { Start = start + done, Length = buffer.Length - done };
                    read = Native.PReadV2(Native.PReadV2Number, Inode, &vector, 1, (nint)(offset + done), 0, flags);
                }

                if (read == 0)
                {
                    return 0;
                }

                if (read > 0)
                {
                    done += (int)read;
                }
                else if (Native.LastError is var error && error != Errno.Interrupted)
                {
                    return error;
                }
            }
        }

        return 0;
    }

    private Errno Write(long offset, in ReadOnlySequence<byte> data, int flags, ref long done)
    {
        var rest = done == 0 ? data : data.Slice(done);
        foreach (var segment in rest)
        {
            fixed (byte* start = segment.Span)
            {
                var written = 0;
                while (written < segment.Length)
                {
                    nint count;
                    if (flags == 0)
                    {
                        count = Native.PWrite(Inode, start + written, segment.Length - written, offset + done);
                    }
                    else
                    {
                        var vector = new IoVector { Start = start + written, Length = segment.Length - written };
                        count = Native.PWriteV2(Native.PWriteV2Number, Inode, &vector, 1, (nint)(offset + done), 0, flags);
                    }

                    if (count >= 0)
                    {
                        written += (int)count;
                        done += count;
                    }
                    else if (Native.LastError is var error && error != Errno.Interrupted)
                    {
                        return error;
                    }
                }
            }
        }

        return 0;
    }

    private ValueTask<NtStatus> WriteLaterAsync(long offset, ReadOnlySequence<byte> data, long done) => new(Task.Run(() =>
    {
        var written = done;
        return Write(offset, data, 0, ref written).ToStatus();
    }));

    private NtStatus Allocate(long size)
    {
        if (size <= 0)
        {
            return NtStatus.Success;
        }

        if (Native.Allocate(Inode, Native.KeepSize, 0, size) == 0)
        {
            return NtStatus.Success;
        }

        return Native.LastError switch
        {
            Errno.NotSupported or Errno.NoSystemCall or Errno.Invalid => NtStatus.Success, // allocation is only a hint
            Errno.TooBig => NtStatus.DiskFull,
            var error => error.ToStatus(),
        };
    }

    private NtStatus Flush()
    {
        if (IsDirectory)
        {
            using var reader = DirectoryReader.Open(Inode, out var failed);
            if (reader is null)
            {
                return failed.ToStatus();
            }

            if (Native.Sync(reader.Directory) != 0)
            {
                return Native.LastError.ToStatus();
            }
        }
        else if (Native.Sync(Inode) != 0 && Native.LastError is var error && (int)error != 9) // EBADF: a place only has nothing to flush
        {
            return error.ToStatus();
        }

        if (_namedIsSafe)
        {
            return NtStatus.Success;
        }

        var status = FlushName();
        _namedIsSafe = status == NtStatus.Success;
        return status;
    }

    private NtStatus FlushName()
    {
        var parent = Store.Tree.OpenDirectory(Path.Parent, quick: false);
        if (!parent.Succeeded)
        {
            // The directory was moved meanwhile: the name no longer belongs to this file.
            return parent.Status is NtStatus.ObjectNameNotFound or NtStatus.ObjectPathNotFound ? NtStatus.Success : parent.Status;
        }

        // A directory that this process may write to but not read cannot be flushed by itself.
        using var place = parent.Value;
        using var directory = DirectoryReader.Open(place.Descriptor, out var error);
        return directory is null ? (error == Errno.Access ? NtStatus.Success : error.ToStatus())
            : Native.Sync(directory.Directory) == 0 ? NtStatus.Success
            : Native.LastError.ToStatus();
    }
}
