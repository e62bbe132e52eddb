namespace Smb3.Embedded.Security.Authentication;

/// <summary>
/// How a mechanism that has authenticated its client protects messages: GSS_GetMIC and GSS_Wrap, in the detached form that DCE/RPC
/// uses. The two directions are independent of each other; within one, messages come in order.
/// </summary>
internal interface IMessageProtection : IDisposable
{
    /// <summary>The length of every signature.</summary>
    int SignatureSize { get; }

    /// <summary>Signs the server's next message in plain text, and encrypts <paramref name="secret"/>, a part of it, in place.</summary>
    void Protect(Span<byte> message, Span<byte> secret, Span<byte> signature);

    /// <summary>Decrypts <paramref name="secret"/> in the client's next message, and says whether the signature is right.</summary>
    bool Unprotect(Span<byte> message, Span<byte> secret, ReadOnlySpan<byte> signature);
}
