namespace Smb3.Embedded.Rpc.Tcp;

/// <summary>What strangers can make the ports of RPC hold, beyond the <see cref="RpcLimits"/> of each connection.</summary>
internal sealed record RpcTcpLimits
{
    /// <summary>The connections of all ports together.</summary>
    public int MaxConnections { get; init; } = 16_384;

    /// <summary>
    /// How long a client has to bind, and to authenticate where that is a must; also how long one that has not authenticated may be idle.
    /// </summary>
    public TimeSpan AuthenticationTimeout { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>How long an authenticated client that waits for no answer may be idle; null: forever.</summary>
    public TimeSpan? IdleTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long a server that stops waits for its connections to end.</summary>
    public TimeSpan StopPatience { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>While this many bytes of answers are unread, nothing is read from the client.</summary>
    public int PauseAt { get; init; } = 128 * 1024;
}
