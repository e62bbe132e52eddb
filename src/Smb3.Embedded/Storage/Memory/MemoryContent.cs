using System.Buffers;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Memory;

/// <summary>The data that a handle is on: that of a file, or of one of its streams. A directory has none.</summary>
/// <param name="node">The file.</param>
/// <param name="stream">The stream; null for the file itself.</param>
internal readonly struct MemoryContent(MemoryNode node, MemoryNamedStream? stream)
{
    /// <summary>Reads into a buffer.</summary>
    public NtResult<int> Read(long offset, Span<byte> buffer)
    {
        lock (node.Sync)
        {
            return node.DataOf(stream) is { } data ? data.Read(offset, buffer) : NtStatus.InvalidDeviceRequest;
        }
    }

    /// <summary>Writes.</summary>
    public NtStatus Write(long offset, in ReadOnlySequence<byte> data)
    {
        lock (node.Sync)
        {
            return node.DataOf(stream)?.Write(offset, data) ?? NtStatus.InvalidDeviceRequest;
        }
    }

    /// <summary>Sets the end of file.</summary>
    public NtStatus SetLength(long length)
    {
        lock (node.Sync)
        {
            return node.DataOf(stream)?.SetLength(length) ?? NtStatus.InvalidDeviceRequest;
        }
    }

    /// <summary>Notes how much space the data is going to need.</summary>
    public NtStatus Reserve(long size)
    {
        lock (node.Sync)
        {
            return node.DataOf(stream)?.Reserve(size) ?? NtStatus.InvalidDeviceRequest;
        }
    }

    /// <summary>Makes the data sparse or not.</summary>
    public NtStatus SetSparse(bool sparse)
    {
        lock (node.Sync)
        {
            if (node.DataOf(stream) is not { } data)
            {
                return NtStatus.InvalidDeviceRequest;
            }

            data.IsSparse = sparse;
            node.MarkChanged();
            return NtStatus.Success;
        }
    }

    /// <summary>Makes a range read as zeros.</summary>
    public NtStatus Zero(long offset, long length)
    {
        lock (node.Sync)
        {
            node.DataOf(stream)?.Zero(offset, length);
            return NtStatus.Success;
        }
    }

    /// <summary>Finds a range that occupies space.</summary>
    public StoreRange FindAllocated(long offset)
    {
        lock (node.Sync)
        {
            return node.DataOf(stream)?.FindAllocated(offset) ?? default;
        }
    }

    /// <summary>Finds where data is kept.</summary>
    public IReadOnlyList<StoreExtent> FindExtents(long offset)
    {
        lock (node.Sync)
        {
            return node.DataOf(stream)?.FindExtents(offset) ?? [];
        }
    }

    /// <summary>Has the space that the data gives back overwritten.</summary>
    public NtStatus Erase()
    {
        lock (node.Sync)
        {
            node.DataOf(stream)?.Erase();
            return NtStatus.Success;
        }
    }

    /// <summary>Copies or clones: chunks are shared where they match, which makes no difference to readers.</summary>
    public NtStatus CopyFrom(in MemoryContent source, long sourceOffset, long targetOffset, long length)
    {
        // The locks are taken one after the other: what is taken is one state of the source, whatever happens to it afterwards.
        if (!source.TryTake(sourceOffset, ref length, out var pieces))
        {
            return NtStatus.InvalidDeviceRequest;
        }

        if (length <= 0)
        {
            return NtStatus.Success;
        }

        NtStatus status;
        lock (node.Sync)
        {
            var data = node.DataOf(stream);
            status = data is null ? NtStatus.InvalidDeviceRequest
                : targetOffset > node.MaxLength - length ? NtStatus.FileTooLarge
                : NtStatus.Success;
            if (status == NtStatus.Success)
            {
                return data!.Put(targetOffset, length, pieces);
            }
        }

        source.Drop(pieces);
        return status;
    }

    /// <summary>Takes a share of a range, as far as there is data; false when there is none at all.</summary>
    private bool TryTake(long offset, ref long length, out List<MemoryData.Piece> pieces)
    {
        lock (node.Sync)
        {
            pieces = [];
            if (node.DataOf(stream) is not { } data)
            {
                return false;
            }

            length = Math.Min(length, data.Length - offset);
            if (length > 0)
            {
                pieces = data.Take(offset, length);
            }

            return true;
        }
    }

    private void Drop(List<MemoryData.Piece> pieces)
    {
        lock (node.Sync)
        {
            node.DataOf(stream)?.Drop(pieces);
        }
    }
}
