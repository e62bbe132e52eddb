namespace Smb3.Embedded.Transport.Rdma;

/// <summary>What one side of an SMB Direct connection offers and allows (MS-SMBD 3.1.1.1).</summary>
internal sealed record SmbDirectSettings
{
    /// <summary>The one version of the protocol.</summary>
    public const ushort Version = 0x0100;

    /// <summary>The least that a message may hold (MS-SMBD 3.1.5.6).</summary>
    public const int LeastReceiveSize = 128;

    /// <summary>The least that a message in fragments may hold (MS-SMBD 3.1.5.6).</summary>
    public const int LeastFragmentedSize = 131_072;

    /// <summary>Receives that are posted for an authenticated peer at the most.</summary>
    public int ReceiveCredits { get; init; } = 255;

    /// <summary>SENDs that may be under way to the peer at the most.</summary>
    public int SendCredits { get; init; } = 255;

    /// <summary>Bytes of one SEND to the peer, where it takes as many.</summary>
    public int MaxSendSize { get; init; } = 8192;

    /// <summary>Bytes of one SEND from the peer.</summary>
    public int MaxReceiveSize { get; init; } = 8192;

    /// <summary>
    /// Bytes of one message from the peer, over all of its fragments: the largest payload that a server allows, and its headers. Linux'
    /// client sends what it seals in messages as long as the server's MaxWriteSize, however short they have to be.
    /// </summary>
    public int MaxFragmentedSize { get; init; } = (8 << 20) + 65_536;

    /// <summary>Bytes of messages that wait to be taken, beyond which the peer is slowed down.</summary>
    public int MostWaiting { get; init; } = 1 << 20;

    /// <summary>Bytes that one RDMA read or write moves.</summary>
    public int MaxReadWriteSize { get; init; } = 8 << 20;

    /// <summary>How long the peer may take for its first message (MS-SMBD 3.1.2.1).</summary>
    public TimeSpan NegotiationTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The silence after which the peer is asked whether it is there; Windows waits as long (MS-SMBD 3.1.2.2).</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>How long it may take to answer then.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether who waits for a message goes on at once where it arrives, so that a test has all of it on one thread.</summary>
    public bool IsInline { get; init; }

    /// <summary>Tells the time.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
