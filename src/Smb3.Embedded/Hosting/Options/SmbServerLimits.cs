namespace Smb3.Embedded;

/// <summary>
/// What one client, and all clients together, can make the server hold. Each limit is enforced where the object is created.
/// </summary>
public sealed class SmbServerLimits
{
    /// <summary>Concurrent connections; any further one is closed at once. 1 to 1,000,000. Default 16,384.</summary>
    public int MaxConnections { get; set; } = 16_384;

    /// <summary>
    /// Concurrent connections from one IPv4 address or one IPv6 /64, which a single host has to itself. 1 to 1,000,000.
    /// Default 4,096.
    /// </summary>
    public int MaxConnectionsPerAddress { get; set; } = 4_096;

    /// <summary>Sessions on one connection, those being set up included. 1 to 65,536. Default 2,048.</summary>
    public int MaxSessionsPerConnection { get; set; } = 2_048;

    /// <summary>Connections over which one session has channels. 1 to 1,024. Default 32, as Windows.</summary>
    public int MaxChannelsPerSession { get; set; } = 32;

    /// <summary>Tree connects of one session. 1 to 65,536. Default 4,096.</summary>
    public int MaxTreeConnectsPerSession { get; set; } = 4_096;

    /// <summary>Open files, directories and pipes of one session. 1 to 16,777,216. Default 65,536.</summary>
    public int MaxOpensPerSession { get; set; } = 65_536;

    /// <summary>Leases of one client; beyond that it is granted no more handle caching. 1 to 16,777,216. Default 65,536.</summary>
    public int MaxLeasesPerClient { get; set; } = 65_536;

    /// <summary>
    /// Opens, of all clients together, that wait for their client to come back; a further one ends with its connection. 0 to 16,777,216.
    /// Default 65,536.
    /// </summary>
    public int MaxDisconnectedOpens { get; set; } = 65_536;

    /// <summary>
    /// Persistent handles of all users together, whether or not they have a connection; a further file is opened without one. 0 to
    /// 16,777,216. Default 262,144.
    /// </summary>
    public int MaxPersistentOpens { get; set; } = 262_144;

    /// <summary>Persistent handles of one user. 0 to 16,777,216. Default 65,536.</summary>
    public int MaxPersistentOpensPerUser { get; set; } = 65_536;

    /// <summary>Credits that one connection can hold: how many requests it can have under way. 64 to 65,472. Default 8,192.</summary>
    public int MaxCredits { get; set; } = 8_192;

    /// <summary>
    /// Bytes of requests and responses that one connection may have in memory; above that, nothing is read from it until some are gone.
    /// 1 MiB to 4 GiB. Default 64 MiB.
    /// </summary>
    public long MaxBytesInFlight { get; set; } = 64L << 20;

    /// <summary>
    /// Bytes of the largest query, listing or FSCTL. 64 KiB to 8 MiB. Default 8 MiB. (SMB 2.0.2 is always limited to 64 KiB.)
    /// </summary>
    public int MaxTransactSize { get; set; } = 8 << 20;

    /// <summary>Bytes of the largest READ. 64 KiB to 8 MiB. Default 8 MiB.</summary>
    public int MaxReadSize { get; set; } = 8 << 20;

    /// <summary>Bytes of the largest WRITE. 64 KiB to 8 MiB. Default 8 MiB.</summary>
    public int MaxWriteSize { get; set; } = 8 << 20;

    /// <summary>Chunks that one server-side copy request can name. 1 to 65,536. Default 256, as Windows.</summary>
    public int MaxCopyChunks { get; set; } = 256;

    /// <summary>Bytes of the largest chunk of a server-side copy. 64 KiB to 16 MiB. Default 1 MiB, as Windows.</summary>
    public int MaxCopyChunkSize { get; set; } = 1 << 20;

    /// <summary>
    /// Bytes that one server-side copy request can copy: at least <see cref="MaxCopyChunkSize"/>, at most 1 GiB. Default 16 MiB,
    /// as Windows.
    /// </summary>
    public int MaxCopySize { get; set; } = 16 << 20;

    /// <summary>How long a connection may be without an authenticated session. 1 second to 1 hour. Default 45 seconds.</summary>
    public TimeSpan AuthenticationTimeout { get; set; } = TimeSpan.FromSeconds(45);

    /// <summary>
    /// How long a connection without open files may be idle; <see langword="null"/>: forever. At least 10 seconds.
    /// Default 15 minutes.
    /// </summary>
    public TimeSpan? IdleTimeout { get; set; } = TimeSpan.FromMinutes(15);
}
