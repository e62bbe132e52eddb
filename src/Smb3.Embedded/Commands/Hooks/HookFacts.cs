using Microsoft.Extensions.Logging;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Commands.Hooks;

/// <summary>Makes what hooks are told out of the graph, and is the one place where a hook is asked.</summary>
internal static class HookFacts
{
    public static SmbConnectionInfo Of(Connection connection) =>
        new(connection.Id, connection.LocalEndPoint, connection.RemoteEndPoint, connection.CreatedAt);

    public static SmbSessionInfo Of(Session session, SmbIdentity identity) =>
        new(session.SessionId, identity, Of(session.Origin), TextOf(session.Origin.Negotiated.Dialect));

    private static SmbConnectionInfo Of(SessionOrigin origin) =>
        new(origin.ConnectionId, origin.LocalEndPoint, origin.RemoteEndPoint, origin.ConnectedAt);

    public static string TextOf(Smb2Dialect? dialect) => dialect switch
    {
        Smb2Dialect.Smb202 => "2.0.2",
        Smb2Dialect.Smb210 => "2.1",
        Smb2Dialect.Smb300 => "3.0",
        Smb2Dialect.Smb302 => "3.0.2",
        Smb2Dialect.Smb311 => "3.1.1",
        _ => string.Empty,
    };

    /// <summary>Asks a hook; one that throws has said no.</summary>
    public static async ValueTask<bool> AskAsync(
        this SmbServerHooks hooks, ILogger logger, string hook, string what, Func<SmbServerHooks, ValueTask<bool>> ask)
    {
        try
        {
            return await ask(hooks).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        catch (Exception e)
        {
            ServerLog.HookFault(logger, e, hook, what);
            return false;
        }
    }
}
