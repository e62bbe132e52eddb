using System.Text;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Objects;
using Zio;

namespace Smb3.Embedded.Samples.ZioStore;

/// <summary>
/// A file system of Zio. Its files are put as wholes, by a move onto their names, so that nobody sees one that is half written. They have the time of
/// their last put; attributes and other times are not kept. The file system ends with the store.
/// </summary>
internal sealed class ZioFileStore(IFileSystem files, ObjectFileStoreOptions? options = null)
    : ObjectFileStore(options ?? new ObjectFileStoreOptions { Label = "Zio" }), IDisposable
{
    private const string Unfinished = ".smb-put-";

    /// <summary>The order in which keys are listed.</summary>
    private static readonly Comparer<byte[]> ByBytes = Comparer<byte[]>.Create(static (x, y) => x.AsSpan().SequenceCompareTo(y));

    // Zio refuses to move and delete what is being read.
    private readonly ReaderWriterLockSlim _turn = new();

    public void Dispose()
    {
        files.Dispose();
        _turn.Dispose();
    }

    protected override ValueTask<NtResult<IReadOnlyList<ObjectEntry>>> ListAsync(ObjectQuery query, CancellationToken cancellationToken) =>
        new(Read<IReadOnlyList<ObjectEntry>>(() =>
        {
            var folder = PathOf(query.Prefix);
            if (!files.DirectoryExists(folder))
            {
                return Array.Empty<ObjectEntry>();
            }

            var after = Encoding.UTF8.GetBytes(query.After);
            var found = files.EnumerateItems(folder, query.Folders ? SearchOption.TopDirectoryOnly : SearchOption.AllDirectories)
                .Where(static item => !item.Path.GetName().StartsWith(Unfinished, StringComparison.Ordinal))
                .Select(static item => new ObjectEntry(
                    KeyOf(item.Path, item.IsDirectory), item.IsDirectory ? 0 : item.Length, item.LastWriteTime, VersionOf(item.Length, item.LastWriteTime)));
            return found.Select(static entry => (Bytes: Encoding.UTF8.GetBytes(entry.Key), Entry: entry))
                .Where(one => ByBytes.Compare(one.Bytes, after) > 0)
                .OrderBy(static one => one.Bytes, ByBytes)
                .Take(query.Most).Select(static one => one.Entry).ToList();
        }));

    protected override ValueTask<NtResult<ObjectEntry?>> FindAsync(string key, CancellationToken cancellationToken) =>
        new(Read(() => new NtResult<ObjectEntry?>(Find(key))));

    protected override ValueTask<NtResult<int>> ReadAsync(
        string key, string? version, long offset, Memory<byte> buffer, CancellationToken cancellationToken) =>
        new(Read<int>(() =>
        {
            if (Find(key) is not { } entry)
            {
                return NtStatus.ObjectNameNotFound;
            }

            if (version is not null && version != entry.Version)
            {
                return NtStatus.FileInvalid;
            }

            using var stream = files.OpenFile(PathOf(key), FileMode.Open, FileAccess.Read, FileShare.Read);
            stream.Position = offset;
            return stream.ReadAtLeast(buffer.Span, buffer.Length, throwOnEndOfStream: false);
        }));

    protected override async ValueTask<NtResult<ObjectEntry>> PutAsync(
        string key, Stream content, string? properties, ObjectCondition condition, CancellationToken cancellationToken)
    {
        if (IsFolder(key))
        {
            return Change(() => Find(key) is not null && condition.IsAbsent ? NtStatus.ObjectNameCollision : MakeFolder(PathOf(key)), key);
        }

        // In the folder of the file, from where it can be moved: other folders may be other file systems.
        var folder = PathOf(key).GetDirectory();
        var unfinished = folder / (Unfinished + Guid.NewGuid().ToString("N"));
        try
        {
            MakeFolder(folder);
            await using (var stream = files.OpenFile(unfinished, FileMode.CreateNew, FileAccess.Write))
            {
                await content.CopyToAsync(stream, cancellationToken);
            }

            return Change(() =>
            {
                var there = Find(key);
                if (condition.IsAbsent ? there is not null : condition.Version is { } version && version != there?.Version)
                {
                    return condition.IsAbsent ? NtStatus.ObjectNameCollision : NtStatus.FileInvalid;
                }

                Replace(unfinished, PathOf(key), there is not null);
                return NtStatus.Success;
            }, key);
        }
        catch (Exception e) when (StatusOf(e) is { } status)
        {
            return status;
        }
        finally
        {
            Change(() => Delete(unfinished));
        }
    }

    protected override ValueTask<NtStatus> DeleteAsync(string key, CancellationToken cancellationToken) => new(Change(() =>
    {
        if (!IsFolder(key))
        {
            return Delete(PathOf(key));
        }

        if (files.DirectoryExists(PathOf(key)))
        {
            files.DeleteDirectory(PathOf(key), isRecursive: false);
        }

        return NtStatus.Success;
    }));

    protected override ValueTask<NtStatus> MoveAsync(string key, string newKey, CancellationToken cancellationToken) => new(Change(() =>
    {
        MakeFolder(PathOf(newKey).GetDirectory());
        if (!IsFolder(key))
        {
            Replace(PathOf(key), PathOf(newKey), files.FileExists(PathOf(newKey)));
            return NtStatus.Success;
        }

        try
        {
            files.MoveDirectory(PathOf(key), PathOf(newKey));
            return NtStatus.Success;
        }
        catch (NotSupportedException)
        {
            return NtStatus.NotSameDevice; // between two mounts: clients copy it themselves
        }
    }));

    private static bool IsFolder(string key) => key.EndsWith('/');

    private static UPath PathOf(string key) => UPath.Root / key.TrimEnd('/');

    private static string KeyOf(UPath path, bool isFolder) => path.ToRelative().FullName + (isFolder ? "/" : "");

    // There is nothing better: two puts within a tick that are equally long are one to who has the file open.
    private static string VersionOf(long length, DateTimeOffset written) => $"{written.UtcTicks:x}-{length:x}";

    private ObjectEntry? Find(string key)
    {
        var path = PathOf(key);
        if (IsFolder(key))
        {
            return files.DirectoryExists(path) ? new ObjectEntry(key, 0, files.GetLastWriteTime(path)) : null;
        }

        if (!files.FileExists(path))
        {
            return null;
        }

        var (length, written) = (files.GetFileLength(path), new DateTimeOffset(files.GetLastWriteTime(path)));
        return new ObjectEntry(key, length, written, VersionOf(length, written));
    }

    private NtStatus MakeFolder(UPath path)
    {
        // The folder of a mount is there, and cannot be made.
        if (!files.DirectoryExists(path))
        {
            files.CreateDirectory(path);
        }

        return NtStatus.Success;
    }

    private NtStatus Delete(UPath path)
    {
        if (files.FileExists(path))
        {
            files.DeleteFile(path);
        }

        return NtStatus.Success;
    }

    private void Replace(UPath from, UPath to, bool isThere)
    {
        if (isThere)
        {
            files.ReplaceFile(from, to, default, ignoreMetadataErrors: true);
        }
        else
        {
            files.MoveFile(from, to);
        }
    }

    private NtResult<T> Read<T>(Func<NtResult<T>> read)
    {
        _turn.EnterReadLock();
        try
        {
            return read();
        }
        catch (Exception e) when (StatusOf(e) is { } status)
        {
            return status;
        }
        finally
        {
            _turn.ExitReadLock();
        }
    }

    private NtStatus Change(Func<NtStatus> change)
    {
        _turn.EnterWriteLock();
        try
        {
            return change();
        }
        catch (Exception e) when (StatusOf(e) is { } status)
        {
            return status;
        }
        finally
        {
            _turn.ExitWriteLock();
        }
    }

    private NtResult<ObjectEntry> Change(Func<NtStatus> change, string key) => Change(change) is var status && status != NtStatus.Success ? status
        : Read(() => new NtResult<ObjectEntry?>(Find(key))) is { Succeeded: true, Value: { } entry } ? entry : NtStatus.ObjectNameNotFound;

    /// <summary>What the file system refuses; anything else is a fault.</summary>
    private static NtStatus? StatusOf(Exception e) => e switch
    {
        FileNotFoundException => NtStatus.ObjectNameNotFound,
        DirectoryNotFoundException => NtStatus.ObjectPathNotFound,
        UnauthorizedAccessException => NtStatus.AccessDenied,
        IOException { HResult: unchecked((int)0x80070070) or 28 } => NtStatus.DiskFull, // ERROR_DISK_FULL, ENOSPC
        NotSupportedException => NtStatus.NotSupported, // such as a move to another file system: then it is copied
        IOException => NtStatus.UnexpectedIoError,
        _ => null,
    };
}
