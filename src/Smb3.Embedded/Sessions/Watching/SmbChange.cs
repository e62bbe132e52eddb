namespace Smb3.Embedded;

/// <summary>
/// One change in what <see cref="SmbServer.Inspect"/> shows. It carries ids, which are never used for anything else later; those that do
/// not apply are <see langword="null"/>.
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
