namespace Smb3.Embedded.Files.Caching;

/// <summary>The oplock or lease that a CREATE asks for.</summary>
internal sealed record CachingRequest
{
    /// <summary>What it wants to cache; for an oplock R, RW or RWH.</summary>
    public required CacheState State { get; init; }

    /// <summary>Where breaks go; <see langword="null"/>: that is not known yet.</summary>
    public required IBreakSink? Sink { get; init; }

    /// <summary>The client's leases; <see langword="null"/> if an oplock is asked for.</summary>
    public LeaseTable? Table { get; init; }

    /// <summary>The lease that is asked for; present exactly when <see cref="Table"/> is.</summary>
    public LeaseIdentity? Lease { get; init; }

    /// <summary>Whether the client can cache listings (SMB2_GLOBAL_CAP_DIRECTORY_LEASING, and a lease of version 2).</summary>
    public bool MayLeaseDirectories { get; init; }

    /// <summary>The epoch that the client counts from (version 2).</summary>
    public ushort Epoch { get; init; }
}

/// <summary>The identity of a lease. Plain data: a durable handle keeps it.</summary>
/// <param name="ClientGuid">The client.</param>
/// <param name="Key">The client's name for the lease.</param>
/// <param name="ParentKey">The client's lease on the directory, which is not broken by changes made through this one (version 2).</param>
/// <param name="Version">1 or 2.</param>
internal sealed record LeaseIdentity(Guid ClientGuid, Guid Key, Guid? ParentKey, int Version)
{
    /// <summary>Whether both mean the same lease.</summary>
    public bool IsSame(LeaseIdentity? other) => other is not null && other.Key == Key && other.ClientGuid == ClientGuid;
}
