using System.Buffers;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Memory;

// Data, named streams and extended attributes.
internal abstract partial class MemoryNode
{
    private Dictionary<string, MemoryNamedStream>? _streams;
    private SortedDictionary<string, ReadOnlyMemory<byte>>? _extendedAttributes;
    private uint _eaSize;

    /// <summary>The data of a file; null for a directory.</summary>
    protected MemoryData? Data { get; set; }

    /// <summary>Copies data of the file or of a stream out.</summary>
    public NtResult<int> Read(MemoryNamedStream? stream, long offset, Span<byte> buffer)
    {
        lock (Sync)
        {
            return DataOf(stream) is { } data ? data.Read(offset, buffer) : NtStatus.InvalidDeviceRequest;
        }
    }

    /// <summary>Copies data in.</summary>
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

    /// <summary>Notes how much the data is going to need.</summary>
    public NtStatus Reserve(MemoryNamedStream? stream, long size)
    {
        lock (Sync)
        {
            return DataOf(stream)?.Reserve(size) ?? NtStatus.InvalidDeviceRequest;
        }
    }

    /// <summary>What is known of the node, with the length of a stream of it.</summary>
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

    /// <summary>Opens or makes a stream, and counts a handle in.</summary>
    public NtResult<MemoryNamedStream> OpenStream(string name, bool create)
    {
        lock (Sync)
        {
            if (_links == 0 && _handles == 0)
            {
                return NtStatus.ObjectNameNotFound;
            }

            var exists = (_streams ??= new(_names)).TryGetValue(name, out var stream);
            if (exists == create)
            {
                return exists ? NtStatus.ObjectNameCollision : NtStatus.ObjectNameNotFound;
            }

            if (!exists)
            {
                if (!TryPay(MemoryCosts.OfStream(name)))
                {
                    return NtStatus.DiskFull;
                }

                _streams.Add(name, stream = new MemoryNamedStream(name, NewData()));
                MarkWritten();
            }

            _handles++;
            stream!.Handles++;
            return stream;
        }
    }

    /// <summary>Counts a handle of a stream out.</summary>
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
            if (_streams is null || _streams.Count == 0)
            {
                return [];
            }

            var list = new List<StoreStreamEntry>(_streams.Count);
            foreach (var stream in _streams.Values)
            {
                list.Add(new StoreStreamEntry(stream.Name, stream.Data.Length, stream.Data.Size));
            }

            return list;
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

    /// <summary>Renames a stream, also to that without a name.</summary>
    public NtStatus RenameStream(string name, string newName, bool replace)
    {
        lock (Sync)
        {
            if (_streams is null || !_streams.TryGetValue(name, out var stream))
            {
                return NtStatus.ObjectNameNotFound;
            }

            if (newName.Length == 0)
            {
                // Handles on the stream go on with what is the file's data now.
                if (Data is null)
                {
                    return NtStatus.InvalidParameter;
                }

                _streams.Remove(name);
                Pay(-MemoryCosts.OfStream(stream.Name));
                Data.Release();
                Data = stream.Data;
            }
            else
            {
                var replaces = _streams.TryGetValue(newName, out var victim) && victim != stream;
                if (replaces && !replace)
                {
                    return NtStatus.ObjectNameCollision;
                }

                if (!TryPay(MemoryCosts.OfStream(newName) - MemoryCosts.OfStream(stream.Name)))
                {
                    return NtStatus.DiskFull;
                }

                if (victim is not null && replaces)
                {
                    _streams.Remove(newName);
                    Remove(victim);
                }

                _streams.Remove(name);
                stream.Name = newName;
                _streams.Add(newName, stream);
            }

            MarkWritten();
            return NtStatus.Success;
        }
    }

    /// <summary>The extended attributes, in order of name.</summary>
    public IReadOnlyList<ExtendedAttribute> GetExtendedAttributes()
    {
        lock (Sync)
        {
            if (_extendedAttributes is null)
            {
                return [];
            }

            var list = new List<ExtendedAttribute>(_extendedAttributes.Count);
            foreach (var (name, value) in _extendedAttributes)
            {
                list.Add(new ExtendedAttribute(name, value));
            }

            return list;
        }
    }

    /// <summary>Sets and removes extended attributes.</summary>
    public NtStatus SetExtendedAttributes(IReadOnlyList<ExtendedAttribute> changes)
    {
        lock (Sync)
        {
            var all = new SortedDictionary<string, ReadOnlyMemory<byte>>(StringComparer.OrdinalIgnoreCase);
            foreach (var (name, value) in _extendedAttributes ?? [])
            {
                all.Add(name, value);
            }

            foreach (var change in changes)
            {
                if (change.Value.IsEmpty)
                {
                    all.Remove(change.Name);
                }
                else
                {
                    all[change.Name] = change.Value.ToArray();
                }
            }

            var size = all.Count == 0 ? 0u : 4u;
            foreach (var (name, value) in all)
            {
                size += 5u + (uint)name.Length + (uint)value.Length;
            }

            if (size > MaxEaSize)
            {
                return NtStatus.EaTooLarge;
            }

            if (!TryPay(MemoryCosts.OfAttributes(all) - MemoryCosts.OfAttributes(_extendedAttributes)))
            {
                return NtStatus.DiskFull;
            }

            _extendedAttributes = all.Count == 0 ? null : all;
            _eaSize = size;
            _changeTime = Now();
            return NtStatus.Success;
        }
    }

    /// <summary>Data with nothing in it.</summary>
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
        Pay(-MemoryCosts.OfStream(stream.Name));
    }

    private MemoryData? DataOf(MemoryNamedStream? stream) => stream is null ? Data : stream.Data;

    private void ReleaseAll()
    {
        Data?.Release();
        foreach (var stream in _streams?.Values ?? Enumerable.Empty<MemoryNamedStream>())
        {
            stream.Data.Release();
        }

        _streams = null;
        Pay(-_paid);
    }
}
