namespace Smb3.Embedded.Rpc;

/// <summary>What a client can make the runtime hold.</summary>
internal sealed record RpcLimits
{
    /// <summary>What every implementation can receive: MustRecvFragSize (C706 12.6.3.1).</summary>
    public const ushort MinFragment = 1432;

    /// <summary>The longest fragment accepted: more than <see cref="OfferedFragment"/>, for clients that start with longer ones.</summary>
    public int MaxFragment { get; init; } = 5840;

    /// <summary>The fragment length that Windows offers on named pipes.</summary>
    public ushort OfferedFragment { get; init; } = 4280;

    /// <summary>The longest stub of a request, all fragments together. The size that a client announces is not relied upon.</summary>
    public int MaxRequestStub { get; init; } = 1 << 20;

    /// <summary>The calls of a connection that arrive, run or wait for their turn.</summary>
    public int MaxCalls { get; init; } = 64;

    /// <summary>The presentation contexts of a connection.</summary>
    public int MaxContexts { get; init; } = 32;

    /// <summary>The context handles of an association group.</summary>
    public int MaxHandles { get; init; } = 256;

    /// <summary>How many bytes of answers a client may leave unread on one connection before the connection ends.</summary>
    public int MaxUnreadBytes { get; init; } = 4 << 20;

    /// <summary>The connections of one caller: pipes of a session.</summary>
    public int MaxConnectionsPerCaller { get; init; } = 256;

    /// <summary>The bytes of requests and unread answers on all connections of one caller.</summary>
    public int MaxBytesPerCaller { get; init; } = 16 << 20;
}
