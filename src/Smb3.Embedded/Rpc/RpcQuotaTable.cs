namespace Smb3.Embedded.Rpc;

/// <summary>Who has connections, and what they hold together: many connections must not gain more than a few.</summary>
internal sealed class RpcQuotaTable(RpcLimits limits)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<RpcCaller, RpcQuota> _quotas = [];

    /// <summary>Callers that have connections.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _quotas.Count;
            }
        }
    }

    /// <summary>Counts one more connection of a caller; null when it has too many.</summary>
    public RpcQuota? Enter(RpcCaller caller)
    {
        lock (_lock)
        {
            if (!_quotas.TryGetValue(caller, out var quota))
            {
                quota = new RpcQuota(caller, limits.MaxBytesPerCaller);
                _quotas.Add(caller, quota);
            }

            if (quota.Connections >= limits.MaxConnectionsPerCaller)
            {
                return null;
            }

            quota.Connections++;
            return quota;
        }
    }

    /// <summary>A connection has ended; the last one ends the quota.</summary>
    public void Leave(RpcQuota quota)
    {
        lock (_lock)
        {
            if (--quota.Connections == 0)
            {
                _quotas.Remove(quota.Caller);
            }
        }
    }
}
