using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Memory;

/// <summary>
/// A file or directory apart from its names. <see cref="Sync"/> guards everything in it and is the innermost lock of the store.
/// </summary>
internal abstract partial class MemoryNode
{
    // Attributes that tell what the file is, rather than what a client wished it to be, are kept elsewhere.
    private const FileAttributes NotKept = FileAttributes.Directory | FileAttributes.Normal | FileAttributes.SparseFile
        | FileAttributes.Compressed | FileAttributes.ReparsePoint;

    // What most systems create with the usual umask: rw-r--r-- and rwxr-xr-x.
    private const UnixFileMode UsualFileMode = (UnixFileMode)0b110_100_100;
    private const UnixFileMode UsualDirectoryMode = (UnixFileMode)0b111_101_101;

    private readonly TimeProvider _time;
    private readonly StringComparer _names;
    private readonly long _maxLength;
    private FileAttributes _attributes;
    private UnixFileMode _mode;
    private FileTime _creationTime;
    private FileTime _lastAccessTime;
    private FileTime _lastWriteTime;
    private FileTime _changeTime;
    private ReadOnlyMemory<byte> _securityDescriptor;
    private uint _links;
    private int _handles;

    protected MemoryNode(ulong id, MemorySpace space, MemoryFileStoreOptions options, NewFile parameters)
    {
        Id = id;
        _time = options.Time;
        Space = space;
        _holding = new MemoryHolding(space);
        _names = options.CaseSensitive ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase;
        _maxLength = options.MaxFileLength;
        _attributes = parameters.Attributes & ~NotKept;
        _mode = parameters.UnixMode ?? (IsDirectory ? UsualDirectoryMode : UsualFileMode);
        _securityDescriptor = parameters.SecurityDescriptor.ToArray();
        _account = space.Quotas.Of(_securityDescriptor.Span);
        _creationTime = _lastAccessTime = _lastWriteTime = _changeTime = Now();
        _links = 1;
    }

    /// <summary>Takes space for the newly created node itself; without it the node must not become visible.</summary>
    public bool TryPay()
    {
        lock (Sync)
        {
            return _holding.TryTake(CostOfItself());
        }
    }

    /// <summary>Gives up a node that never became visible.</summary>
    public void Abandon()
    {
        lock (Sync)
        {
            _links = 0;
            ReleaseAll();
        }
    }

    /// <summary>The file id.</summary>
    public ulong Id { get; }

    /// <summary>Whether this is a directory.</summary>
    public abstract bool IsDirectory { get; }

    /// <summary>Guards the node.</summary>
    protected Lock Sync { get; } = new();

    /// <summary>Where the space for everything it keeps is taken from.</summary>
    protected MemorySpace Space { get; }

    /// <summary>Counts a new handle; false when the node is gone since its name was looked up.</summary>
    public bool TryOpen()
    {
        lock (Sync)
        {
            if (_links == 0 && _handles == 0)
            {
                return false;
            }

            _handles++;
            return true;
        }
    }

    /// <summary>Uncounts a handle; the last one of a file without a name ends the file.</summary>
    public void Close()
    {
        lock (Sync)
        {
            if (--_handles == 0 && _links == 0)
            {
                ReleaseAll();
            }
        }
    }

    /// <summary>Counts a new name; false when there are too many.</summary>
    public bool TryAddLink()
    {
        lock (Sync)
        {
            if (_links >= 1024) // as NTFS
            {
                return false;
            }

            _links++;
            _changeTime = Now();
            return true;
        }
    }

    /// <summary>Uncounts a name; the last one of a file without open handles ends the file.</summary>
    public void RemoveLink()
    {
        lock (Sync)
        {
            _changeTime = Now();
            if (--_links == 0 && _handles == 0)
            {
                ReleaseAll();
            }
        }
    }

    /// <summary>What is known about the node.</summary>
    public FileMetadata GetMetadata()
    {
        lock (Sync)
        {
            return new FileMetadata
            {
                FileId = Id,
                Attributes = _attributes | NatureOf(Data),
                Length = Data?.Length ?? 0,
                AllocationSize = Data?.Size ?? 0,
                CreationTime = _creationTime,
                LastAccessTime = _lastAccessTime,
                LastWriteTime = _lastWriteTime,
                ChangeTime = _changeTime,
                LinkCount = Math.Max(_links, 1),
                EaSize = _extendedAttributes.Size,
                ReparseTag = ReparseTag,
                UnixMode = _mode,
            };
        }
    }

    /// <summary>Changes attributes and times.</summary>
    public void SetMetadata(in FileMetadataChange change)
    {
        if (change.IsEmpty)
        {
            return;
        }

        lock (Sync)
        {
            if (change.Attributes is { } attributes)
            {
                _attributes = attributes & ~NotKept;
            }

            _creationTime = change.CreationTime ?? _creationTime;
            _lastAccessTime = change.LastAccessTime ?? _lastAccessTime;
            _lastWriteTime = change.LastWriteTime ?? _lastWriteTime;
            _changeTime = change.ChangeTime ?? Now();
        }
    }

    /// <summary>Sets the permission bits.</summary>
    public void SetUnixMode(UnixFileMode mode)
    {
        lock (Sync)
        {
            _mode = mode;
            _changeTime = Now();
        }
    }

    /// <summary>Stamps a change of the name.</summary>
    public void TouchChange()
    {
        lock (Sync)
        {
            _changeTime = Now();
        }
    }

    /// <summary>Stamps a change of a directory's entries.</summary>
    public void TouchWrite()
    {
        lock (Sync)
        {
            MarkWritten();
        }
    }

    /// <summary>The stored descriptor, never changed in place.</summary>
    public ReadOnlyMemory<byte> GetSecurityDescriptor()
    {
        lock (Sync)
        {
            return _securityDescriptor;
        }
    }

    /// <summary>Keeps a copy of a descriptor.</summary>
    public NtStatus SetSecurityDescriptor(ReadOnlyMemory<byte> descriptor)
    {
        lock (Sync)
        {
            if (!TryReplace(ref _securityDescriptor, descriptor))
            {
                return NtStatus.DiskFull;
            }

            ChargeTo(Space.Quotas.Of(_securityDescriptor.Span));
            _changeTime = Now();
            return NtStatus.Success;
        }
    }

    /// <summary>Stamps a change of the data; called with <see cref="Sync"/> held.</summary>
    protected void MarkWritten() => _lastWriteTime = _changeTime = Now();

    private FileTime Now() => FileTime.From(_time.GetUtcNow());
}
