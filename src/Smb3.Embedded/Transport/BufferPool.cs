using System.Buffers;
using System.Numerics;

namespace Smb3.Embedded.Transport;

/// <summary>
/// The bytes of frames and responses. Small ones come from the shared array pool. Large ones are kept here, because that pool rounds a
/// payload of a power of two plus its headers up to twice the size, and takes many collections to give back what a burst has left.
/// </summary>
internal sealed class BufferPool
{
    /// <summary>How much longer than a power of two the large buffers are: the headers of a payload of that size.</summary>
    public const int Headroom = 4096;

    private const int LargestShared = 1 << FirstShift;
    private const int FirstShift = 16;

    // Up to 16 MiB, which is more than a frame can have (24 bits).
    private const int Shelves = 9;

    private readonly Shelf[] _shelves = [.. Enumerable.Range(FirstShift, Shelves).Select(shift => new Shelf((1 << shift) + Headroom))];
    private long _rented;
    private long _mostRented;

    /// <summary>Bytes of the large buffers that are in use.</summary>
    public long Rented => Volatile.Read(ref _rented);

    /// <summary>The highest value that this has had.</summary>
    public long MostRented => Volatile.Read(ref _mostRented);

    /// <summary>Bytes of the large buffers that are idle.</summary>
    public long Kept => _shelves.Sum(shelf => shelf.Kept);

    /// <summary>At least <paramref name="size"/> bytes, which are not cleared.</summary>
    public byte[] Rent(int size)
    {
        if (size <= LargestShared)
        {
            return ArrayPool<byte>.Shared.Rent(size);
        }

        var buffer = ShelfOf(size).Take();
        var rented = Interlocked.Add(ref _rented, buffer.Length);
        for (var most = MostRented; rented > most; most = MostRented)
        {
            Interlocked.CompareExchange(ref _mostRented, rented, most);
        }

        return buffer;
    }

    public void Return(byte[] buffer)
    {
        if (buffer.Length <= LargestShared)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            return;
        }

        Interlocked.Add(ref _rented, -buffer.Length);
        ShelfOf(buffer.Length).Put(buffer);
    }

    /// <summary>Releases what was not needed since the last call.</summary>
    public void Trim()
    {
        foreach (var shelf in _shelves)
        {
            shelf.Trim();
        }
    }

    private Shelf ShelfOf(int size) => _shelves[Math.Max(0, BitOperations.Log2((uint)(size - Headroom - 1)) + 1 - FirstShift)];

    /// <summary>Buffers of one size.</summary>
    private sealed class Shelf(int size)
    {
        private readonly Stack<byte[]> _free = new();
        private int _unused;

        public long Kept
        {
            get
            {
                lock (_free)
                {
                    return (long)_free.Count * size;
                }
            }
        }

        public byte[] Take()
        {
            lock (_free)
            {
                if (_free.TryPop(out var buffer))
                {
                    _unused = Math.Min(_unused, _free.Count);
                    return buffer;
                }
            }

            return GC.AllocateUninitializedArray<byte>(size);
        }

        public void Put(byte[] buffer)
        {
            lock (_free)
            {
                _free.Push(buffer);
            }
        }

        public void Trim()
        {
            lock (_free)
            {
                for (; _unused > 0; _unused--)
                {
                    _free.Pop();
                }

                _unused = _free.Count;
                if (_unused == 0)
                {
                    _free.TrimExcess();
                }
            }
        }
    }
}
