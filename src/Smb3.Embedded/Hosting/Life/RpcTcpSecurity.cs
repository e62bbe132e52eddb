using Smb3.Embedded.Commands.Hooks;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Security.Users;
using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Hosting.Life;

/// <summary>
/// The security provider of one connection of DCE/RPC over TCP. It has no session of SMB behind it, so the host's hook is asked about the
/// logon here as it would be there.
/// </summary>
internal sealed class RpcTcpSecurity(ServerParts parts, SmbConnectionInfo connection) : IRpcSecurity
{
    private volatile SmbIdentity? _identity;

    public SmbConnectionInfo Connection => connection;

    /// <summary>Who has logged on; null: nobody yet.</summary>
    public SmbIdentity? Identity => _identity;

    public IRpcSecurityContext? Begin(RpcAuthType type, RpcCaller peer) => RpcSecurity.Begin(parts, type, peer, WhyNotAsync);

    private async ValueTask<string?> WhyNotAsync(SecurityToken token, RpcCaller caller, CancellationToken cancellation)
    {
        if (caller.IsAnonymous)
        {
            return null;
        }

        // What a policy says of encryption is about sessions of SMB.
        if (LogonPolicy.Judge(parts.Settings.LogonPolicies, connection.Local, connection.Remote, token) == LogonDemand.OtherMechanism)
        {
            return RpcSecurity.RefusedByPolicy;
        }

        var session = new SmbSessionInfo(SessionId: 0, token.Identity, connection, Dialect: "RPC");
        if (parts.Hooks is { } hooks
            && !await hooks.AskAsync(parts.Logger, nameof(SmbServerHooks.OnLogonAsync), "logon", h => h.OnLogonAsync(session, cancellation))
                .ConfigureAwait(false))
        {
            return "the host's OnLogonAsync has refused it";
        }

        _identity = token.Identity;
        return null;
    }
}
