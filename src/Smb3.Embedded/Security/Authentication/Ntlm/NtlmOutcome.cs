namespace Smb3.Embedded.Security.Authentication.Ntlm;

/// <summary>What came of an AUTHENTICATE message.</summary>
/// <param name="Failure">What was wrong with it, if anything.</param>
/// <param name="Identity">Who the client says it is, if it came so far.</param>
internal readonly record struct NtlmOutcome(AuthenticationFailure Failure, SmbIdentity? Identity)
{
    /// <summary>How long the answer is to be held back.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>With <see cref="AuthenticationFailure.Throttled"/>: until when.</summary>
    public DateTimeOffset Until { get; init; }
}
