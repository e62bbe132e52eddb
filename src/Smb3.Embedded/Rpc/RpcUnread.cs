namespace Smb3.Embedded.Rpc;

/// <summary>
/// The bytes of answers that the client of a connection has not read: no more than the connection may keep, and counted among those that its
/// caller holds. Guarded by the transport that keeps them.
/// </summary>
internal sealed class RpcUnread(RpcQuota quota, int max)
{
    /// <summary>Bytes not read yet.</summary>
    public int Count { get; private set; }

    /// <summary>Takes a fragment into account; false when the client leaves too much unread.</summary>
    public bool TryAdd(int count)
    {
        if (count > max - Count || !quota.TryHold(count))
        {
            return false;
        }

        Count += count;
        return true;
    }

    /// <summary>The client has read this many.</summary>
    public void Remove(int count)
    {
        Count -= count;
        quota.Release(count);
    }

    /// <summary>Nobody will read the rest.</summary>
    public void Clear() => Remove(Count);
}
