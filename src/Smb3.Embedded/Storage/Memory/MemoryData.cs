using System.Buffers;
using System.Numerics;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Accounting;

namespace Smb3.Embedded.Storage.Memory;

/// <summary>
/// The data of a file or of a stream, guarded by the lock of its node. It is kept in chunks of 64 KiB. A missing chunk, and everything
/// beyond the end of a chunk's array, reads as zeros, so holes cost nothing and a small file costs little. Beyond the end of file, all
/// bytes of all chunks are zero. Clones share chunks until one of them writes.
/// </summary>
internal sealed partial class MemoryData(MemorySpace space, long maxLength, Action written)
{
    private const int ChunkSize = 64 * 1024;
    private const int SmallestArray = 4096;

    private readonly Dictionary<long, MemoryChunk> _chunks = [];
    private long _length;
    private long _occupied;
    private long _reserved;

    /// <summary>The account of the owner that the bytes are charged to; null: none.</summary>
    public QuotaAccount? Account { get; set; }

    /// <summary>End of file.</summary>
    public long Length => _length;

    /// <summary>Bytes that are occupied or reserved.</summary>
    public long Size => Math.Max(_occupied, _reserved);

    /// <summary>Reads data into a buffer.</summary>
    public int Read(long offset, Span<byte> buffer)
    {
        if (offset >= _length)
        {
            return 0;
        }

        var count = (int)Math.Min(buffer.Length, _length - offset);
        var rest = buffer[..count];
        while (!rest.IsEmpty)
        {
            var (index, start) = Math.DivRem(offset, ChunkSize);
            var piece = rest[..(int)Math.Min(rest.Length, ChunkSize - start)];
            var stored = _chunks.TryGetValue(index, out var chunk) && start < chunk.Bytes.Length
                ? chunk.Bytes.AsSpan((int)start)
                : default;
            if (stored.Length > piece.Length)
            {
                stored = stored[..piece.Length];
            }

            stored.CopyTo(piece);
            piece[stored.Length..].Clear();
            rest = rest[piece.Length..];
            offset += piece.Length;
        }

        return count;
    }

    /// <summary>Writes data.</summary>
    public NtStatus Write(long offset, in ReadOnlySequence<byte> data)
    {
        if (data.Length == 0)
        {
            return NtStatus.Success;
        }

        if (offset > maxLength - data.Length)
        {
            return NtStatus.FileTooLarge;
        }

        var at = offset;
        foreach (var segment in data)
        {
            var rest = segment.Span;
            while (!rest.IsEmpty)
            {
                var (index, start) = Math.DivRem(at, ChunkSize);
                var count = (int)Math.Min(rest.Length, ChunkSize - start);
                if (GetChunk(index, (int)start + count) is not { } chunk)
                {
                    EndWrite(offset, at);
                    return NtStatus.DiskFull;
                }

                rest[..count].CopyTo(chunk.AsSpan((int)start));
                rest = rest[count..];
                at += count;
            }
        }

        EndWrite(offset, at);
        return NtStatus.Success;
    }

    /// <summary>Sets the end of file.</summary>
    public NtStatus SetLength(long length)
    {
        if (length > maxLength)
        {
            return NtStatus.FileTooLarge;
        }

        if (length < _length)
        {
            Cut(length);
            _reserved = Math.Min(_reserved, RoundUp(length));
        }

        if (length != _length)
        {
            written();
        }

        _length = length;
        return NtStatus.Success;
    }

    /// <summary>Notes how much space the file is going to need; none is taken before data is written.</summary>
    public NtStatus Reserve(long size)
    {
        if (size > maxLength || size - _occupied > space.Free || Account?.CanTake(size - _occupied) == false)
        {
            return NtStatus.DiskFull;
        }

        _reserved = Math.Max(_reserved, RoundUp(size));
        return NtStatus.Success;
    }

    /// <summary>Gives all space back.</summary>
    public void Release()
    {
        foreach (var chunk in _chunks.Values)
        {
            Free(chunk);
        }

        space.Return(_chunks.Count * MemoryCosts.Chunk);
        _chunks.Clear();
        _order = null;
        Account?.Add(-_occupied);
        _occupied = _reserved = 0;
        _length = 0;
    }

    private static long RoundUp(long size) => (size + SmallestArray - 1) / SmallestArray * SmallestArray;

    private void EndWrite(long start, long end)
    {
        if (end == start)
        {
            return;
        }

        _length = Math.Max(_length, end);
        written();
    }

    /// <summary>The chunk's bytes, unshared and with room up to <paramref name="needed"/>; null when the store is full.</summary>
    private byte[]? GetChunk(long index, int needed)
    {
        var has = _chunks.TryGetValue(index, out var chunk) ? chunk.Bytes.Length : 0;
        if (has >= needed && !chunk!.IsShared)
        {
            return chunk.Bytes;
        }

        var size = Math.Max(Math.Max(SmallestArray, has), (int)BitOperations.RoundUpToPowerOf2((uint)needed));
        if (Account?.TryTake(size - has) == false)
        {
            return null;
        }

        if (!space.TryTake(chunk is null ? size + MemoryCosts.Chunk : size))
        {
            Account?.Add(has - size);
            return null;
        }

        var grown = new byte[size];
        var stays = chunk is { IsShared: false };
        if (chunk is not null)
        {
            chunk.Bytes.CopyTo(grown, 0);
            Free(chunk);
        }

        if (chunk is null)
        {
            _order = null;
        }

        _chunks[index] = NewChunk(grown, stays ? chunk : null);
        _occupied += size - has;
        return grown;
    }

    private MemoryChunk NewChunk(byte[] bytes, MemoryChunk? grownFrom)
    {
        var chunk = new MemoryChunk(bytes, grownFrom?.Number ?? space.NumberChunk());
        if (_isErased)
        {
            chunk.Erase();
        }

        return chunk;
    }

    private void Free(MemoryChunk chunk)
    {
        if (chunk.Leave())
        {
            space.Return(chunk.Bytes.Length);
        }
    }

    private void Remove(long index, MemoryChunk chunk)
    {
        _chunks.Remove(index);
        _order = null;
        space.Return(MemoryCosts.Chunk);
        _occupied -= chunk.Bytes.Length;
        Account?.Add(-chunk.Bytes.Length);
        Free(chunk);
    }

    private void Cut(long length)
    {
        var (last, keep) = Math.DivRem(length, ChunkSize);
        if (keep > 0)
        {
            Clear(last, (int)keep, ChunkSize);
        }

        RemoveAll(keep > 0 ? last + 1 : last, (_length + ChunkSize - 1) / ChunkSize);
    }

    /// <summary>
    /// Removes the chunks from one number up to another. Costs no more than the smaller of the range and the number of chunks.
    /// </summary>
    private void RemoveAll(long first, long end)
    {
        if (end - first <= _chunks.Count)
        {
            for (var index = first; index < end; index++)
            {
                if (_chunks.TryGetValue(index, out var chunk))
                {
                    Remove(index, chunk);
                }
            }

            return;
        }

        foreach (var (index, chunk) in _chunks)
        {
            if (index >= first && index < end)
            {
                Remove(index, chunk); // entries may be removed while a dictionary is enumerated
            }
        }
    }

    /// <summary>Zeroes part of a chunk. This never fails: if it needs a copy, it takes the space even from a full store.</summary>
    private void Clear(long index, int start, int end)
    {
        if (!_chunks.TryGetValue(index, out var chunk) || start >= chunk.Bytes.Length)
        {
            return;
        }

        if (chunk.IsShared)
        {
            var own = NewChunk((byte[])chunk.Bytes.Clone(), null);
            space.Take(own.Bytes.Length);
            Free(chunk);
            _chunks[index] = chunk = own;
        }

        chunk.Bytes.AsSpan(start, Math.Min(end, chunk.Bytes.Length) - start).Clear();
    }
}
