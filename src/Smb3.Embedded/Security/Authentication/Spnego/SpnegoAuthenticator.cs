using Smb3.Embedded.Security.Authentication.Ntlm;

namespace Smb3.Embedded.Security.Authentication.Spnego;

/// <summary>SPNEGO (RFC 4178, MS-SPNG) with NTLM as its one mechanism; NTLM without SPNEGO is taken too, as Windows does.</summary>
internal sealed class SpnegoAuthenticator(NtlmAuthenticatorOptions options, ISmbUserStore users) : IAuthenticator
{
    public ReadOnlyMemory<byte> NegotiateToken { get; } = NegTokenInit.WriteServerOffer();

    public IAuthenticationExchange Begin(LogonPeer? peer = null) => new SpnegoExchange(new NtlmAcceptor(options, users, peer));
}
