using System.Diagnostics.CodeAnalysis;

namespace Smb3.Embedded.Files.Caching;

/// <summary>The leases of one client by their keys (MS-SMB2 3.3.1.11, LeaseTable).</summary>
/// <remarks>Its lock is the innermost: taken while holding a file object's lock, never the other way round.</remarks>
internal sealed class LeaseTable(Guid clientGuid, int limit)
{
    private readonly Lock _sync = new();
    private readonly Dictionary<Guid, CacheGrant> _leases = [];

    /// <summary>The client.</summary>
    public Guid ClientGuid { get; } = clientGuid;

    /// <summary>How many leases there are.</summary>
    public int Count
    {
        get
        {
            lock (_sync)
            {
                return _leases.Count;
            }
        }
    }

    /// <summary>Whether the client has reached the limit of cached handles for one client.</summary>
    public bool IsFull => Count >= limit;

    /// <summary>The lease with this key.</summary>
    public bool TryFind(Guid key, [NotNullWhen(true)] out CacheGrant? lease)
    {
        lock (_sync)
        {
            return TryFindLocked(key, out lease);
        }
    }

    /// <summary>
    /// Whether an open of <paramref name="file"/> may ask for a lease with this key: if the key is free, or taken for that file. One key is
    /// never used for two files. Windows compares names here (MS-SMB2 3.3.5.9.8), so the key of a file that is open but has lost its name
    /// does not keep a client from opening the file that has the name now; that open gets no lease.
    /// </summary>
    public bool IsFreeFor(Guid key, ICachedFile? file)
    {
        lock (_sync)
        {
            return !TryFindLocked(key, out var lease) || lease.File == file || lease.IsNameless;
        }
    }

    /// <summary>Adds a lease, unless its key is taken.</summary>
    internal bool TryAdd(CacheGrant lease)
    {
        lock (_sync)
        {
            if (TryFindLocked(lease.Lease!.Key, out _))
            {
                return false;
            }

            _leases[lease.Lease.Key] = lease;
            return true;
        }
    }

    /// <summary>Removes a lease.</summary>
    internal void Remove(CacheGrant lease)
    {
        lock (_sync)
        {
            if (_leases.TryGetValue(lease.Lease!.Key, out var held) && held == lease)
            {
                _leases.Remove(lease.Lease.Key);
            }
        }
    }

    /// <summary>
    /// One of a file that is another server's now is not there: the share may be back already, with the same leases, while what it was here
    /// before has not come to its end.
    /// </summary>
    private bool TryFindLocked(Guid key, [NotNullWhen(true)] out CacheGrant? lease)
    {
        if (_leases.TryGetValue(key, out lease) && !lease.File.IsAbandoned)
        {
            return true;
        }

        lease = null;
        return false;
    }
}
