using System.Net;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Security.Users;
using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Commands.NamedPipes;

/// <summary>Tells the interfaces behind pipes who is calling: the part of a user's token that they need.</summary>
internal static class RpcCallers
{
    /// <summary>The user of a session.</summary>
    public static RpcCaller Of(Session session) =>
        Of(session.Token!, session.SessionId, (session.Origin.RemoteEndPoint as IPEndPoint)?.Address) with
        {
            LocalAddress = (session.Origin.LocalEndPoint as IPEndPoint)?.Address,
            LocalPort = (session.Origin.LocalEndPoint as IPEndPoint)?.Port ?? 0,
        };

    /// <summary>A user who has authenticated inside an RPC connection.</summary>
    /// <param name="token">The user.</param>
    /// <param name="sessionId">The session that the connection is in.</param>
    /// <param name="address">Where its client is.</param>
    public static RpcCaller Of(SecurityToken token, ulong sessionId, IPAddress? address) =>
        new(token.Identity.UserName, token.AccountDomain)
        {
            UserSid = token.IsProven ? token.User : null,
            IsAdministrator = token.IsProven && token.Authorization.IsAdministrator,
            IsAnonymous = !token.IsProven,
            Address = address,
            SessionId = sessionId,
        };
}
