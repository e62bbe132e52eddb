using System.Net;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Security.Authentication;
using Smb3.Embedded.Security.Users;

namespace Smb3.Embedded.Hosting.Life;

/// <summary>
/// The server's own way to authenticate, as a security provider of DCE/RPC over pipes. It must not be a way around the host's hook, which is
/// only asked about sessions: where there is a hook, only the user of the session may log on.
/// </summary>
internal sealed class RpcSecurity(ServerParts parts) : IRpcSecurity
{
    public IRpcSecurityContext? Begin(RpcAuthType type, RpcCaller peer) => Begin(
        parts, type, peer, (_, caller, _) => new(parts.Hooks is null || caller.IsAnonymous || caller.UserSid == peer.UserSid));

    /// <summary>Begins a logon; null when there is no such provider.</summary>
    public static IRpcSecurityContext? Begin(
        ServerParts parts, RpcAuthType type, RpcCaller peer, Func<SecurityToken, RpcCaller, CancellationToken, ValueTask<bool>> isWelcome)
    {
        if (parts.RpcAuthenticators.Find(type) is not { } authenticator)
        {
            return null;
        }

        var network = ClientNetwork.Of(peer.Address ?? IPAddress.None);
        var exchange = authenticator.Begin(new LogonPeer(parts.Throttle, network, UnknownIsGuest: false));
        return new RpcLogon(parts, exchange, peer, isWelcome);
    }
}
