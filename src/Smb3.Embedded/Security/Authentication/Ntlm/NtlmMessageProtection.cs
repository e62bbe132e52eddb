namespace Smb3.Embedded.Security.Authentication.Ntlm;

/// <summary>
/// Signing and sealing of a connection's messages with extended session security (MS-NLMP 3.4.3 and 3.4.4).
/// </summary>
internal sealed class NtlmMessageProtection : IMessageProtection
{
    private readonly NtlmMessageDirection _incoming;
    private readonly NtlmMessageDirection _outgoing;

    public NtlmMessageProtection(ReadOnlySpan<byte> sessionKey, NtlmFlags flags, uint firstSequence)
    {
        _incoming = new NtlmMessageDirection(sessionKey, flags, fromServer: false, firstSequence);
        _outgoing = new NtlmMessageDirection(sessionKey, flags, fromServer: true, firstSequence);
    }

    public bool AlwaysCoversHeaders => true;

    public int SignatureSize(bool seals) => NtlmSignature.Size;

    public void Protect(Span<byte> message, Range? secret, Span<byte> signature) =>
        _outgoing.Protect(message, Part(message, secret), signature);

    public bool Unprotect(Span<byte> message, Range? secret, ReadOnlySpan<byte> signature) =>
        _incoming.Unprotect(message, Part(message, secret), signature);

    public void Dispose()
    {
        _incoming.Dispose();
        _outgoing.Dispose();
    }

    private static Span<byte> Part(Span<byte> message, Range? secret) => secret is { } part ? message[part] : default;
}
