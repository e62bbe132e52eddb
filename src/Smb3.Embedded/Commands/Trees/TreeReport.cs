using Smb3.Embedded.Commands.Hooks;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Commands.Trees;

/// <summary>Tells the log why a share was refused.</summary>
internal sealed class TreeReport(RefusalLog log)
{
    public void UnknownShare(Connection connection, SmbIdentity identity, string name)
    {
        var (user, remote, share) = Facts(connection, identity, name);
        log.Tell(
            connection, nameof(RefusalMessages.UnknownShare), name,
            (logger, repeats) => RefusalMessages.UnknownShare(logger, user, remote, share, repeats));
    }

    public void Forbidden(Connection connection, SmbIdentity identity, string name)
    {
        var (user, remote, share) = Facts(connection, identity, name);
        if (identity.IsGuest || identity.IsAnonymous)
        {
            log.Tell(
                connection, nameof(RefusalMessages.ShareWithoutGuests), name,
                (logger, repeats) => RefusalMessages.ShareWithoutGuests(logger, user, remote, share, repeats));
            return;
        }

        log.Tell(
            connection, nameof(RefusalMessages.ShareForbidden), WhoOf(identity, name),
            (logger, repeats) => RefusalMessages.ShareForbidden(logger, user, remote, share, repeats));
    }

    public void DemandsSealing(Connection connection, SmbIdentity identity, string name)
    {
        var (user, remote, share) = Facts(connection, identity, name);
        var dialect = HookFacts.TextOf(connection.Negotiated?.Dialect);
        log.Tell(
            connection, nameof(RefusalMessages.ShareDemandsSealing), WhoOf(identity, name),
            (logger, repeats) => RefusalMessages.ShareDemandsSealing(logger, user, remote, share, dialect, repeats));
    }

    public void RefusedByHost(Connection connection, SmbIdentity identity, string name)
    {
        var (user, remote, share) = Facts(connection, identity, name);
        log.Tell(
            connection, nameof(RefusalMessages.ShareRefusedByHost), WhoOf(identity, name),
            (logger, repeats) => RefusalMessages.ShareRefusedByHost(logger, user, remote, share, repeats));
    }

    public void Full(Connection connection, SmbIdentity identity, string name)
    {
        var (user, remote, share) = Facts(connection, identity, name);
        log.Tell(
            connection, nameof(RefusalMessages.ShareFull), name,
            (logger, repeats) => RefusalMessages.ShareFull(logger, user, remote, share, repeats));
    }

    public void TooMany(Connection connection, SmbIdentity identity, string name)
    {
        var (user, remote, share) = Facts(connection, identity, name);
        log.Tell(
            connection, nameof(RefusalMessages.TooManyTreeConnects), WhoOf(identity, name),
            (logger, repeats) => RefusalMessages.TooManyTreeConnects(logger, user, remote, share, repeats));
    }

    private static (LogText User, System.Net.EndPoint Remote, LogText Share) Facts(
        Connection connection, SmbIdentity identity, string name) => (identity.ForLog, connection.RemoteEndPoint, name);

    private static string WhoOf(SmbIdentity identity, string name) => $"{name}\0{identity}";
}
