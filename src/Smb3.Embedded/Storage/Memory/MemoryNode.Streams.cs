using System.Buffers;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Memory;

// Data, named streams and extended attributes.
internal abstract partial class MemoryNode
{
    private MemoryStreams? _streams;
    private MemoryExtendedAttributes _extendedAttributes = MemoryExtendedAttributes.None;

    /// <summary>The data of a file; null for a directory.</summary>
    protected MemoryData? Data { get; set; }

    /// <summary>Reads data of the file or of a stream into a buffer.</summary>
    public NtResult<int> Read(MemoryNamedStream? stream, long offset, Span<byte> buffer)
    {
        lock (Sync)
        {
            return DataOf(stream) is { } data ? data.Read(offset, buffer) : NtStatus.InvalidDeviceRequest;
        }
    }

    /// <summary>Writes data.</summary>
    public NtStatus Write(MemoryNamedStream? stream, long offset, in ReadOnlySequence<byte> data)
    {
        lock (Sync)
        {
            return DataOf(stream)?.Write(offset, data) ?? NtStatus.InvalidDeviceRequest;
        }
    }

    /// <summary>Sets the end of file.</summary>
    public NtStatus SetLength(MemoryNamedStream? stream, long length)
    {
        lock (Sync)
        {
            return DataOf(stream)?.SetLength(length) ?? NtStatus.InvalidDeviceRequest;
        }
    }

    /// <summary>Notes how much space the data is going to need.</summary>
    public NtStatus Reserve(MemoryNamedStream? stream, long size)
    {
        lock (Sync)
        {
            return DataOf(stream)?.Reserve(size) ?? NtStatus.InvalidDeviceRequest;
        }
    }

    /// <summary>What is known about the node, with the length of one of its streams.</summary>
    public FileMetadata GetMetadata(MemoryNamedStream stream)
    {
        lock (Sync)
        {
            return GetMetadata() with
            {
                Attributes = _attributes | NatureOf(stream.Data),
                Length = stream.Data.Length,
                AllocationSize = stream.Data.Size,
            };
        }
    }

    /// <summary>Opens or creates a stream, and counts the new handle.</summary>
    public NtResult<MemoryNamedStream> OpenStream(string name, bool create)
    {
        lock (Sync)
        {
            if (_links == 0 && _handles == 0)
            {
                return NtStatus.ObjectNameNotFound;
            }

            var exists = (_streams ??= new(_names)).TryFind(name, out var stream);
            if (exists == create)
            {
                return exists ? NtStatus.ObjectNameCollision : NtStatus.ObjectNameNotFound;
            }

            if (!exists)
            {
                if (!_holding.TryTake(MemoryCosts.OfStream(name)))
                {
                    return NtStatus.DiskFull;
                }

                _streams.Add(stream = new MemoryNamedStream(name, NewData()));
                MarkWritten();
            }

            _handles++;
            stream!.Handles++;
            return stream;
        }
    }

    /// <summary>Uncounts a handle of a stream.</summary>
    public void Close(MemoryNamedStream stream)
    {
        lock (Sync)
        {
            if (--stream.Handles == 0 && stream.IsRemoved)
            {
                Release(stream);
            }
        }

        Close();
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
            if (_streams is null || !_streams.Remove(name, out var stream))
            {
                return NtStatus.ObjectNameNotFound;
            }

            Remove(stream);
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

            if (newName.Length == 0)
            {
                // Handles on the stream continue with what is now the file's data.
                if (Data is null)
                {
                    return NtStatus.InvalidParameter;
                }

                _streams.Remove(name, out _);
                _holding.Take(-MemoryCosts.OfStream(stream.Name));
                Data.Release();
                Data = stream.Data;
            }
            else
            {
                var replaces = _streams.TryFind(newName, out var victim) && victim != stream;
                if (replaces && !replace)
                {
                    return NtStatus.ObjectNameCollision;
                }

                if (!_holding.TryTake(MemoryCosts.OfStream(newName) - MemoryCosts.OfStream(stream.Name)))
                {
                    return NtStatus.DiskFull;
                }

                if (victim is not null && replaces)
                {
                    _streams.Remove(newName, out _);
                    Remove(victim);
                }

                _streams.Remove(name, out _);
                stream.Name = newName;
                _streams.Add(stream);
            }

            MarkWritten();
            return NtStatus.Success;
        }
    }

    /// <summary>The extended attributes, ordered by name.</summary>
    public IReadOnlyList<ExtendedAttribute> GetExtendedAttributes()
    {
        lock (Sync)
        {
            return _extendedAttributes.ToList();
        }
    }

    /// <summary>Sets and removes extended attributes.</summary>
    public NtStatus SetExtendedAttributes(IReadOnlyList<ExtendedAttribute> changes)
    {
        lock (Sync)
        {
            var changed = _extendedAttributes.With(changes);
            if (!changed.IsAllowed)
            {
                return NtStatus.EaTooLarge;
            }

            if (!_holding.TryTake(changed.Cost - _extendedAttributes.Cost))
            {
                return NtStatus.DiskFull;
            }

            _extendedAttributes = changed;
            _changeTime = Now();
            return NtStatus.Success;
        }
    }

    /// <summary>Creates empty data.</summary>
    protected MemoryData NewData() => new(Space, _maxLength, MarkWritten) { Account = _account };

    private void Remove(MemoryNamedStream stream)
    {
        stream.IsRemoved = true;
        if (stream.Handles == 0)
        {
            Release(stream);
        }
    }

    private void Release(MemoryNamedStream stream)
    {
        stream.Data.Release();
        _holding.Take(-MemoryCosts.OfStream(stream.Name));
    }

    private MemoryData? DataOf(MemoryNamedStream? stream) => stream is null ? Data : stream.Data;

    private void ReleaseAll()
    {
        Data?.Release();
        _streams?.Release();
        _streams = null;
        _holding.ReturnAll();
    }
}
