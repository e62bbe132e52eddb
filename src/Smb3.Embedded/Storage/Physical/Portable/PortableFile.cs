using System.Buffers;
using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Physical.Portable;

/// <summary>
/// An open handle: for a file whatever System.IO opens, for a directory only its path, which the store updates when it moves things.
/// </summary>
internal sealed class PortableFile(
    PortableFileStore store, string full, StorePath path, SafeFileHandle? handle, bool isDirectory) : IStoreFile
{
    private volatile string _full = full;
    private volatile StrongBox<FileMetadata>? _last;

    /// <inheritdoc/>
    public StorePath Path => path;

    /// <summary>Notes that something was moved, perhaps this file or a directory above it.</summary>
    public void Moved(string from, string to)
    {
        var current = _full;
        if (current == from)
        {
            _full = to;
        }
        else if (current.Length > from.Length && current[from.Length] == System.IO.Path.DirectorySeparatorChar
            && current.StartsWith(from, StringComparison.Ordinal))
        {
            _full = string.Concat(to, current.AsSpan(from.Length));
        }
    }

    /// <summary>Called before a name is removed: a handle that knows its file only by name remembers its present state.</summary>
    public void BeforeDelete(string name)
    {
        if (handle is null && _full == name && Describe() is { Succeeded: true } known)
        {
            _last = new StrongBox<FileMetadata>(known.Value);
        }
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<FileMetadata>> GetMetadataAsync(CancellationToken cancellationToken)
    {
        try
        {
            return new(_last is { } last && !System.IO.Path.Exists(_full) ? last.Value : Describe());
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new(PortableErrors.ToStatus(exception));
        }
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetMetadataAsync(FileMetadataChange change, CancellationToken cancellationToken)
    {
        try
        {
            if (OperatingSystem.IsWindows() && change.Attributes is { } attributes)
            {
                File.SetAttributes(_full, (attributes & ~FileAttributes.Directory) is var set and not 0 ? set : FileAttributes.Normal);
            }

            // On other systems System.IO would set the last write time instead.
            if (change.CreationTime is { } created && !OperatingSystem.IsLinux())
            {
                Set(created, File.SetCreationTimeUtc, Directory.SetCreationTimeUtc, File.SetCreationTimeUtc);
            }

            if (change.LastAccessTime is { } accessed)
            {
                Set(accessed, File.SetLastAccessTimeUtc, Directory.SetLastAccessTimeUtc, File.SetLastAccessTimeUtc);
            }

            if (change.LastWriteTime is { } written)
            {
                Set(written, File.SetLastWriteTimeUtc, Directory.SetLastWriteTimeUtc, File.SetLastWriteTimeUtc);
            }

            return new(NtStatus.Success);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new(PortableErrors.ToStatus(exception));
        }
    }

    /// <inheritdoc/>
    public async ValueTask<NtResult<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (handle is null)
        {
            return NtStatus.InvalidDeviceRequest;
        }

        try
        {
            var done = 0;
            while (done < buffer.Length)
            {
                var read = await RandomAccess.ReadAsync(handle, buffer[done..], offset + done, cancellationToken).ConfigureAwait(false);
                if (read == 0)
                {
                    break;
                }

                done += read;
            }

            return done;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return PortableErrors.ToStatus(exception);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<NtStatus> WriteAsync(long offset, ReadOnlySequence<byte> data, CancellationToken cancellationToken)
    {
        if (handle is null)
        {
            return NtStatus.InvalidDeviceRequest;
        }

        if (offset > store.Traits.MaxFileLength - data.Length)
        {
            return data.Length == 0 ? NtStatus.Success : NtStatus.FileTooLarge;
        }

        try
        {
            foreach (var segment in data)
            {
                await RandomAccess.WriteAsync(handle, segment, offset, cancellationToken).ConfigureAwait(false);
                offset += segment.Length;
            }

            return NtStatus.Success;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return PortableErrors.ToStatus(exception);
        }
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetLengthAsync(long length, CancellationToken cancellationToken)
    {
        if (handle is null)
        {
            return new(NtStatus.InvalidDeviceRequest);
        }

        if (length > store.Traits.MaxFileLength)
        {
            return new(NtStatus.FileTooLarge);
        }

        try
        {
            RandomAccess.SetLength(handle, length);
            return new(NtStatus.Success);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new(PortableErrors.ToStatus(exception));
        }
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> FlushAsync(CancellationToken cancellationToken)
    {
        if (handle is not { } file)
        {
            return new(NtStatus.Success);
        }

        return new(Task.Run(
            () =>
            {
                try
                {
                    RandomAccess.FlushToDisk(file);
                    return NtStatus.Success;
                }
                catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
                {
                    return PortableErrors.ToStatus(exception);
                }
            },
            CancellationToken.None));
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreListing>> ListAsync(CancellationToken cancellationToken) =>
        new(!isDirectory ? NtStatus.NotADirectory
            : FolderRights.MayList(_full) ? new NtResult<IStoreListing>(new PortableListing(_full))
            : NtStatus.AccessDenied);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        store.Forget(this);
        handle?.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Collects what is known about the file at a path.</summary>
    internal static FileMetadata ToMetadata(in FileIdentity identity, FileSystemInfo info, long length)
    {
        const FileAttributes Kept = FileAttributes.ReadOnly | FileAttributes.Hidden | FileAttributes.System | FileAttributes.Archive
            | FileAttributes.Temporary | FileAttributes.Offline | FileAttributes.NotContentIndexed | FileAttributes.Compressed
            | FileAttributes.SparseFile | FileAttributes.Encrypted;
        var isDirectory = identity.Kind == FileKind.Directory;
        var attributes = OperatingSystem.IsWindows() ? info.Attributes & Kept : isDirectory ? 0 : FileAttributes.Archive;
        var written = FileTime.From(info.LastWriteTimeUtc);
        return new FileMetadata
        {
            FileId = identity.Id,
            Attributes = isDirectory ? attributes | FileAttributes.Directory : attributes,
            Length = isDirectory ? 0 : length,
            AllocationSize = isDirectory ? 0 : identity.AllocationSize >= 0 ? identity.AllocationSize : (length + 4095) / 4096 * 4096,
            CreationTime = FileTime.From(info.CreationTimeUtc),
            LastAccessTime = FileTime.From(info.LastAccessTimeUtc),
            LastWriteTime = written,
            ChangeTime = written,
            LinkCount = Math.Max(identity.Links, 1),
        };
    }

    private NtResult<FileMetadata> Describe()
    {
        if (handle is null)
        {
            if (!FileIdentity.TryGet(_full, out var found) || found.Kind == FileKind.Other)
            {
                return NtStatus.ObjectNameNotFound;
            }

            FileSystemInfo info = isDirectory ? new DirectoryInfo(_full) : new FileInfo(_full);
            return ToMetadata(found, info, (info as FileInfo)?.Length ?? 0);
        }

        if (!FileIdentity.TryGet(handle, out var identity))
        {
            return NtStatus.UnexpectedIoError;
        }

        var written = FileTime.From(File.GetLastWriteTimeUtc(handle));
        var attributes = OperatingSystem.IsWindows() ? File.GetAttributes(handle) & ~FileAttributes.Normal : FileAttributes.Archive;
        var length = RandomAccess.GetLength(handle);
        return new FileMetadata
        {
            FileId = identity.Id,
            Attributes = attributes,
            Length = length,
            AllocationSize = identity.AllocationSize >= 0 ? identity.AllocationSize : (length + 4095) / 4096 * 4096,
            CreationTime = FileTime.From(File.GetCreationTimeUtc(handle)),
            LastAccessTime = FileTime.From(File.GetLastAccessTimeUtc(handle)),
            LastWriteTime = written,
            ChangeTime = written,
            LinkCount = Math.Max(identity.Links, 1),
        };
    }

    private void Set(
        FileTime time, Action<string, DateTime> setFile, Action<string, DateTime> setDirectory, Action<SafeFileHandle, DateTime> setHandle)
    {
        var value = time.ToDateTimeOffset().UtcDateTime;
        if (isDirectory)
        {
            setDirectory(_full, value);
        }
        else if (handle is not null && !OperatingSystem.IsWindows())
        {
            setHandle(handle, value);
        }
        else
        {
            setFile(_full, value); // Windows requires a handle that may write attributes
        }
    }
}
