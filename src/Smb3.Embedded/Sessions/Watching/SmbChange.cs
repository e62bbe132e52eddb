namespace Smb3.Embedded;

/// <summary>
/// One change of what <see cref="SmbServer.Inspect"/> shows. It carries ids, which never mean anything else later; what does not concern
/// it is <see langword="null"/>.
/// </summary>
/// <param name="Kind">What has changed.</param>
/// <param name="At">When.</param>
public sealed record SmbChange(SmbChangeKind Kind, DateTimeOffset At)
{
    /// <summary>The client machine.</summary>
    public Guid? ClientGuid { get; init; }

    /// <summary>The connection; for a channel together with <see cref="SessionId"/>.</summary>
    public ulong? ConnectionId { get; init; }

    /// <summary>The session.</summary>
    public ulong? SessionId { get; init; }

    /// <summary>The open.</summary>
    public ulong? OpenId { get; init; }

    /// <summary>The lease, together with <see cref="ClientGuid"/>.</summary>
    public Guid? LeaseKey { get; init; }
}
