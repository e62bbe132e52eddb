using System.Buffers.Binary;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Memory;

// Holes, clones, compression, reparse points and object ids.
internal abstract partial class MemoryNode
{
    private ReadOnlyMemory<byte> _reparsePoint;
    private ReadOnlyMemory<byte> _objectId;
    private bool _compressed;

    /// <summary>The tag of a reparse point; otherwise 0.</summary>
    public uint ReparseTag => _reparsePoint.IsEmpty ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(_reparsePoint.Span);

    /// <summary>Whether it is marked as compressed; new entries of a directory inherit that. Memory does nothing with the state.</summary>
    public bool IsCompressed
    {
        get => _compressed;
        set
        {
            lock (Sync)
            {
                _compressed = value;
                _changeTime = Now();
            }
        }
    }

    /// <summary>Makes data sparse or not.</summary>
    public NtStatus SetSparse(MemoryNamedStream? stream, bool sparse)
    {
        lock (Sync)
        {
            if (DataOf(stream) is not { } data)
            {
                return NtStatus.InvalidDeviceRequest;
            }

            data.IsSparse = sparse;
            _changeTime = Now();
            return NtStatus.Success;
        }
    }

    /// <summary>Makes a range read as zeros.</summary>
    public NtStatus Zero(MemoryNamedStream? stream, long offset, long length)
    {
        lock (Sync)
        {
            DataOf(stream)?.Zero(offset, length);
            return NtStatus.Success;
        }
    }

    /// <summary>Finds a range that occupies space.</summary>
    public StoreRange FindAllocated(MemoryNamedStream? stream, long offset)
    {
        lock (Sync)
        {
            return DataOf(stream)?.FindAllocated(offset) ?? default;
        }
    }

    /// <summary>Copies or clones: chunks are shared where they match, which makes no difference to readers.</summary>
    public static NtStatus Copy(
        MemoryNode source, MemoryNamedStream? sourceStream, long sourceOffset,
        MemoryNode target, MemoryNamedStream? targetStream, long targetOffset, long length)
    {
        // The locks are taken one after the other: what is taken is one state of the source, whatever happens to it afterwards.
        List<MemoryData.Piece> pieces;
        lock (source.Sync)
        {
            if (source.DataOf(sourceStream) is not { } from)
            {
                return NtStatus.InvalidDeviceRequest;
            }

            length = Math.Min(length, from.Length - sourceOffset);
            if (length <= 0)
            {
                return NtStatus.Success;
            }

            pieces = from.Take(sourceOffset, length);
        }

        NtStatus status;
        lock (target.Sync)
        {
            var to = target.DataOf(targetStream);
            status = to is null ? NtStatus.InvalidDeviceRequest
                : targetOffset > target._maxLength - length ? NtStatus.FileTooLarge
                : NtStatus.Success;
            if (status == NtStatus.Success)
            {
                return to!.Put(targetOffset, length, pieces);
            }
        }

        lock (source.Sync)
        {
            source.DataOf(sourceStream)?.Drop(pieces);
        }

        return status;
    }

    /// <summary>The REPARSE_DATA_BUFFER; empty when this is not a reparse point.</summary>
    public ReadOnlyMemory<byte> GetReparsePoint()
    {
        lock (Sync)
        {
            return _reparsePoint;
        }
    }

    /// <summary>Keeps a copy of a REPARSE_DATA_BUFFER; an empty one turns the node into an ordinary file.</summary>
    public NtStatus SetReparsePoint(ReadOnlyMemory<byte> buffer)
    {
        lock (Sync)
        {
            if (!TryReplace(ref _reparsePoint, buffer))
            {
                return NtStatus.DiskFull;
            }

            _changeTime = Now();
            return NtStatus.Success;
        }
    }

    /// <summary>The object id's buffer; empty when there is none.</summary>
    public ReadOnlyMemory<byte> GetObjectId()
    {
        lock (Sync)
        {
            return _objectId;
        }
    }

    /// <summary>Keeps a copy of an object id's buffer.</summary>
    public NtStatus SetObjectId(ReadOnlyMemory<byte> buffer)
    {
        lock (Sync)
        {
            return TryReplace(ref _objectId, buffer) ? NtStatus.Success : NtStatus.DiskFull;
        }
    }

    private FileAttributes NatureOf(MemoryData? data) =>
        (IsDirectory ? FileAttributes.Directory : 0)
        | (data is { IsSparse: true } ? FileAttributes.SparseFile : 0)
        | (_compressed ? FileAttributes.Compressed : 0)
        | (_reparsePoint.IsEmpty ? 0 : FileAttributes.ReparsePoint);
}
