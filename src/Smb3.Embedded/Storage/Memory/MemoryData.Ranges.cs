using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Accounting;

namespace Smb3.Embedded.Storage.Memory;

// Holes and clones.
internal sealed partial class MemoryData
{
    // The chunk numbers in order; null when they have changed since the last use.
    private long[]? _order;

    private bool _isErased;

    /// <summary>Whether it has been made sparse. Ranges that were never written occupy nothing either way.</summary>
    public bool IsSparse { get; set; }

    /// <summary>Has whatever it gives back overwritten from now on.</summary>
    public void Erase()
    {
        _isErased = true;
        foreach (var chunk in _chunks.Values)
        {
            chunk.Erase();
        }
    }

    /// <summary>The chunk that <paramref name="offset"/> is in, and some of those behind it, as extents.</summary>
    public IReadOnlyList<StoreExtent> FindExtents(long offset)
    {
        const int AtOnce = 64;
        var order = Order();
        var extents = new List<StoreExtent>();
        for (var at = PlaceOf(offset / ChunkSize, order); at < order.Length && extents.Count < AtOnce; at++)
        {
            var chunk = _chunks[order[at]];
            var extent = new StoreExtent(order[at] * ChunkSize, chunk.Bytes.Length, chunk.Number * ChunkSize);
            if (extent.End > offset)
            {
                extents.Add(extent);
            }
        }

        return extents;
    }

    /// <summary>Makes a range read as zeros; chunks that lie entirely inside are removed.</summary>
    public void Zero(long offset, long length)
    {
        var end = Math.Min(offset + length, _length);
        if (offset >= end)
        {
            return;
        }

        var (first, start) = Math.DivRem(offset, ChunkSize);
        var (last, rest) = Math.DivRem(end, ChunkSize);
        if (first == last)
        {
            Clear(first, (int)start, (int)rest);
        }
        else
        {
            if (start > 0)
            {
                Clear(first++, (int)start, ChunkSize);
            }

            if (rest > 0)
            {
                Clear(last, 0, (int)rest);
            }

            RemoveAll(first, last);
        }

        // The end of the file needs no space up to the next boundary.
        if (end == _length && rest > 0 && offset <= last * ChunkSize && _chunks.TryGetValue(last, out var tail))
        {
            Remove(last, tail);
        }

        written();
    }

    /// <summary>The first existing chunk at or after <paramref name="offset"/>, as a range.</summary>
    public StoreRange FindAllocated(long offset)
    {
        var order = Order();
        var at = PlaceOf(offset / ChunkSize, order);
        if (at == order.Length)
        {
            return default;
        }

        var start = Math.Max(offset, order[at] * ChunkSize);
        if (start >= _length)
        {
            return default;
        }

        while (at + 1 < order.Length && order[at + 1] == order[at] + 1)
        {
            at++;
        }

        return new StoreRange(start, Math.Min((order[at] + 1) * ChunkSize, _length) - start);
    }

    /// <summary>
    /// Takes the content of a range, to be passed to <see cref="Put"/> of other data. Whole chunks are shared from now on, parts of chunks
    /// are copied; holes are left out. Called with the lock of this data's node held.
    /// </summary>
    public List<Piece> Take(long offset, long length)
    {
        var pieces = new List<Piece>();
        var end = offset + length;
        var order = Order();
        for (var place = PlaceOf(offset / ChunkSize, order); place < order.Length && order[place] * ChunkSize < end; place++)
        {
            var index = order[place];
            var at = Math.Max(offset, index * ChunkSize);
            var start = at - (index * ChunkSize);
            var count = Math.Min(ChunkSize - start, end - at);
            var chunk = _chunks[index];
            if (start < chunk.Bytes.Length)
            {
                // The end of the file within a chunk counts as the chunk's end: only zeros follow.
                if (start == 0 && (count == ChunkSize || end == _length))
                {
                    chunk.Join();
                    pieces.Add(new Piece(at - offset, chunk, default));
                }
                else
                {
                    var stored = (int)Math.Min(count, chunk.Bytes.Length - start);
                    pieces.Add(new Piece(at - offset, null, chunk.Bytes.AsSpan((int)start, stored).ToArray()));
                }
            }
        }

        return pieces;
    }

    /// <summary>Releases what <see cref="Take"/> took, where it is not used.</summary>
    public void Drop(List<Piece> pieces)
    {
        foreach (var piece in pieces)
        {
            if (piece.Chunk is { } chunk)
            {
                Free(chunk);
            }
        }
    }

    /// <summary>Replaces a range of this data by what <see cref="Take"/> took.</summary>
    public NtStatus Put(long offset, long length, List<Piece> pieces)
    {
        Zero(offset, Math.Min(length, Math.Max(_length - offset, 0)));
        var reachesEnd = offset + length >= _length;
        _length = Math.Max(_length, offset + length);
        var status = NtStatus.Success;
        foreach (var piece in pieces)
        {
            var at = offset + piece.Offset;
            var (index, start) = Math.DivRem(at, ChunkSize);
            var whole = offset + length - at >= ChunkSize || reachesEnd;
            if (piece.Chunk is { } chunk && start == 0 && whole && !_chunks.ContainsKey(index)
                && Account?.TryTake(chunk.Bytes.Length) != false && TryTakePlace(chunk))
            {
                if (_isErased)
                {
                    chunk.Erase();
                }

                _chunks.Add(index, chunk);
                _order = null;
                _occupied += chunk.Bytes.Length;
                continue;
            }

            var bytes = piece.Chunk is { } shared
                ? shared.Bytes.AsMemory(0, (int)Math.Min(shared.Bytes.Length, length - piece.Offset))
                : piece.Bytes;
            if (status == NtStatus.Success)
            {
                status = Write(at, new System.Buffers.ReadOnlySequence<byte>(bytes));
            }

            if (piece.Chunk is not null)
            {
                Free(piece.Chunk);
            }
        }

        written();
        return status;
    }

    /// <summary>Creates data with the same content, which shares all chunks.</summary>
    public MemoryData Copy(Action onWritten)
    {
        var copy = new MemoryData(space, maxLength, onWritten)
        {
            IsSparse = IsSparse,
            _isErased = _isErased,
            _length = _length,
            _occupied = _occupied,
            _reserved = _reserved,
        };
        space.Take(_chunks.Count * MemoryCosts.Chunk);
        foreach (var (index, chunk) in _chunks)
        {
            chunk.Join();
            copy._chunks.Add(index, chunk);
        }

        return copy;
    }

    /// <summary>Charges the bytes to another owner from now on, even beyond its limit.</summary>
    public void ChargeTo(QuotaAccount? account)
    {
        Account?.Add(-_occupied);
        account?.Add(_occupied);
        Account = account;
    }

    private bool TryTakePlace(MemoryChunk chunk)
    {
        if (space.TryTake(MemoryCosts.Chunk))
        {
            return true;
        }

        Account?.Add(-chunk.Bytes.Length);
        return false;
    }

    private long[] Order()
    {
        if (_order is not { } order)
        {
            _order = order = [.. _chunks.Keys];
            Array.Sort(order);
        }

        return order;
    }

    private static int PlaceOf(long index, long[] order)
    {
        var at = Array.BinarySearch(order, index);
        return at < 0 ? ~at : at;
    }

    /// <summary>A part of a range: either a whole chunk or bytes.</summary>
    /// <param name="Offset">From the start of the range.</param>
    /// <param name="Chunk">A whole chunk.</param>
    /// <param name="Bytes">The bytes, when it is not a whole chunk.</param>
    internal readonly record struct Piece(long Offset, MemoryChunk? Chunk, ReadOnlyMemory<byte> Bytes);
}
