using Smb3.Embedded.Files.Caching;

namespace Smb3.Embedded.Sessions;

/// <summary>
/// How the break of a lease gets to its client (MS-SMB2 3.3.4.7). The lease is the client's, not that of the session whose open it was
/// first given to: the break goes over any connection of the client, on behalf of any session that has the file open under the lease. Where
/// a session encrypts, its own channels are the only connections that can take it.
/// </summary>
internal sealed class LeaseBreakRoute(CacheGrant lease) : IBreakRoute
{
    /// <inheritdoc/>
    public bool Retries => true;

    // A client that is just reconnecting to an open does not yet know that it has it again: the break goes out behind that answer.
    private IEnumerable<BreakNotifier> Notifiers =>
        lease.GetSinks().OfType<BreakNotifier>().Where(static notifier => notifier.IsAnnounced);

    /// <inheritdoc/>
    public IEnumerable<Connection> Connections() => Notifiers.SelectMany(ConnectionsOf).Distinct().OrderBy(static one => one.Id);

    /// <inheritdoc/>
    public SentMark? TrySend(Connection connection, ReadOnlySpan<byte> message)
    {
        foreach (var notifier in Notifiers)
        {
            if (ConnectionsOf(notifier).Contains(connection) && notifier.TrySend(connection, message) is { } mark)
            {
                return mark;
            }
        }

        return null;
    }

    private static IEnumerable<Connection> ConnectionsOf(BreakNotifier notifier) => notifier.Seals || notifier.Client is not { } client
        ? notifier.Channels
        : client.Connections.Where(static one => one.Authenticated);
}
