using System.Buffers;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Physical.Linux;

/// <summary>
/// An open handle: a place only (O_PATH) for metadata and directories, else open for data. What is in the page cache is read and written
/// at once; what has to wait for the disk does so on the thread pool.
/// </summary>
internal sealed unsafe class LinuxFile(LinuxFileStore store, FileDescriptor file, StorePath path, bool isDirectory, bool isNew)
    : IStoreFile, ISecurableFile
{
    // Copying so much into the page cache is quicker than handing it to another thread.
    private const int InlineWrite = 256 * 1024;

    private bool _namedIsSafe = !isNew;

    /// <inheritdoc/>
    public StorePath Path => path;

    private static ReadOnlySpan<byte> SecurityName => "user.smb3.sd\0"u8;

    /// <inheritdoc/>
    public ValueTask<NtResult<FileMetadata>> GetMetadataAsync(CancellationToken cancellationToken)
    {
        var error = LinuxTree.Stat(file, out var stat);
        return error != 0 ? new(error.ToStatus()) : new(store.ToMetadata(stat, ReadRecord()));
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetMetadataAsync(FileMetadataChange change, CancellationToken cancellationToken) =>
        new(change.IsEmpty ? NtStatus.Success : SetMetadata(change));

    /// <inheritdoc/>
    public ValueTask<NtResult<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (isDirectory)
            return new(NtStatus.InvalidDeviceRequest);
        var done = 0;
        if (store.CanReadWithoutWaiting)
        {
            var error = Read(offset, buffer.Span, Native.NoWait, ref done);
            if (error is not (Errno.Again or Errno.NotSupported))
                return error == 0 ? new(done) : new(error.ToStatus());
            if (error == Errno.NotSupported)
                store.CanReadWithoutWaiting = false;
        }

        return store.IsInMemory
            ? new(ReadToEnd(offset, buffer.Span, done))
            : BlockingRead.Start(store.Reads, this, offset, buffer, done);
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> WriteAsync(long offset, ReadOnlySequence<byte> data, CancellationToken cancellationToken)
    {
        if (isDirectory)
            return new(NtStatus.InvalidDeviceRequest);
        if (offset > store.Traits.MaxFileLength - data.Length)
            return new(data.Length == 0 ? NtStatus.Success : NtStatus.FileTooLarge);
        long done = 0;
        var flags = data.Length > InlineWrite && store.CanWriteWithoutWaiting && !store.IsInMemory ? Native.NoWait : 0;
        var error = Write(offset, data, flags, ref done);
        if (error == Errno.NotSupported && flags != 0)
        {
            store.CanWriteWithoutWaiting = false;
            error = Write(offset, data, 0, ref done);
        }

        return error == Errno.Again ? WriteLaterAsync(offset, data, done) : new(error.ToStatus());
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetLengthAsync(long length, CancellationToken cancellationToken)
    {
        if (isDirectory)
            return new(NtStatus.InvalidDeviceRequest);
        if (length > store.Traits.MaxFileLength)
            return new(NtStatus.FileTooLarge);
        return new(Native.Truncate(file, length) == 0 ? NtStatus.Success : Native.LastError.ToStatus());
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> AllocateAsync(long size, CancellationToken cancellationToken) =>
        new(isDirectory ? NtStatus.InvalidDeviceRequest : Allocate(size));

    /// <summary>Data and metadata of the file reach the disk (fsync); of a file that this handle made, its name too.</summary>
    public ValueTask<NtStatus> FlushAsync(CancellationToken cancellationToken) => new(Task.Run(Flush, CancellationToken.None));

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreListing>> ListAsync(CancellationToken cancellationToken)
    {
        if (!isDirectory)
            return new(NtStatus.NotADirectory);
        var reader = DirectoryReader.Open(file, out var error);
        return reader is null
            ? new(error.ToStatus())
            : new(new NtResult<IStoreListing>(new LinuxListing(store, reader, LinuxTree.EncodePath(path))));
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<ReadOnlyMemory<byte>>> GetSecurityDescriptorAsync(CancellationToken cancellationToken)
    {
        if (!store.HasAttributes)
            return new(NtStatus.NotSupported);
        using var handle = new HandlePath(file);
        fixed (byte* text = handle.Text)
        fixed (byte* name = SecurityName)
        {
            while (true)
            {
                var size = Native.GetAttribute(text, name, null, 0);
                if (size >= 0)
                {
                    var value = new byte[size];
                    fixed (byte* bytes = value)
                        size = Native.GetAttribute(text, name, bytes, value.Length);
                    if (size >= 0)
                        return new(new ReadOnlyMemory<byte>(value, 0, (int)size));
                }

                var error = Native.LastError;
                if (error == Errno.NoData)
                    return new(ReadOnlyMemory<byte>.Empty);
                if (error != Errno.Range) // it grew between the two calls
                    return new(error.ToStatus());
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetSecurityDescriptorAsync(ReadOnlyMemory<byte> descriptor, CancellationToken cancellationToken) =>
        new(!store.HasAttributes ? NtStatus.NotSupported : SetAttribute(SecurityName, descriptor.Span).ToStatus());

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        file.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Gives a file that was just made what it is to have from the start.</summary>
    public NtStatus Furnish(in NewFile parameters)
    {
        const FileAttributes NotKept = FileAttributes.Directory | FileAttributes.Normal;
        var attributes = parameters.Attributes & ~NotKept;
        var error = LinuxTree.Stat(file, out var stat);
        if (error == 0 && store.HasAttributes && attributes != LinuxFileStore.DefaultAttributes(stat))
            error = WriteRecord(new DosRecord(attributes, null, null, default));
        if (error == 0 && store.HasAttributes && !parameters.SecurityDescriptor.IsEmpty)
            error = SetAttribute(SecurityName, parameters.SecurityDescriptor.Span);
        if (error != 0)
            return error.ToStatus();
        return !isDirectory && parameters.AllocationSize > 0 ? Allocate(parameters.AllocationSize) : NtStatus.Success;
    }

    /// <summary>Reads, waiting for the disk.</summary>
    public NtResult<int> ReadToEnd(long offset, Span<byte> buffer, int done)
    {
        var error = Read(offset, buffer, 0, ref done);
        return error == 0 ? done : error.ToStatus();
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
                    read = Native.PRead(file, start + done, buffer.Length - done, offset + done);
                }
                else
                {
                    var vector = new IoVector { Start = start + done, Length = buffer.Length - done };
                    read = Native.PReadV2(Native.PReadV2Number, file, &vector, 1, (nint)(offset + done), 0, flags);
                }

                if (read == 0)
                    return 0;
                if (read > 0)
                    done += (int)read;
                else if (Native.LastError is var error && error != Errno.Interrupted)
                    return error;
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
                        count = Native.PWrite(file, start + written, segment.Length - written, offset + done);
                    }
                    else
                    {
                        var vector = new IoVector { Start = start + written, Length = segment.Length - written };
                        count = Native.PWriteV2(Native.PWriteV2Number, file, &vector, 1, (nint)(offset + done), 0, flags);
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
            return NtStatus.Success;
        if (Native.Allocate(file, Native.KeepSize, 0, size) == 0)
            return NtStatus.Success;
        return Native.LastError switch
        {
            Errno.NotSupported or Errno.NoSystemCall or Errno.Invalid => NtStatus.Success, // a wish
            Errno.TooBig => NtStatus.DiskFull,
            var error => error.ToStatus(),
        };
    }

    private NtStatus Flush()
    {
        if (isDirectory)
        {
            using var reader = DirectoryReader.Open(file, out var failed);
            if (reader is null)
                return failed.ToStatus();
            if (Native.Sync(reader.Directory) != 0)
                return Native.LastError.ToStatus();
        }
        else if (Native.Sync(file) != 0 && Native.LastError is var error && (int)error != 9) // EBADF: a place only has nothing to flush
        {
            return error.ToStatus();
        }

        if (_namedIsSafe)
            return NtStatus.Success;
        _namedIsSafe = true;
        var parent = store.Tree.OpenDirectory(path.Parent, quick: false);
        if (!parent.Succeeded)
            return NtStatus.Success; // moved meanwhile: the name is another one's now
        using var place = parent.Value;
        using var directory = DirectoryReader.Open(place.Descriptor, out _);
        return directory is null || Native.Sync(directory.Directory) == 0 ? NtStatus.Success : Native.LastError.ToStatus();
    }

    private NtStatus SetMetadata(in FileMetadataChange change)
    {
        var error = LinuxTree.Stat(file, out var stat);
        if (error != 0)
            return error.ToStatus();
        lock (store.LockOf(stat))
        {
            if (change.LastAccessTime is not null || change.LastWriteTime is not null)
            {
                error = SetTimes(change.LastAccessTime, change.LastWriteTime);
                if (error != 0)
                    return error.ToStatus();
            }

            if (!store.HasAttributes)
                return NtStatus.Success;
            var old = ReadRecord();
            var needed = change.Attributes is not null || change.CreationTime is not null || change.ChangeTime is not null
                || old?.Change is not null;
            if (!needed)
                return NtStatus.Success;

            const FileAttributes NotKept = FileAttributes.Directory | FileAttributes.Normal;
            error = WriteRecord(new DosRecord(
                (change.Attributes ?? old?.Attributes ?? LinuxFileStore.DefaultAttributes(stat)) & ~NotKept,
                change.CreationTime ?? old?.Creation,
                change.ChangeTime,
                FileTime.From(DateTimeOffset.UtcNow)));
            if (error != 0)
                SetTimes(LinuxFileStore.ToFileTime(stat.Access), LinuxFileStore.ToFileTime(stat.Modify)); // all or none
            return error.ToStatus();
        }
    }

    private Errno SetTimes(FileTime? access, FileTime? write)
    {
        using var handle = new HandlePath(file);
        var times = stackalloc TimeSpec[2] { ToTimeSpec(access), ToTimeSpec(write) };
        fixed (byte* text = handle.Text)
            return Native.SetTimesAt(Native.CurrentDirectory, text, times, 0) == 0 ? 0 : Native.LastError;
    }

    private static TimeSpec ToTimeSpec(FileTime? time)
    {
        if (time is not { } value)
            return new TimeSpec { Nanoseconds = TimeSpec.Omit };
        var (seconds, nanoseconds) = value.ToUnix();
        return new TimeSpec { Seconds = seconds, Nanoseconds = nanoseconds };
    }

    private DosRecord? ReadRecord()
    {
        if (!store.HasAttributes)
            return null;
        using var handle = new HandlePath(file);
        var value = stackalloc byte[DosRecord.Size];
        fixed (byte* text = handle.Text)
        fixed (byte* name = DosRecord.Name)
        {
            var size = Native.GetAttribute(text, name, value, DosRecord.Size);
            return size > 0 && DosRecord.TryParse(new ReadOnlySpan<byte>(value, (int)size), out var record) ? record : null;
        }
    }

    private Errno WriteRecord(in DosRecord record)
    {
        Span<byte> value = stackalloc byte[DosRecord.Size];
        record.Write(value);
        return SetAttribute(DosRecord.Name, value);
    }

    private Errno SetAttribute(ReadOnlySpan<byte> nameWithZero, ReadOnlySpan<byte> value)
    {
        using var handle = new HandlePath(file);
        fixed (byte* text = handle.Text)
        fixed (byte* name = nameWithZero)
        fixed (byte* bytes = value)
            return Native.SetAttribute(text, name, bytes, value.Length, 0) == 0 ? 0 : Native.LastError;
    }
}
