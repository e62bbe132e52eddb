namespace Smb3.Embedded.Rpc;

/// <summary>What the connections of one caller hold. Thread-safe.</summary>
internal sealed class RpcQuota(RpcCaller caller, int maxBytes)
{
    private int _bytes;

    public RpcCaller Caller => caller;

    /// <summary>Guarded by the table.</summary>
    public int Connections { get; set; }

    /// <summary>Bytes held at the moment.</summary>
    public int Bytes => Volatile.Read(ref _bytes);

    /// <summary>Reserves this many bytes; false when the caller holds too much already.</summary>
    public bool TryHold(int count)
    {
        if (Interlocked.Add(ref _bytes, count) <= maxBytes)
        {
            return true;
        }

        Release(count);
        return false;
    }

    public void Release(int count) => Interlocked.Add(ref _bytes, -count);
}
