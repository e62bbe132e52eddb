using System.Net;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Security.Authentication;

namespace Smb3.Embedded.Hosting.Life;

/// <summary>The server's own way to authenticate, as a security provider of DCE/RPC.</summary>
internal sealed class RpcSecurity(ServerParts parts) : IRpcSecurity
{
    public IRpcSecurityContext? Begin(RpcAuthType type, RpcCaller peer)
    {
        if (type is not (RpcAuthType.Negotiate or RpcAuthType.Ntlm))
        {
            return null;
        }

        var network = ClientNetwork.Of(peer.Address ?? IPAddress.None);
        return new RpcLogon(parts, parts.Authenticator.Begin(new LogonPeer(parts.Throttle, network, UnknownIsGuest: false)), peer);
    }
}
