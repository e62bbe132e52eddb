namespace Smb3.Embedded.Rpc;

/// <summary>
/// One security context: first the exchange of tokens, then the protection of fragments. Calls never overlap, except that messages
/// of the two directions may be protected and verified at the same time.
/// </summary>
internal interface IRpcSecurityContext : IDisposable
{
    /// <summary>The length of a signature, the same for every message.</summary>
    int SignatureSize { get; }

    /// <summary>Takes a token of the client.</summary>
    ValueTask<RpcSecurityStep> StepAsync(ReadOnlyMemory<byte> token, CancellationToken cancellation);

    /// <summary>Signs the next message to the client, and encrypts a part of it in place.</summary>
    /// <param name="message">The fragment from its header to the end of its security trailer.</param>
    /// <param name="secret">The part to encrypt; empty: it is only signed.</param>
    /// <param name="signature">Takes the signature.</param>
    void Protect(Span<byte> message, Span<byte> secret, Span<byte> signature);

    /// <summary>Decrypts a part of the next message from the client in place, and says whether its signature is right.</summary>
    bool Unprotect(Span<byte> message, Span<byte> secret, ReadOnlySpan<byte> signature);
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
