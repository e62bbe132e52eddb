using Smb3.Embedded.Security.Authentication.Kerberos.Tokens;

namespace Smb3.Embedded.Security.Authentication.Kerberos;

/// <summary>
/// The messages under the key of a context, each with the number after the one before (RFC 4121 4.2.2): one that is sent again, left out or
/// moved is not the one that is due. The context owns the key.
/// </summary>
internal sealed class KerberosMessageProtection(IMessageTokens tokens, ulong nextSent, ulong nextReceived) : IMessageProtection
{
    private ulong _nextSent = nextSent;
    private ulong _nextReceived = nextReceived;

    public bool AlwaysCoversHeaders => false;

    public int SignatureSize(bool seals) => seals ? tokens.SealSize : tokens.MicSize;

    public void Protect(Span<byte> message, Range? secret, Span<byte> signature)
    {
        if (secret is { } part)
        {
            tokens.Seal(_nextSent++, message, part, signature);
        }
        else
        {
            tokens.WriteMic(_nextSent++, message, signature);
        }
    }

    public bool Unprotect(Span<byte> message, Range? secret, ReadOnlySpan<byte> signature) => secret is { } part
        ? tokens.Open(_nextReceived++, message, part, signature)
        : tokens.VerifyMic(_nextReceived++, message, signature);

    public void Dispose()
    {
        // The key is the context's.
    }
}
