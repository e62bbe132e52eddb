using Smb3.Embedded.Security.Users;

namespace Smb3.Embedded.Security.Authentication.Gss;

/// <summary>What a mechanism answers to one token: it goes on, is complete, or has failed.</summary>
internal readonly record struct GssStep
{
    /// <summary>What the client is sent, in the mechanism's own format; may be empty when complete, and is empty after a failure.</summary>
    public ReadOnlyMemory<byte> ResponseToken { get; init; }

    /// <summary>When complete: who it is.</summary>
    public SecurityToken? Token { get; init; }

    public AuthenticationFailure Failure { get; init; }

    /// <summary>With a failure: the names that the client gave, if it got that far.</summary>
    public SmbIdentity? Claimed { get; init; }

    /// <summary>With a failure: how long the answer is to be held back.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>With <see cref="AuthenticationFailure.Throttled"/>: until when.</summary>
    public DateTimeOffset Until { get; init; }

    /// <summary>With a failure: what a log should say beyond it, if anything. Names in it are the client's.</summary>
    public string? Detail { get; init; }

    public static GssStep Continue(ReadOnlyMemory<byte> token) => new() { ResponseToken = token };

    public static GssStep Complete(SecurityToken token, ReadOnlyMemory<byte> responseToken = default) =>
        new() { Token = token, ResponseToken = responseToken };

    public static GssStep Fail(AuthenticationFailure failure, SmbIdentity? claimed = null) =>
        new() { Failure = failure, Claimed = claimed };
}
