using Smb3.Embedded.Rpc;
using Smb3.Embedded.Security.Authentication;
using Smb3.Embedded.Security.Authentication.Ntlm;
using Smb3.Embedded.TestClient.Authentication;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Tests.Rpc;

/// <summary>NTLM, alone or in SPNEGO.</summary>
internal sealed class NtlmRpcInitiator(string user = "alice", string password = "pw", bool spnego = false) : IRpcInitiator
{
    private readonly NtlmInitiator _ntlm = new(new NtlmInitiatorOptions { UserName = user, Password = password, Raw = !spnego });

    public RpcAuthType Type => spnego ? RpcAuthType.Negotiate : RpcAuthType.Ntlm;

    public bool IsAnswered => spnego;

    public byte[] Start() => _ntlm.Start();

    public byte[] Next(byte[] answer) => _ntlm.Next(answer);

    public bool Finish(byte[] answer) => _ntlm.Finish(answer);

    public IMessageProtection Protect() =>
        new Protection(_ntlm.SessionKey, (NtlmFlags)_ntlm.LastAuthenticate.AsSpan().UInt32(NtlmAuthenticateMessage.FlagsOffset), spnego ? 1u : 0u);

    private sealed class Protection(byte[] key, NtlmFlags flags, uint firstSequence) : IMessageProtection
    {
        private readonly NtlmMessageDirection _outgoing = new(key, flags, fromServer: false, firstSequence);
        private readonly NtlmMessageDirection _incoming = new(key, flags, fromServer: true, firstSequence);

        public bool AlwaysCoversHeaders => true;

        public int SignatureSize(bool seals) => NtlmSignature.Size;

        public void Protect(Span<byte> message, Range? secret, Span<byte> signature) =>
            _outgoing.Protect(message, secret is { } part ? message[part] : default, signature);

        public bool Unprotect(Span<byte> message, Range? secret, ReadOnlySpan<byte> signature) =>
            _incoming.Unprotect(message, secret is { } part ? message[part] : default, signature);

        public void Dispose()
        {
            _outgoing.Dispose();
            _incoming.Dispose();
        }
    }
}
