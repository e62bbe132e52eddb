namespace Smb3.Embedded.Sessions;

/// <summary>
/// What one peer, and all peers together, can make the server hold. It can change while the server runs: every value is read where the object is
/// created that it limits, so what is there already stays.
/// </summary>
internal sealed record ServerLimits
{
    // A nullable value is more than a word, and could be read while it is half written.
    private long _idleTicks = TimeSpan.FromMinutes(15).Ticks;

    public int MaxConnections { get; set; } = 16_384;

    public int MaxConnectionsPerAddress { get; set; } = 4_096;

    public int MaxSessionsPerConnection { get; set; } = 2_048;

    /// <summary>Logons on one connection that have begun and are not finished: the oldest gives way to a new one.</summary>
    public int MaxUnfinishedLogons { get; set; } = 4;

    public int MaxChannelsPerSession { get; set; } = 32;

    public int MaxTreeConnectsPerSession { get; set; } = 4_096;

    public int MaxOpensPerSession { get; set; } = 65_536;

    /// <summary>How many opens, of all clients together, may be without a connection; any further one ends with its connection.</summary>
    public int MaxDisconnectedOpens { get; set; } = 65_536;

    /// <summary>How many opens, of all clients together, may be persistent; a further CREATE is not granted that.</summary>
    public int MaxPersistentOpens { get; set; } = 262_144;

    /// <summary>How many opens of one user may be persistent.</summary>
    public int MaxPersistentOpensPerUser { get; set; } = 65_536;

    /// <summary>Leases of one client after which it is granted no more handle caching.</summary>
    public int MaxLeasesPerClient { get; set; } = 65_536;

    /// <summary>Credits that one connection can hold at most; also how many requests it can have under way.</summary>
    public int MaxCredits { get; set; } = 8_192;

    /// <summary>Bytes of requests and responses of one connection that may be in memory before it is not read any further.</summary>
    public long MaxBytesInFlight { get; set; } = 64L << 20;

    public int MaxTransactSize { get; set; } = 8 << 20;

    public int MaxReadSize { get; set; } = 8 << 20;

    public int MaxWriteSize { get; set; } = 8 << 20;

    /// <summary>Chunks of one FSCTL_SRV_COPYCHUNK, bytes of each, and of all together: by default what Windows allows.</summary>
    public int MaxCopyChunks { get; set; } = 256;

    public int MaxCopyChunkSize { get; set; } = 1 << 20;

    public int MaxCopySize { get; set; } = 16 << 20;

    /// <summary>How long a connection may be without a session that has authenticated.</summary>
    public TimeSpan AuthenticationTimeout { get; set; } = TimeSpan.FromSeconds(45);

    /// <summary>How long a connection may be silent while it holds no open file; <see langword="null"/>: for ever.</summary>
    public TimeSpan? IdleTimeout
    {
        get => Interlocked.Read(ref _idleTicks) is >= 0 and var ticks ? TimeSpan.FromTicks(ticks) : null;
        set => Interlocked.Exchange(ref _idleTicks, value?.Ticks ?? -1);
    }

    /// <summary>Takes the values of others over.</summary>
    public void Become(ServerLimits others)
    {
        MaxConnections = others.MaxConnections;
        MaxConnectionsPerAddress = others.MaxConnectionsPerAddress;
        MaxSessionsPerConnection = others.MaxSessionsPerConnection;
        MaxUnfinishedLogons = others.MaxUnfinishedLogons;
        MaxChannelsPerSession = others.MaxChannelsPerSession;
        MaxTreeConnectsPerSession = others.MaxTreeConnectsPerSession;
        MaxOpensPerSession = others.MaxOpensPerSession;
        MaxDisconnectedOpens = others.MaxDisconnectedOpens;
        MaxPersistentOpens = others.MaxPersistentOpens;
        MaxPersistentOpensPerUser = others.MaxPersistentOpensPerUser;
        MaxLeasesPerClient = others.MaxLeasesPerClient;
        MaxCredits = others.MaxCredits;
        MaxBytesInFlight = others.MaxBytesInFlight;
        MaxTransactSize = others.MaxTransactSize;
        MaxReadSize = others.MaxReadSize;
        MaxWriteSize = others.MaxWriteSize;
        MaxCopyChunks = others.MaxCopyChunks;
        MaxCopyChunkSize = others.MaxCopyChunkSize;
        MaxCopySize = others.MaxCopySize;
        AuthenticationTimeout = others.AuthenticationTimeout;
        IdleTimeout = others.IdleTimeout;
    }
}
