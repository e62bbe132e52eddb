using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Accounting;

namespace Smb3.Embedded.Storage.Memory;

/// <summary>
/// A store that keeps everything in memory: for tests, for scratch space, and as an example of a complete store. Its content is gone when
/// the store is no longer referenced.
/// </summary>
/// <remarks>
/// There are three kinds of lock, always taken in this order: the lock on names, held while a name is created, moved or removed; the lock
/// on the entries of one directory; the lock of one node. Reading and writing data takes only the last one. The last access time changes
/// only when it is set explicitly, as on NTFS by default.
/// </remarks>
public sealed partial class MemoryFileStore : IFileStore, ISnapshotStore, IQuotaStore
{
    private readonly Lock _names = new();
    private readonly MemoryFileStoreOptions _options;
    private readonly MemorySpace _space;
    private readonly MemoryDirectory _root;
    private readonly FileTime _created;
    private ulong _lastId;

    /// <summary>Creates an empty store.</summary>
    /// <param name="options">Capacity, label and so on; <see langword="null"/>: the defaults.</param>
    public MemoryFileStore(MemoryFileStoreOptions? options = null)
    {
        _options = options ?? new MemoryFileStoreOptions();
        ArgumentOutOfRangeException.ThrowIfNegative(_options.Capacity ?? 0, nameof(MemoryFileStoreOptions.Capacity));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(_options.MaxFileLength, nameof(MemoryFileStoreOptions.MaxFileLength));
        if (_options.Label.Length > 32)
        {
            throw new ArgumentException("Label must have at most 32 characters.", nameof(options));
        }

        _space = new MemorySpace(_options.Capacity ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2, new QuotaAccounts(_options.Time));
        _root = new MemoryDirectory(NextId(), _space, _options, default);
        _created = FileTime.From(_options.Time.GetUtcNow());
        Traits = new StoreTraits
        {
            MaxFileLength = _options.MaxFileLength,
            LastAccess = _options.LastAccess,
            Abilities = StoreAbilities.HardLinks | StoreAbilities.SecurityDescriptors | StoreAbilities.SparseFiles
                | StoreAbilities.DosAttributes
                | StoreAbilities.NamedStreams | StoreAbilities.ExtendedAttributes | StoreAbilities.ReparsePoints
                | StoreAbilities.Compression | StoreAbilities.BlockCloning | StoreAbilities.ObjectIds
                | StoreAbilities.Snapshots | StoreAbilities.Quotas | StoreAbilities.PosixModes
                | StoreAbilities.CanBeCaseSensitive | StoreAbilities.Extents | StoreAbilities.ZeroOnDeallocation
                | (_options.CaseSensitive ? StoreAbilities.CaseSensitive : StoreAbilities.None),
        };
    }

    /// <inheritdoc/>
    public StoreTraits Traits { get; }

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken)
    {
        var found = Find(path, out var actual);
        if (!found.Succeeded)
        {
            return new(found.Status);
        }

        return new(Open(found.Value, actual));
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken)
    {
        if (path.IsRoot)
        {
            return new(NtStatus.ObjectNameCollision);
        }

        if (path.Name.Length > Traits.MaxNameLength)
        {
            return new(NtStatus.ObjectNameInvalid);
        }

        lock (_names)
        {
            var parent = FindDirectory(path.Parent, out var actual);
            if (!parent.Succeeded)
            {
                return new(parent.Status);
            }

            var name = path.Name.ToString();
            if (parent.Value.Find(name) is not null)
            {
                return new(NtStatus.ObjectNameCollision);
            }

            MemoryNode node = parameters.IsDirectory
                ? new MemoryDirectory(NextId(), _space, _options, parameters)
                : new MemoryFileNode(NextId(), _space, _options, parameters);
            var link = new MemoryLink(name, node);
            if (!node.TryPay())
            {
                return new(NtStatus.DiskFull);
            }

            var reserves = parameters is { AllocationSize: > 0, IsDirectory: false };
            if ((reserves && new MemoryContent(node, stream: null).Reserve(parameters.AllocationSize) != NtStatus.Success) || !_space.TryTake(link.Cost))
            {
                node.Abandon();
                return new(NtStatus.DiskFull);
            }

            node.IsCompressed = parent.Value.IsCompressed;
            var handle = Open(node, actual.Append(name));
            parent.Value.Put(link);
            parent.Value.TouchWrite();
            return new(handle);
        }
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken)
    {
        lock (_names)
        {
            return new(Rename(from, to, replace));
        }
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken)
    {
        lock (_names)
        {
            return new(Link(existing, link, replace));
        }
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> CanDeleteAsync(StorePath path, CancellationToken cancellationToken)
    {
        lock (_names)
        {
            return new(FindDeletable(path, out _, out _));
        }
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken)
    {
        lock (_names)
        {
            var status = FindDeletable(path, out var parent, out var link);
            if (status != NtStatus.Success)
            {
                return new(status);
            }

            parent.Remove(link);
            parent.TouchWrite();
            link.Node.RemoveLink();
            return new(NtStatus.Success);
        }
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken)
    {
        var free = Math.Max(_space.Free, 0);
        return new(new VolumeInformation
        {
            Label = _options.Label,
            SerialNumber = _options.SerialNumber,
            CreationTime = _created,
            TotalBytes = _space.Capacity,
            FreeBytes = free,
            AvailableBytes = free,
        });
    }

    private static NtResult<IStoreFile> Open(MemoryNode node, StorePath path) =>
        node.TryOpen() ? new NtResult<IStoreFile>(new MemoryHandle(path, node)) : NtStatus.ObjectNameNotFound;

    private NtStatus FindDeletable(StorePath path, out MemoryDirectory parent, out MemoryLink link)
    {
        var status = FindLink(path, out parent, out link);
        return status == NtStatus.Success && link.Node is MemoryDirectory directory && !directory.IsEmpty()
            ? NtStatus.DirectoryNotEmpty
            : status;
    }

    private NtStatus Rename(StorePath from, StorePath to, bool replace)
    {
        var status = FindLink(from, out var oldParent, out var link);
        if (status != NtStatus.Success)
        {
            return status;
        }

        status = FindTarget(to, out var newParent);
        if (status != NtStatus.Success)
        {
            return status;
        }

        if (link.Node is MemoryDirectory moved && LeadsThrough(to.Parent, moved))
        {
            return NtStatus.InvalidParameter;
        }

        var name = to.Name.ToString();
        var victim = newParent.Find(name);
        var sameName = ReferenceEquals(victim, link);
        if (victim is not null && !sameName)
        {
            if (!replace)
            {
                return NtStatus.ObjectNameCollision;
            }

            if (victim.Node.IsDirectory || link.Node.IsDirectory)
            {
                return NtStatus.AccessDenied;
            }
        }

        var renamed = new MemoryLink(name, link.Node);
        if (!_space.TryTake(renamed.Cost))
        {
            return NtStatus.DiskFull;
        }

        // Both directories at once: every look-up sees the file under either the old name or the new one.
        var (first, second) = oldParent.Id <= newParent.Id ? (oldParent, newParent) : (newParent, oldParent);
        lock (first.EntriesLock)
        {
            lock (second.EntriesLock)
            {
                oldParent.Remove(link);
                newParent.Put(renamed);
            }
        }

        if (victim is not null && !sameName)
        {
            victim.Node.RemoveLink();
        }

        link.Node.TouchChange();
        oldParent.TouchWrite();
        if (newParent != oldParent)
        {
            newParent.TouchWrite();
        }

        return NtStatus.Success;
    }

    private NtStatus Link(StorePath existing, StorePath to, bool replace)
    {
        var found = Find(existing, out _);
        if (!found.Succeeded)
        {
            return found.Status;
        }

        if (found.Value.IsDirectory)
        {
            return NtStatus.FileIsADirectory;
        }

        var status = FindTarget(to, out var parent);
        if (status != NtStatus.Success)
        {
            return status;
        }

        var name = to.Name.ToString();
        var victim = parent.Find(name);
        if (victim is not null)
        {
            if (!replace)
            {
                return NtStatus.ObjectNameCollision;
            }

            if (victim.Node.IsDirectory)
            {
                return NtStatus.AccessDenied;
            }

            if (victim.Node == found.Value)
            {
                return NtStatus.Success;
            }
        }

        var link = new MemoryLink(name, found.Value);
        if (!_space.TryTake(link.Cost))
        {
            return NtStatus.DiskFull;
        }

        if (!found.Value.TryAddLink())
        {
            _space.Return(link.Cost);
            return NtStatus.TooManyLinks;
        }

        parent.Put(link);
        parent.TouchWrite();
        victim?.Node.RemoveLink();
        return NtStatus.Success;
    }

    private NtResult<MemoryNode> Find(StorePath path, out StorePath actual)
    {
        actual = StorePath.Root;
        if (path.IsRoot)
        {
            return _root;
        }

        var parent = FindDirectory(path.Parent, out var parentPath);
        if (!parent.Succeeded)
        {
            return parent.Status;
        }

        if (parent.Value.Find(path.Name) is not { } link)
        {
            return NtStatus.ObjectNameNotFound;
        }

        // Most clients ask for the name as written; the existing text is kept then.
        actual = parentPath.Equals(path.Parent) && path.Name.SequenceEqual(link.Name) ? path : parentPath.Append(link.Name);
        return link.Node;
    }

    private NtResult<MemoryDirectory> FindDirectory(StorePath path, out StorePath actual)
    {
        actual = path;
        var directory = _root;
        if (path.IsRoot)
        {
            return directory;
        }

        // The existing text is kept if it is written as the names are; otherwise it is built once, however deep the path.
        char[]? written = null;
        foreach (var range in path.Names)
        {
            if (directory.Find(path.Text.AsSpan(range)) is not { } link)
            {
                return NtStatus.ObjectPathNotFound;
            }

            if (link.Node.ReparseTag != 0)
            {
                return NtStatus.ReparsePointEncountered;
            }

            if (link.Node is not MemoryDirectory next)
            {
                return NtStatus.ObjectPathNotFound;
            }

            if (!path.Text.AsSpan(range).SequenceEqual(link.Name))
            {
                written ??= path.Text.ToCharArray();
                link.Name.CopyTo(written.AsSpan(range.Start.Value)); // same length: equal names differ only in case
            }

            directory = next;
        }

        actual = written is null ? path : new StorePath(new string(written));
        return directory;
    }

    private NtStatus FindLink(StorePath path, out MemoryDirectory parent, out MemoryLink link)
    {
        parent = _root;
        link = null!;
        if (path.IsRoot)
        {
            return NtStatus.AccessDenied;
        }

        var found = FindDirectory(path.Parent, out _);
        if (!found.Succeeded)
        {
            return found.Status;
        }

        parent = found.Value;
        if (parent.Find(path.Name) is not { } existing)
        {
            return NtStatus.ObjectNameNotFound;
        }

        link = existing;
        return NtStatus.Success;
    }

    private NtStatus FindTarget(StorePath path, out MemoryDirectory parent)
    {
        parent = _root;
        if (path.IsRoot)
        {
            return NtStatus.ObjectNameCollision;
        }

        if (path.Name.Length > Traits.MaxNameLength)
        {
            return NtStatus.ObjectNameInvalid;
        }

        var found = FindDirectory(path.Parent, out _);
        if (!found.Succeeded)
        {
            return found.Status;
        }

        parent = found.Value;
        return NtStatus.Success;
    }

    private bool LeadsThrough(StorePath path, MemoryDirectory directory)
    {
        var current = _root;
        if (path.IsRoot)
        {
            return false;
        }

        foreach (var range in path.Names)
        {
            if (current.Find(path.Text.AsSpan(range))?.Node is not MemoryDirectory next)
            {
                return false;
            }

            if (next == directory)
            {
                return true;
            }

            current = next;
        }

        return false;
    }

    private ulong NextId() => Interlocked.Increment(ref _lastId);
}
