using Smb3.Embedded.Storage.Accounting;

namespace Smb3.Embedded.Storage.Memory;

/// <summary>The bytes that a memory store may still hand out: to file data, and to everything else that clients make it keep.</summary>
internal sealed class MemorySpace(long capacity, QuotaAccounts quotas)
{
    private long _free = capacity;
    private long _chunks;

    /// <summary>The total number of bytes.</summary>
    public long Capacity { get; } = capacity;

    /// <summary>How much of it each owner uses.</summary>
    public QuotaAccounts Quotas { get; } = quotas;

    /// <summary>The number of free bytes.</summary>
    public long Free => Volatile.Read(ref _free);

    /// <summary>A number for a new chunk, which no other has had.</summary>
    public long NumberChunk() => Interlocked.Increment(ref _chunks);

    /// <summary>Takes <paramref name="bytes"/>, all or nothing.</summary>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _free, -bytes) >= 0)
        {
            return true;
        }

        Interlocked.Add(ref _free, bytes);
        return false;
    }

    /// <summary>Takes bytes that are already in use, even from a full store.</summary>
    public void Take(long bytes) => Interlocked.Add(ref _free, -bytes);

    /// <summary>Gives bytes back.</summary>
    public void Return(long bytes) => Interlocked.Add(ref _free, bytes);
}
