namespace Smb3.Embedded.Rpc;

/// <summary>
/// One security context: first the exchange of tokens, then the protection of fragments. Calls never overlap, except that messages
/// of the two directions may be protected and verified at the same time.
/// </summary>
internal interface IRpcSecurityContext : IDisposable
{
    /// <summary>When established: whether headers are signed in any case, and not only where client and server have agreed on it.</summary>
    bool AlwaysCoversHeaders { get; }

    /// <summary>Takes a token of the client.</summary>
    ValueTask<RpcSecurityStep> StepAsync(ReadOnlyMemory<byte> token, CancellationToken cancellation);

    /// <summary>When established: the length of the signatures that are sent.</summary>
    /// <param name="seals">Whether a part of the message is encrypted.</param>
    int SignatureSize(bool seals);

    /// <summary>Signs the next message to the client, and encrypts a part of it in place.</summary>
    /// <param name="message">What is signed.</param>
    /// <param name="secret">The part to encrypt, which may be empty; null: it is only signed.</param>
    /// <param name="signature">Takes the signature.</param>
    void Protect(Span<byte> message, Range? secret, Span<byte> signature);

    /// <summary>Decrypts a part of the next message from the client in place, and says whether its signature is right.</summary>
    bool Unprotect(Span<byte> message, Range? secret, ReadOnlySpan<byte> signature);
}

/// <summary>The answer to one token.</summary>
/// <param name="Outcome">How far it is.</param>
/// <param name="Token">For the client; may be empty.</param>
/// <param name="Caller">When established: who it is.</param>
internal readonly record struct RpcSecurityStep(RpcSecurityOutcome Outcome, ReadOnlyMemory<byte> Token, RpcCaller? Caller);

/// <summary>The state of a security context after a token.</summary>
internal enum RpcSecurityOutcome
{
    /// <summary>The client's next token is awaited.</summary>
    Continue,

    /// <summary>The caller is known and messages can be protected.</summary>
    Established,

    /// <summary>It has failed.</summary>
    Failed,
}
