using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Users;

namespace Smb3.Embedded.Security.Authentication;

/// <summary>The answer to one token.</summary>
internal readonly record struct AuthenticationStep
{
    /// <summary>
    /// <see cref="NtStatus.MoreProcessingRequired"/>, <see cref="NtStatus.Success"/>, or the error that the client is told.
    /// </summary>
    public required NtStatus Status { get; init; }

    /// <summary>The security buffer of the SESSION_SETUP response; empty with an error.</summary>
    public ReadOnlyMemory<byte> ResponseToken { get; init; }

    /// <summary>With success: who it is; the caller decides whether anonymous is welcome.</summary>
    public SecurityToken? Token { get; init; }

    /// <summary>With a failure: the names that the client gave, if it got that far.</summary>
    public SmbIdentity? Claimed { get; init; }

    /// <summary>The names of either.</summary>
    public SmbIdentity? Identity => Token?.Identity ?? Claimed;

    /// <summary>The service that the client wanted (SPN), as the client says; null when it does not. For logs.</summary>
    public string? Service { get; init; }

    /// <summary>With success: the full session key, 16 bytes or more. The caller owns the array and zeroes it.</summary>
    public byte[]? SessionKey { get; init; }

    public AuthenticationFailure Failure { get; init; }

    /// <summary>With a failure: how long the answer is to be held back.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>With <see cref="AuthenticationFailure.Throttled"/>: until when.</summary>
    public DateTimeOffset Until { get; init; }

    /// <summary>
    /// With <see cref="AuthenticationFailure.NoCommonMechanism"/>: what the client offers instead; with
    /// <see cref="AuthenticationFailure.TicketRefused"/>: why. Names in it are the client's.
    /// </summary>
    public string? Detail { get; init; }

    public static AuthenticationStep Continue(ReadOnlyMemory<byte> token) =>
        new() { Status = NtStatus.MoreProcessingRequired, ResponseToken = token };

    public static AuthenticationStep Fail(AuthenticationFailure failure, SmbIdentity? claimed = null) => new()
    {
        Status = failure switch
        {
            AuthenticationFailure.BadToken => NtStatus.InvalidParameter,
            AuthenticationFailure.Tampered => NtStatus.AccessDenied,
            AuthenticationFailure.AccountDisabled => NtStatus.AccountDisabled,
            AuthenticationFailure.NoLogonServer => NtStatus.NoLogonServers,
            AuthenticationFailure.AccountRefused => NtStatus.AccountRestriction,
            AuthenticationFailure.ClockSkew => NtStatus.TimeDifferenceAtDc,
            _ => NtStatus.LogonFailure,
        },
        Failure = failure,
        Claimed = claimed,
    };
}
