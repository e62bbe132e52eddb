namespace Smb3.Embedded.Security.Authentication.Gss;

/// <summary>
/// A security context that is being accepted, or has been (RFC 2743). Calls never overlap. After a failure it takes nothing more; after it
/// is complete it signs. Disposing zeroes what it holds.
/// </summary>
internal interface IGssContext : IDisposable
{
    /// <summary>When complete: the key that the client has too, 16 bytes or more; zeroed when the context is disposed.</summary>
    ReadOnlySpan<byte> SessionKey { get; }

    /// <summary>
    /// The service that the client wants (its SPN, such as <c>cifs/server.example.com</c>), as the client says; null as long as it has not, or does not.
    /// For logs.
    /// </summary>
    string? Service { get; }

    /// <summary>
    /// GSS_Accept_sec_context: takes the client's next token, of which a mechanism may want any number. A broken user store or a
    /// cancellation may throw; a token never makes it throw.
    /// </summary>
    ValueTask<GssStep> AcceptAsync(ReadOnlyMemory<byte> token, CancellationToken cancellationToken);

    /// <summary>When complete: GSS_GetMIC, as SPNEGO needs it for the list of mechanisms.</summary>
    byte[] GetMic(ReadOnlySpan<byte> message);

    /// <summary>When complete: GSS_VerifyMIC, the client's counterpart.</summary>
    bool VerifyMic(ReadOnlySpan<byte> message, ReadOnlySpan<byte> mic);

    /// <summary>When complete: what protects messages under its key, for protocols that have no protection of their own.</summary>
    IMessageProtection ProtectMessages();
}
