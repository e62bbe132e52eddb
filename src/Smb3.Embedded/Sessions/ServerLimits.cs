namespace Smb3.Embedded.Sessions;

/// <summary>What one peer, and all peers together, can make the server hold.</summary>
internal sealed record ServerLimits
{
    public int MaxConnections { get; init; } = 16_384;

    public int MaxConnectionsPerAddress { get; init; } = 4_096;

    public int MaxSessionsPerConnection { get; init; } = 2_048;

    /// <summary>Logons on one connection that have begun and are not finished: the oldest gives way to a new one.</summary>
    public int MaxUnfinishedLogons { get; init; } = 4;

    public int MaxChannelsPerSession { get; init; } = 32;

    public int MaxTreeConnectsPerSession { get; init; } = 4_096;

    public int MaxOpensPerSession { get; init; } = 65_536;

    /// <summary>How many opens, of all clients together, may be without a connection; any further one ends with its connection.</summary>
    public int MaxDisconnectedOpens { get; init; } = 65_536;

    /// <summary>How many opens, of all clients together, may be persistent; a further CREATE is not granted that.</summary>
    public int MaxPersistentOpens { get; init; } = 262_144;

    /// <summary>How many opens of one user may be persistent.</summary>
    public int MaxPersistentOpensPerUser { get; init; } = 65_536;

    /// <summary>Leases of one client after which it is granted no more handle caching.</summary>
    public int MaxLeasesPerClient { get; init; } = 65_536;

    /// <summary>Credits that one connection can hold at most; also how many requests it can have under way.</summary>
    public int MaxCredits { get; init; } = 8_192;

    /// <summary>Bytes of requests and responses of one connection that may be in memory before it is not read any further.</summary>
    public long MaxBytesInFlight { get; init; } = 64L << 20;

    public int MaxTransactSize { get; init; } = 8 << 20;

    public int MaxReadSize { get; init; } = 8 << 20;

    public int MaxWriteSize { get; init; } = 8 << 20;

    /// <summary>Chunks of one FSCTL_SRV_COPYCHUNK, bytes of each, and of all together: by default what Windows allows.</summary>
    public int MaxCopyChunks { get; init; } = 256;

    public int MaxCopyChunkSize { get; init; } = 1 << 20;

    public int MaxCopySize { get; init; } = 16 << 20;

    /// <summary>How long a connection may be without a session that has authenticated.</summary>
    public TimeSpan AuthenticationTimeout { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>How long a connection may be silent while it holds no open file; <see langword="null"/>: for ever.</summary>
    public TimeSpan? IdleTimeout { get; init; } = TimeSpan.FromMinutes(15);
}
