namespace Smb3.Embedded.Security.Authentication;

/// <summary>Why an authentication failed: for logs, the throttle and the guest rule, never for the client.</summary>
internal enum AuthenticationFailure
{
    None = 0,

    /// <summary>The token is not what the mechanism expects at this point, or is too long.</summary>
    BadToken,

    /// <summary>
    /// The MIC over the NTLM messages or over the list of mechanisms is wrong: somebody has tampered with what the client sent.
    /// </summary>
    Tampered,

    /// <summary>The client offers only mechanisms that the server does not have.</summary>
    NoCommonMechanism,

    /// <summary>The client insists on LM or NTLMv1.</summary>
    TooWeak,

    /// <summary>The client has no extended session security.</summary>
    NoSessionSecurity,

    UnknownUser,
    WrongPassword,
    AccountDisabled,

    /// <summary>A ticket is not one for this server, not any more, or not this client's.</summary>
    TicketRefused,

    /// <summary>The clocks of the client and the server differ by too much.</summary>
    ClockSkew,

    /// <summary>The user's domain could not be asked.</summary>
    NoLogonServer,

    /// <summary>The user's domain refuses the account: it is locked out, has expired, must change its password.</summary>
    AccountRefused,

    /// <summary>Too many attempts have failed before: the password was not checked.</summary>
    Throttled,
}
