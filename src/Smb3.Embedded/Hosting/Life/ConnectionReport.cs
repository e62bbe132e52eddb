using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Hosting.Life;

/// <summary>Tells the log which connections were refused, and which came to nothing.</summary>
internal sealed class ConnectionReport(RefusalLog log, ServerLimits limits)
{
    /// <summary>There are too many, in all or from its address.</summary>
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

    /// <summary>A connection that the log has not said anything of yet is over.</summary>
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

    /// <summary>The client had no part in it.</summary>
    private static bool IsOurs(ConnectionEndReason reason) =>
        reason is ConnectionEndReason.ServerStopped or ConnectionEndReason.EndedByHost or ConnectionEndReason.ServerFault;
}
