using System.Net;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Security.Authentication;
using Smb3.Embedded.Security.Users;
using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Hosting.Life;

/// <summary>
/// The server's own way to authenticate, as a security provider of DCE/RPC over pipes. It must not be a way around the host's hook and the policies of
/// logons, which are about sessions: where somebody else than the session's user logs on, there must be neither a hook to ask nor a policy to satisfy.
/// </summary>
internal sealed class RpcSecurity(ServerParts parts) : IRpcSecurity
{
    public const string RefusedByPolicy = "a policy of LogonPolicies does not let the user log on with that";

    public IRpcSecurityContext? Begin(RpcAuthType type, RpcCaller peer) =>
        Begin(parts, type, peer, (token, caller, _) => new(WhyNot(token, caller, peer)));

    /// <summary>Begins a logon; null when there is no such provider.</summary>
    /// <param name="parts">The server.</param>
    /// <param name="type">The provider.</param>
    /// <param name="peer">Who the transport says it is.</param>
    /// <param name="whyNot">Why a user who has proved to be one is not let in all the same; null: is let in.</param>
    public static IRpcSecurityContext? Begin(
        ServerParts parts, RpcAuthType type, RpcCaller peer, Func<SecurityToken, RpcCaller, CancellationToken, ValueTask<string?>> whyNot)
    {
        if (parts.RpcAuthenticators.Find(type) is not { } authenticator)
        {
            return null;
        }

        var network = ClientNetwork.Of(peer.Address ?? IPAddress.None);
        var exchange = authenticator.Begin(new LogonPeer(parts.Throttle, network, UnknownIsGuest: false));
        return new RpcLogon(parts, exchange, peer, whyNot);
    }

    private string? WhyNot(SecurityToken token, RpcCaller caller, RpcCaller peer)
    {
        if (caller.IsAnonymous)
        {
            return null;
        }

        var isOwn = caller.UserSid == peer.UserSid;
        if (parts.Hooks is not null && !isOwn)
        {
            return "the host's OnLogonAsync is asked about sessions, and this is another user than the session's";
        }

        var local = new IPEndPoint(peer.LocalAddress ?? IPAddress.None, peer.LocalPort);
        var remote = new IPEndPoint(peer.Address ?? IPAddress.None, 0);
        return LogonPolicy.Judge(parts.Settings.LogonPolicies, local, remote, token) switch
        {
            LogonDemand.OtherMechanism => RefusedByPolicy,
            LogonDemand.Encryption when !isOwn => "a policy of LogonPolicies demands that the user's sessions are encrypted, and this one is another user's",
            _ => null,
        };
    }
}
