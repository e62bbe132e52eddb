using Smb3.Embedded.Security.Authentication.Gss;
using Smb3.Embedded.Security.Users;

namespace Smb3.Embedded.Security.Authentication.Spnego;

/// <summary>
/// SPNEGO (RFC 4178, MS-SPNG) over the mechanisms of one server; a mechanism without SPNEGO around it is taken too, as Windows does.
/// </summary>
/// <param name="mechanisms">The mechanisms, best first.</param>
/// <param name="tokens">Makes the tokens of guests.</param>
internal sealed class SpnegoAuthenticator(IReadOnlyList<IGssMechanism> mechanisms, ISecurityTokenFactory tokens) : IAuthenticator
{
    public ReadOnlyMemory<byte> NegotiateToken { get; } =
        NegTokenInit.WriteServerOffer([.. mechanisms.SelectMany(mechanism => mechanism.Oids)]);

    public IAuthenticationExchange Begin(LogonPeer? peer = null) => new SpnegoExchange(mechanisms, tokens, peer);
}
