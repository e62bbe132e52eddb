using System.Numerics;

namespace Smb3.Embedded.Transport.Rdma.Verbs;

/// <summary>
/// The memory that is registered in a protection domain. Registering takes as long as moving the data, so what has been registered
/// is kept for the next who needs it, and given back to the system when nobody has needed it for a while.
/// </summary>
internal sealed class RegisteredMemory
{
    /// <summary>No region is smaller: small buffers share one. The more there are of a size, the larger the next region is.</summary>
    private const int LeastRegion = 16 * 1024;

    private const int MostShared = 256 * 1024;

    private const int FirstShift = 16;

    private static readonly TimeSpan TrimInterval = TimeSpan.FromSeconds(10);

    private readonly Lock _sync = new();
    private readonly IProtectionDomain _domain;
    private readonly ITimer _trimmer;

    // A message without data; one SEND; and the data of a READ or WRITE in powers of two, up to the longest that SMB 2 has.
    private readonly Shelf[] _shelves = [new(512), new(8192), .. Enumerable.Range(FirstShift, 9).Select(shift => new Shelf(1 << shift))];

    private int _users = 1;
    private int _regions;
    private bool _freed;

    /// <param name="domain">The protection domain; given back at the end.</param>
    /// <param name="time">Tells the time.</param>
    public RegisteredMemory(IProtectionDomain domain, TimeProvider time)
    {
        _domain = domain;
        _trimmer = time.CreateTimer(static self => ((RegisteredMemory)self!).Trim(), this, TrimInterval, TrimInterval);
    }

    public IProtectionDomain Domain => _domain;

    /// <summary>Counts one more user, each of which calls <see cref="Release"/>; false when the last one has gone.</summary>
    public bool TryShare()
    {
        lock (_sync)
        {
            _users += _users > 0 ? 1 : 0;
            return _users > 0;
        }
    }

    /// <summary>One user less. When there is none, everything is given back to the system, as soon as it is no longer rented.</summary>
    public void Release()
    {
        lock (_sync)
        {
            if (--_users > 0)
            {
                return;
            }

            _trimmer.Dispose();
            foreach (var shelf in _shelves)
            {
                FreeIdle(shelf, int.MaxValue);
            }

            FreeDomain();
        }
    }

    /// <summary>A buffer, or <see langword="null"/> when the system refuses to register more.</summary>
    public VerbsBuffer? TryRent(int size, out int error)
    {
        error = 0;
        var shelf = ShelfOf(size);
        VerbsBuffer buffer;
        lock (_sync)
        {
            if (!shelf.Free.TryPop(out buffer!))
            {
                // Registering under the lock keeps several who find the shelf empty from each registering a region.
                var wanted = Math.Max(shelf.Size, (int)Math.Clamp(shelf.Registered, LeastRegion, MostShared));
                if (RegisteredRegion.TryCreate(_domain, wanted, shelf.Size, out error) is not { } region)
                {
                    return null;
                }

                _regions++;
                shelf.Registered += wanted;
                for (var i = region.Count - 1; i >= 0; i--)
                {
                    shelf.Free.Push(new VerbsBuffer(this, region, i * shelf.Size));
                }

                buffer = shelf.Free.Pop();
            }

            buffer.Region.Idle--;
            shelf.Unused = Math.Min(shelf.Unused, shelf.Free.Count);
        }

        buffer.Begin(size);
        return buffer;
    }

    public void Return(VerbsBuffer buffer)
    {
        lock (_sync)
        {
            var shelf = ShelfOf(buffer.Region.BufferSize);
            buffer.Region.Idle++;
            shelf.Free.Push(buffer);
            if (_users == 0)
            {
                FreeIdle(shelf, int.MaxValue);
                FreeDomain();
            }
        }
    }

    private Shelf ShelfOf(int size)
    {
        var index = size <= _shelves[0].Size ? 0
            : size <= _shelves[1].Size ? 1
            : 2 + Math.Max(0, BitOperations.Log2((uint)(size - 1)) + 1 - FirstShift);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, _shelves.Length, nameof(size));
        return _shelves[index];
    }

    private void Trim()
    {
        lock (_sync)
        {
            foreach (var shelf in _shelves)
            {
                FreeIdle(shelf, shelf.Unused);
                shelf.Unused = shelf.Free.Count;
            }
        }
    }

    /// <summary>Frees regions of which nothing is rented, as long as they have no more buffers in all than <paramref name="most"/>.</summary>
    private void FreeIdle(Shelf shelf, int most)
    {
        var freed = new HashSet<RegisteredRegion>();
        foreach (var buffer in shelf.Free)
        {
            var region = buffer.Region;
            if (region.Idle == region.Count && region.Count <= most && freed.Add(region))
            {
                most -= region.Count;
            }
        }

        if (freed.Count == 0)
        {
            return;
        }

        var kept = shelf.Free.Where(buffer => !freed.Contains(buffer.Region)).Reverse().ToArray();
        shelf.Free.Clear();
        foreach (var buffer in kept)
        {
            shelf.Free.Push(buffer);
        }

        shelf.Free.TrimExcess();
        foreach (var region in freed)
        {
            region.Free();
            _regions--;
            shelf.Registered -= region.Bytes.Length;
        }
    }

    private void FreeDomain()
    {
        if (_regions == 0 && !_freed)
        {
            _freed = true;
            _domain.Free();
        }
    }

    /// <summary>Buffers of one size that nobody rents.</summary>
    private sealed class Shelf(int size)
    {
        public int Size => size;

        /// <summary>Bytes of this size's regions.</summary>
        public long Registered { get; set; }

        public Stack<VerbsBuffer> Free { get; } = new();

        /// <summary>The fewest that there were since the last look: so many nobody has needed.</summary>
        public int Unused { get; set; }
    }
}
