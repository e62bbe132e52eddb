using Smb3.Embedded.Rpc;
using Smb3.Embedded.Security.Authentication;
using Smb3.Embedded.Security.Authentication.Kerberos;
using Smb3.Embedded.Security.Authentication.Ntlm;
using Smb3.Embedded.Security.Authentication.Spnego;
using Smb3.Embedded.Security.Users;

namespace Smb3.Embedded.Hosting.Life;

/// <summary>How clients of RPC authenticate: with the mechanisms of SMB, in the form that they have for RPC, each by itself or chosen by SPNEGO.</summary>
internal sealed class RpcAuthenticators
{
    private readonly SpnegoAuthenticator _negotiate;
    private readonly SpnegoAuthenticator? _ntlm;
    private readonly SpnegoAuthenticator? _kerberos;

    /// <param name="ntlm">Null: not offered.</param>
    /// <param name="kerberos">As SMB has it; null: not offered.</param>
    /// <param name="tokens">Makes the tokens of guests, which RPC does not let in.</param>
    public RpcAuthenticators(NtlmMechanism? ntlm, KerberosMechanism? kerberos, ISecurityTokenFactory tokens)
    {
        var tickets = kerberos?.ForRpc();
        _ntlm = ntlm is null ? null : new SpnegoAuthenticator([ntlm], tokens);
        _kerberos = tickets is null ? null : new SpnegoAuthenticator([tickets], tokens);
        _negotiate = (ntlm, tickets) switch
        {
            (not null, not null) => new SpnegoAuthenticator([tickets, ntlm], tokens),
            _ => _kerberos ?? _ntlm ?? new SpnegoAuthenticator([], tokens),
        };
    }

    /// <summary>Null when there is no such provider.</summary>
    public IAuthenticator? Find(RpcAuthType type) => type switch
    {
        RpcAuthType.Negotiate => _negotiate,
        RpcAuthType.Ntlm => _ntlm,
        RpcAuthType.Kerberos => _kerberos,
        _ => null,
    };
}
