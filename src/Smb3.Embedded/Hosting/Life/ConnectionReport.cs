using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Hosting.Life;

/// <summary>Logs the connections that were refused, and those that ended without a session.</summary>
internal sealed class ConnectionReport(RefusalLog log, ServerLimits limits)
{
    /// <summary>There are too many connections, in all or from this address.</summary>
    public void TooMany(Connection connection)
    {
        var remote = connection.RemoteEndPoint;
        var (all, perAddress) = (limits.MaxConnections, limits.MaxConnectionsPerAddress);
        if (connection.Graph.Connections.Count >= all)
        {
            log.Tell(
                connection, nameof(RefusalMessages.TooManyConnections), null,
                (logger, repeats) => RefusalMessages.TooManyConnections(logger, remote, all, repeats));
        }
        else
        {
            log.Tell(
                connection, nameof(RefusalMessages.TooManyFromAddress), null,
                (logger, repeats) => RefusalMessages.TooManyFromAddress(logger, remote, perAddress, repeats));
        }
    }

    public void RefusedByHost(Connection connection)
    {
        var remote = connection.RemoteEndPoint;
        log.Tell(
            connection, nameof(RefusalMessages.ConnectionRefusedByHost), null,
            (logger, repeats) => RefusalMessages.ConnectionRefusedByHost(logger, remote, repeats));
    }

    /// <summary>A connection has ended about which nothing has been logged yet.</summary>
    public void Ended(Connection connection, ConnectionEndReason reason)
    {
        if (connection.IsExplained || connection.Authenticated || IsOurs(reason))
        {
            return;
        }

        var remote = connection.RemoteEndPoint;
        if (connection.Negotiated is null && !connection.AwaitsSecondNegotiate)
        {
            RequestReport.NotSmb(log, connection, reason);
        }
        else if (reason == ConnectionEndReason.AuthenticationTimeout)
        {
            log.Tell(
                connection, nameof(RefusalMessages.NoLogonInTime), null,
                (logger, repeats) => RefusalMessages.NoLogonInTime(logger, remote, repeats));
        }
    }

    /// <summary>Whether the client had no part in it.</summary>
    private static bool IsOurs(ConnectionEndReason reason) =>
        reason is ConnectionEndReason.ServerStopped or ConnectionEndReason.EndedByHost or ConnectionEndReason.ServerFault
            or ConnectionEndReason.ShareMoved or ConnectionEndReason.ShareFenced;
}
