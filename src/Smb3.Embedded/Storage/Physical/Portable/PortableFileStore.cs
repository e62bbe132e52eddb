using Microsoft.Win32.SafeHandles;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Physical.Portable;

/// <summary>
/// A folder accessed through System.IO, for systems where the store has nothing better. No link or reparse point is followed: every name
/// of a path is inspected before the next one is resolved.
/// </summary>
internal sealed class PortableFileStore : IFileStore, IPlacedStore, IChangeSource
{
    private readonly PhysicalFileStoreOptions _options;
    private readonly string _root;
    private readonly string _label;
    private readonly FileIdentity _identity;
    private readonly Lock _names = new();
    private readonly HashSet<PortableFile> _open = [];

    public PortableFileStore(string folder, PhysicalFileStoreOptions options)
    {
        _options = options;
        _root = Path.TrimEndingDirectorySeparator(folder);
        _label = options.LabelOf(folder);
        if (!Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException($"'{folder}' is not a folder.");
        }

        using (Directory.EnumerateFileSystemEntries(folder).GetEnumerator())
        {
            // Throws when the folder cannot be read.
        }

        TryIdentifyRoot(out _identity);
        Traits = new StoreTraits
        {
            MaxFileLength = options.MaxFileLength,
            LastAccess = options.LastAccess,
            Abilities = (OperatingSystem.IsWindows() ? StoreAbilities.DosAttributes : 0)
                | (options.CaseSensitive ? StoreAbilities.CaseSensitive : 0)
                | (options.ReadOnly ? StoreAbilities.ReadOnly : 0),
        };
    }

    /// <inheritdoc/>
    public StoreTraits Traits { get; }

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken) =>
        new(Guard(() => Open(path, access)));

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken) =>
        new(Guard(() => Create(path, parameters)));

    /// <inheritdoc/>
    public ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken) =>
        new(Guard<bool>(() => Rename(from, to, replace)).Status);

    /// <summary>System.IO in this version cannot create hard links.</summary>
    public ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken) =>
        new(NtStatus.NotSupported);

    /// <inheritdoc/>
    public ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken) =>
        new(Guard<bool>(() => Delete(path)).Status);

    /// <inheritdoc/>
    public ValueTask<NtStatus> CanDeleteAsync(StorePath path, CancellationToken cancellationToken) =>
        new(Guard<bool>(() => CanDelete(path)).Status);

    /// <inheritdoc/>
    public ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken) => new(Guard(() =>
    {
        var drive = new DriveInfo(_root);
        FileIdentity.TryGet(_root, out var identity);
        return new NtResult<VolumeInformation>(new VolumeInformation
        {
            Label = _label,
            SerialNumber = (uint)(identity.Id ^ (identity.Id >> 32)) is var serial and not 0 ? serial : 1,
            CreationTime = FileTime.From(Directory.GetCreationTimeUtc(_root)),
            TotalBytes = drive.TotalSize,
            FreeBytes = drive.TotalFreeSpace,
            AvailableBytes = Math.Min(drive.AvailableFreeSpace, drive.TotalFreeSpace),
        });
    }));

    /// <inheritdoc/>
    public StorePlace CheckPlace() =>
        !TryIdentifyRoot(out var now) || now.Kind != FileKind.Directory ? StorePlace.Missing
        : (now.Id, now.Device) == (_identity.Id, _identity.Device) ? StorePlace.Same
        : StorePlace.Replaced;

    /// <inheritdoc/>
    public IFileStore OpenAgain() => new PortableFileStore(_root, _options);

    /// <inheritdoc/>
    public IDisposable? Watch(StorePath directory, bool tree, Action<StoreChange?> changed) =>
        FolderWatch.Start(Path.Join(_root, directory.Text.Replace('\\', Path.DirectorySeparatorChar)), directory, tree, changed);

    /// <summary>Forgets a handle that was closed.</summary>
    public void Forget(PortableFile file)
    {
        lock (_names)
        {
            _open.Remove(file);
        }
    }

    private static NtResult<T> Guard<T>(Func<NtResult<T>> work)
    {
        try
        {
            return work();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return PortableErrors.ToStatus(exception);
        }
    }

    private NtResult<IStoreFile> Open(StorePath path, StoreAccess access)
    {
        if (access == StoreAccess.ReadWrite && _options.ReadOnly)
        {
            return NtStatus.MediaWriteProtected;
        }

        var status = Find(path, out var full, out var actual, out var identity);
        if (status != NtStatus.Success)
        {
            return status;
        }

        if (identity.Kind == FileKind.Directory && access != StoreAccess.Metadata && !FolderRights.MayList(full))
        {
            return NtStatus.AccessDenied;
        }

        SafeFileHandle? handle = null;
        if (identity.Kind == FileKind.File)
        {
            try
            {
                handle = OpenHandle(full, access == StoreAccess.ReadWrite ? FileAccess.ReadWrite : FileAccess.Read);

                // What was inspected and what was opened must be the same file; otherwise a link has taken its place.
                if (!FileIdentity.TryGet(handle, out var opened) || opened.Id != identity.Id || opened.Kind != FileKind.File)
                {
                    handle.Dispose();
                    return NtStatus.AccessDenied;
                }
            }
            catch (Exception exception) when (access == StoreAccess.Metadata && exception is IOException or UnauthorizedAccessException)
            {
                // Metadata is available by name too.
            }
        }

        return Track(new PortableFile(this, full, actual, handle, identity.Kind == FileKind.Directory));
    }

    private static SafeFileHandle OpenHandle(string path, FileAccess access) =>
        File.OpenHandle(path, FileMode.Open, access, FileShare.ReadWrite | FileShare.Delete, FileOptions.Asynchronous);

    private NtResult<IStoreFile> Track(PortableFile file)
    {
        lock (_names)
        {
            _open.Add(file);
        }

        return file;
    }

    private NtResult<IStoreFile> Create(StorePath path, NewFile parameters)
    {
        if (_options.ReadOnly)
        {
            return NtStatus.MediaWriteProtected;
        }

        if (path.IsRoot)
        {
            return NtStatus.ObjectNameCollision;
        }

        lock (_names)
        {
            var status = FindTarget(path, out var full, out var actual, out var existing);
            if (status != NtStatus.Success)
            {
                return status;
            }

            if (existing is not null)
            {
                return NtStatus.ObjectNameCollision;
            }

            SafeFileHandle? handle = null;
            if (parameters.IsDirectory)
            {
                Directory.CreateDirectory(full);
            }
            else
            {
                handle = File.OpenHandle(
                    full, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, FileOptions.Asynchronous);
            }

            const FileAttributes NotKept = FileAttributes.Directory | FileAttributes.Normal;
            if (OperatingSystem.IsWindows() && (parameters.Attributes & ~NotKept) != 0)
            {
                File.SetAttributes(full, parameters.Attributes & ~NotKept);
            }

            return Track(new PortableFile(this, full, actual, handle, parameters.IsDirectory));
        }
    }

    private NtResult<bool> Rename(StorePath from, StorePath to, bool replace)
    {
        if (_options.ReadOnly)
        {
            return NtStatus.MediaWriteProtected;
        }

        if (from.IsRoot)
        {
            return NtStatus.AccessDenied;
        }

        if (to.IsRoot)
        {
            return NtStatus.ObjectNameCollision;
        }

        lock (_names)
        {
            var status = Find(from, out var source, out var actualFrom, out var moved);
            if (status != NtStatus.Success)
            {
                return status;
            }

            status = FindTarget(to, out var target, out var actualTo, out var existing);
            if (status != NtStatus.Success)
            {
                return status;
            }

            if (moved.Kind == FileKind.Directory && actualTo.IsBelow(actualFrom, StringComparison.Ordinal))
            {
                return NtStatus.InvalidParameter;
            }

            if (existing is not null && existing != source)
            {
                if (!replace)
                {
                    return NtStatus.ObjectNameCollision;
                }

                if (!FileIdentity.TryGet(existing, out var victim))
                {
                    return NtStatus.ObjectNameNotFound;
                }

                if (victim.Kind != FileKind.File || moved.Kind != FileKind.File)
                {
                    return NtStatus.AccessDenied;
                }

                if (victim.Id == moved.Id)
                {
                    File.Delete(source);
                }
                else
                {
                    File.Move(source, existing, overwrite: true);
                }

                if (existing != target)
                {
                    File.Move(existing, target, overwrite: false);
                }
            }
            else if (source != target)
            {
                if (moved.Kind == FileKind.Directory)
                {
                    Directory.Move(source, target);
                }
                else
                {
                    File.Move(source, target, overwrite: false);
                }
            }

            foreach (var file in _open)
            {
                file.Moved(source, target);
            }

            return true;
        }
    }

    private NtResult<bool> Delete(StorePath path)
    {
        if (_options.ReadOnly)
        {
            return NtStatus.MediaWriteProtected;
        }

        if (path.IsRoot)
        {
            return NtStatus.AccessDenied;
        }

        lock (_names)
        {
            var status = Find(path, out var full, out _, out var identity);
            if (status != NtStatus.Success)
            {
                return status;
            }

            foreach (var file in _open)
            {
                file.BeforeDelete(full);
            }

            if (identity.Kind == FileKind.Directory)
            {
                Directory.Delete(full);
                return true;
            }

            // Win32 does not delete read-only files; whether being read-only forbids it has been decided above the store.
            var attributes = OperatingSystem.IsWindows() ? File.GetAttributes(full) : 0;
            if ((attributes & FileAttributes.ReadOnly) != 0)
            {
                File.SetAttributes(full, attributes & ~FileAttributes.ReadOnly);
            }

            File.Delete(full);
            return true;
        }
    }

    /// <summary>Only the root may be a link: deployments swap folders that way.</summary>
    private bool TryIdentifyRoot(out FileIdentity identity)
    {
        identity = default;
        try
        {
            return FileIdentity.TryGet(new DirectoryInfo(_root).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? _root, out identity);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private NtResult<bool> CanDelete(StorePath path)
    {
        if (_options.ReadOnly)
        {
            return NtStatus.MediaWriteProtected;
        }

        if (path.IsRoot)
        {
            return NtStatus.AccessDenied;
        }

        lock (_names)
        {
            var status = Find(path, out var full, out _, out var identity);
            if (status is NtStatus.Success or NtStatus.ObjectNameNotFound
                && FolderRights.CheckRemovalFrom(Path.GetDirectoryName(full)!) is var refused && refused != NtStatus.Success)
            {
                return refused;
            }

            if (status != NtStatus.Success)
            {
                return status;
            }

            // This counts entries whether or not clients are shown them.
            return identity.Kind == FileKind.Directory && Directory.EnumerateFileSystemEntries(full).Any()
                ? NtStatus.DirectoryNotEmpty
                : true;
        }
    }

    /// <summary>Finds what is at a path: a file or a directory that is not reached through a link.</summary>
    private NtStatus Find(StorePath path, out string full, out StorePath actual, out FileIdentity identity)
    {
        full = _root;
        actual = StorePath.Root;
        identity = default;
        if (!path.IsRoot)
        {
            var rest = path.Text.AsSpan();
            while (true)
            {
                var cut = rest.IndexOf('\\');
                var isLast = cut < 0;
                if (FindEntry(full, isLast ? rest : rest[..cut]) is not { } name)
                {
                    return isLast ? NtStatus.ObjectNameNotFound : NtStatus.ObjectPathNotFound;
                }

                full = Path.Join(full, name);
                actual = actual.Append(name);
                if (isLast)
                {
                    break;
                }

                rest = rest[(cut + 1)..];
                if (!FileIdentity.TryGet(full, out identity) || identity.Kind != FileKind.Directory)
                {
                    return NtStatus.ObjectPathNotFound;
                }
            }
        }

        if (!FileIdentity.TryGet(full, out identity))
        {
            return NtStatus.ObjectNameNotFound;
        }

        return identity.Kind == FileKind.Other ? NtStatus.AccessDenied : NtStatus.Success;
    }

    /// <summary>Finds where a new name goes, and which entry already has that name in some case.</summary>
    private NtStatus FindTarget(StorePath path, out string full, out StorePath actual, out string? existing)
    {
        full = string.Empty;
        actual = path;
        existing = null;
        if (!PortableNames.IsAllowed(path.Name))
        {
            return NtStatus.ObjectNameInvalid;
        }

        var status = Find(path.Parent, out var parent, out var actualParent, out var identity);
        if (status != NtStatus.Success || identity.Kind != FileKind.Directory)
        {
            return status is NtStatus.ObjectNameNotFound or NtStatus.Success ? NtStatus.ObjectPathNotFound : status;
        }

        full = Path.Join(parent, path.Name);
        actual = actualParent.Append(path.Name);
        if (FindEntry(parent, path.Name) is { } name)
        {
            existing = Path.Join(parent, name);
        }

        return NtStatus.Success;
    }

    /// <summary>The name, as it was created, of an entry that is looked up ignoring case.</summary>
    private string? FindEntry(string directory, ReadOnlySpan<char> name)
    {
        if (!PortableNames.IsAllowed(name))
        {
            return null;
        }

        var asked = name.ToString();
        var exists = FileIdentity.TryGet(Path.Join(directory, asked), out _);
        if (OperatingSystem.IsWindows())
        {
            // The name has no wildcard, so this is a single look-up.
            foreach (var entry in new DirectoryInfo(directory).EnumerateFileSystemInfos(asked, PortableListing.Everything))
            {
                if (entry.Name.Equals(asked, StringComparison.OrdinalIgnoreCase))
                {
                    return entry.Name;
                }
            }

            return null;
        }

        // On Linux the name as written is the name as created. macOS may find it in any case, and only the directory knows which.
        if (_options.CaseSensitive || (exists && !OperatingSystem.IsMacOS()))
        {
            return exists ? asked : null;
        }

        string? other = null;
        foreach (var entry in Directory.EnumerateFileSystemEntries(directory, "*", PortableListing.Everything))
        {
            var found = Path.GetFileName(entry);
            if (found == asked)
            {
                return found;
            }

            if (found.Equals(asked, StringComparison.OrdinalIgnoreCase))
            {
                other ??= found;
            }
        }

        return other;
    }
}
