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

    public int SignatureSize => NtlmSignature.Size;

    public void Protect(Span<byte> message, Span<byte> secret, Span<byte> signature) => _outgoing.Protect(message, secret, signature);

    public bool Unprotect(Span<byte> message, Span<byte> secret, ReadOnlySpan<byte> signature) =>
        _incoming.Unprotect(message, secret, signature);

    public void Dispose()
    {
        _incoming.Dispose();
        _outgoing.Dispose();
    }
}
