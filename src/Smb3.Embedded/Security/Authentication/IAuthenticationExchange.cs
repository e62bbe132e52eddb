namespace Smb3.Embedded.Security.Authentication;

/// <summary>
/// One authentication, token by token. Calls never overlap; after a final status it is over. Disposing zeroes what it holds.
/// </summary>
internal interface IAuthenticationExchange : IDisposable
{
    /// <summary>
    /// Takes the client's token and gives the answer. A broken user store or a cancellation may throw; a token never makes it throw.
    /// </summary>
    ValueTask<AuthenticationStep> StepAsync(ReadOnlyMemory<byte> token, CancellationToken cancellationToken);

    /// <summary>
    /// After a successful last step: what protects messages under its key, for protocols that have no protection of their own.
    /// </summary>
    IMessageProtection ProtectMessages();

    /// <summary>
    /// After a step that failed with <see cref="AuthenticationFailure.UnknownUser"/>: the successful answer with which the server lets the
    /// client in as a guest. The session key is zero, as a guest shares no secret with the server and its session cannot be signed.
    /// </summary>
    AuthenticationStep AcceptAsGuest();
}
