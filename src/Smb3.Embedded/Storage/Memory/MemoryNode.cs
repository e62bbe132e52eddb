using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Accounting;

namespace Smb3.Embedded.Storage.Memory;

/// <summary>
/// A file or directory apart from its names: what it consists of, and how long it lives. <see cref="Sync"/> guards everything in it and is
/// the innermost lock of the store.
/// </summary>
internal abstract class MemoryNode
{
    private const int MaxLinks = 1024; // as NTFS

    private readonly TimeProvider _time;
    private readonly StringComparer _names;
    private QuotaAccount? _account;
    private MemoryHolding _holding;
    private MemoryProperties _properties;
    private MemoryValues _values;
    private MemoryStreams? _streams;
    private uint _links;
    private int _handles;

    protected MemoryNode(ulong id, MemorySpace space, MemoryFileStoreOptions options, NewFile parameters)
    {
        Id = id;
        _time = options.Time;
        Space = space;
        _holding = new MemoryHolding(space);
        _names = options.CaseSensitive ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase;
        MaxLength = options.MaxFileLength;
        _properties = new MemoryProperties(parameters, IsDirectory, Now());
        _values = new MemoryValues(parameters.SecurityDescriptor);
        _account = space.Quotas.Of(_values.Descriptor.Span);
        _links = 1;
    }

    /// <summary>A copy without a name that shares the data. It is charged to no owner: no user can free what a snapshot holds.</summary>
    protected MemoryNode(MemoryNode source)
    {
        Id = source.Id;
        _time = source._time;
        Space = source.Space;
        _holding = new MemoryHolding(Space);
        _names = source._names;
        MaxLength = source.MaxLength;
        lock (source.Sync)
        {
            _properties = source._properties;
            _values = source._values;
            Data = source.Data?.Copy(static () => { });
            _streams = source._streams?.Copy();
            _holding.Take(CostOfItself());
        }
    }

    /// <summary>The file id.</summary>
    public ulong Id { get; }

    /// <summary>Whether this is a directory.</summary>
    public abstract bool IsDirectory { get; }

    /// <summary>Guards the node.</summary>
    public Lock Sync { get; } = new();

    /// <summary>The greatest length that data may have.</summary>
    public long MaxLength { get; }

    /// <summary>The tag of a reparse point; otherwise 0.</summary>
    public uint ReparseTag => _values.ReparseTag;

    /// <summary>Whether it is marked as compressed; new entries of a directory inherit that. Memory does nothing with the state.</summary>
    public bool IsCompressed
    {
        get => _properties.IsCompressed;
        set
        {
            lock (Sync)
            {
                _properties.IsCompressed = value;
                MarkChanged();
            }
        }
    }

    /// <summary>Where the space for everything it keeps is taken from.</summary>
    protected MemorySpace Space { get; }

    /// <summary>The data of a file; null for a directory.</summary>
    protected MemoryData? Data { get; set; }

    private bool IsGone => _links == 0 && _handles == 0;

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

    /// <summary>Counts a new handle; false when the node is gone since its name was looked up.</summary>
    public bool TryOpen()
    {
        lock (Sync)
        {
            if (IsGone)
            {
                return false;
            }

            _handles++;
            return true;
        }
    }

    /// <summary>Opens or creates a stream, and counts the new handle.</summary>
    public NtResult<MemoryNamedStream> OpenStream(string name, bool create)
    {
        lock (Sync)
        {
            if (IsGone)
            {
                return NtStatus.ObjectNameNotFound;
            }

            _streams ??= new MemoryStreams(_names, Space);
            var exists = _streams.TryFind(name, out var stream);
            if (exists == create)
            {
                return exists ? NtStatus.ObjectNameCollision : NtStatus.ObjectNameNotFound;
            }

            if (!exists)
            {
                stream = _streams.TryAdd(name, NewData());
                if (stream is null)
                {
                    return NtStatus.DiskFull;
                }

                // NTFS does not count a stream among the entries of a directory.
                if (Data is null)
                {
                    MarkChanged();
                }
                else
                {
                    MarkWritten();
                }
            }

            _handles++;
            stream!.Handles++;
            return stream;
        }
    }

    /// <summary>Uncounts a handle; the last one of a file without a name ends the file.</summary>
    /// <param name="stream">The stream that the handle was on; null: none.</param>
    public void Close(MemoryNamedStream? stream)
    {
        lock (Sync)
        {
            if (stream is not null)
            {
                _streams!.Close(stream);
            }

            _handles--;
            ReleaseIfGone();
        }
    }

    /// <summary>Counts a new name; false when there are too many.</summary>
    public bool TryAddLink()
    {
        lock (Sync)
        {
            if (_links >= MaxLinks)
            {
                return false;
            }

            _links++;
            MarkChanged();
            return true;
        }
    }

    /// <summary>Counts a new name of a copy.</summary>
    public void CountLink()
    {
        lock (Sync)
        {
            _links++;
        }
    }

    /// <summary>Uncounts a name; the last one of a file without open handles ends the file.</summary>
    public void RemoveLink()
    {
        lock (Sync)
        {
            MarkChanged();
            _links--;
            ReleaseIfGone();
        }
    }

    /// <summary>What is known about the node, with the length of its data or of one of its streams.</summary>
    public FileMetadata GetMetadata(MemoryNamedStream? stream = null)
    {
        lock (Sync)
        {
            var data = DataOf(stream);
            return _properties.AddTo(new FileMetadata
            {
                FileId = Id,
                Attributes = (IsDirectory ? FileAttributes.Directory : 0)
                    | (data is { IsSparse: true } ? FileAttributes.SparseFile : 0)
                    | (_values.ReparsePoint.IsEmpty ? 0 : FileAttributes.ReparsePoint),
                Length = data?.Length ?? 0,
                AllocationSize = data?.Size ?? 0,
                LinkCount = Math.Max(_links, 1),
                EaSize = _values.ExtendedAttributes.Size,
                ReparseTag = _values.ReparseTag,
            });
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
            _properties.Apply(change, Now());
        }
    }

    /// <summary>Sets the permission bits.</summary>
    public void SetUnixMode(UnixFileMode mode)
    {
        lock (Sync)
        {
            _properties.Mode = mode;
            MarkChanged();
        }
    }

    /// <summary>Stamps a change of the name.</summary>
    public void TouchChange()
    {
        lock (Sync)
        {
            MarkChanged();
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

    /// <summary>What clients keep with the node, as of now.</summary>
    public MemoryValues GetValues()
    {
        lock (Sync)
        {
            return _values;
        }
    }

    /// <summary>Keeps a copy of a descriptor.</summary>
    public NtStatus SetSecurityDescriptor(ReadOnlyMemory<byte> descriptor)
    {
        lock (Sync)
        {
            var status = _values.SetDescriptor(descriptor, ref _holding);
            if (status == NtStatus.Success)
            {
                ChargeTo(Space.Quotas.Of(_values.Descriptor.Span));
                MarkChanged();
            }

            return status;
        }
    }

    /// <summary>Keeps a copy of a REPARSE_DATA_BUFFER; an empty one turns the node into an ordinary file.</summary>
    public NtStatus SetReparsePoint(ReadOnlyMemory<byte> buffer)
    {
        lock (Sync)
        {
            return Changed(_values.SetReparsePoint(buffer, ref _holding));
        }
    }

    /// <summary>Keeps a copy of an object id's buffer.</summary>
    public NtStatus SetObjectId(ReadOnlyMemory<byte> buffer)
    {
        lock (Sync)
        {
            return _values.SetObjectId(buffer, ref _holding);
        }
    }

    /// <summary>Keeps a copy of the short names that were given to files in the directory.</summary>
    public NtStatus SetShortNames(ReadOnlyMemory<byte> names)
    {
        lock (Sync)
        {
            return _values.SetShortNames(names, ref _holding);
        }
    }

    /// <summary>Sets and removes extended attributes.</summary>
    public NtStatus SetExtendedAttributes(IReadOnlyList<ExtendedAttribute> changes)
    {
        lock (Sync)
        {
            return Changed(_values.SetExtendedAttributes(changes, ref _holding));
        }
    }

    /// <summary>The streams.</summary>
    public IReadOnlyList<StoreStreamEntry> ListStreams()
    {
        lock (Sync)
        {
            return _streams?.ToList() ?? [];
        }
    }

    /// <summary>Removes a stream.</summary>
    public NtStatus DeleteStream(string name)
    {
        lock (Sync)
        {
            if (_streams?.Remove(name) != true)
            {
                return NtStatus.ObjectNameNotFound;
            }

            MarkWritten();
            return NtStatus.Success;
        }
    }

    /// <summary>Renames a stream, possibly to the unnamed one.</summary>
    public NtStatus RenameStream(string name, string newName, bool replace)
    {
        lock (Sync)
        {
            if (_streams is null || !_streams.TryFind(name, out var stream))
            {
                return NtStatus.ObjectNameNotFound;
            }

            if (newName.Length > 0)
            {
                var status = _streams.Rename(stream, newName, replace);
                if (status != NtStatus.Success)
                {
                    return status;
                }
            }
            else if (Data is not null)
            {
                // Handles on the stream continue with what is now the file's data.
                Data.Release();
                Data = _streams.TakeData(stream);
            }
            else
            {
                return NtStatus.InvalidParameter;
            }

            MarkWritten();
            return NtStatus.Success;
        }
    }

    /// <summary>Makes the data a stream, and counts handles on it; the node has new data.</summary>
    public NtResult<MemoryNamedStream> NameData(string name, bool replace, int handles)
    {
        lock (Sync)
        {
            if (Data is null)
            {
                return NtStatus.InvalidParameter;
            }

            _streams ??= new MemoryStreams(_names, Space);
            if (!replace && _streams.TryFind(name, out _))
            {
                return NtStatus.ObjectNameCollision;
            }

            if (_streams.TryAdd(name, Data) is not { } stream)
            {
                return NtStatus.DiskFull;
            }

            Data = NewData();
            stream.Handles = handles;
            _handles += handles;
            MarkWritten();
            return stream;
        }
    }

    /// <summary>The data of the node or of a stream; called with <see cref="Sync"/> held.</summary>
    public MemoryData? DataOf(MemoryNamedStream? stream) => stream is null ? Data : stream.Data;

    /// <summary>Stamps a change of anything; called with <see cref="Sync"/> held.</summary>
    public void MarkChanged() => _properties.ChangeTime = Now();

    /// <summary>Creates empty data.</summary>
    protected MemoryData NewData() => new(Space, MaxLength, MarkWritten) { Account = _account };

    private void MarkWritten() => _properties.MarkWritten(Now());

    private NtStatus Changed(NtStatus status)
    {
        if (status == NtStatus.Success)
        {
            MarkChanged();
        }

        return status;
    }

    /// <summary>Charges the bytes to another owner from now on.</summary>
    private void ChargeTo(QuotaAccount? account)
    {
        if (account != _account)
        {
            _account = account;
            Data?.ChargeTo(account);
            _streams?.ChargeTo(account);
        }
    }

    private void ReleaseIfGone()
    {
        if (IsGone)
        {
            ReleaseAll();
        }
    }

    private void ReleaseAll()
    {
        Data?.Release();
        _streams?.ReleaseAll();
        _streams = null;
        _holding.ReturnAll();
    }

    private long CostOfItself() => (IsDirectory ? MemoryCosts.Directory : MemoryCosts.File) + _values.Cost;

    private FileTime Now() => FileTime.From(_time.GetUtcNow());
}
