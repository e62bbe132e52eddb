namespace Smb3.Embedded.Security.Authentication;

/// <summary>
/// How a mechanism that has authenticated its client protects messages: GSS_GetMIC and GSS_WrapEx, in the detached form that DCE/RPC
/// uses. The two directions are independent of each other; within one, messages come in order.
/// </summary>
internal interface IMessageProtection : IDisposable
{
    /// <summary>
    /// Whether the headers around a message are covered in any case, as NTLM does with extended session security, and not only where client and
    /// server have agreed on it (MS-RPCE 3.3.1.5.2.2).
    /// </summary>
    bool AlwaysCoversHeaders { get; }

    /// <summary>The length of the signatures that are sent; what clients send may have another one.</summary>
    /// <param name="seals">Whether a part of the message is encrypted.</param>
    int SignatureSize(bool seals);

    /// <summary>Signs the server's next message in plain text.</summary>
    /// <param name="message">The message.</param>
    /// <param name="secret">The part that is then encrypted in place, which may be empty; null: it is only signed.</param>
    /// <param name="signature">Takes the signature.</param>
    void Protect(Span<byte> message, Range? secret, Span<byte> signature);

    /// <summary>Decrypts <paramref name="secret"/> in the client's next message, and says whether the signature is right.</summary>
    bool Unprotect(Span<byte> message, Range? secret, ReadOnlySpan<byte> signature);
}
