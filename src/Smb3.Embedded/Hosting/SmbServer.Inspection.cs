using System.Runtime.CompilerServices;
using Smb3.Embedded.Hosting;
using Smb3.Embedded.Hosting.Inspection;

namespace Smb3.Embedded;

/// <content>How a host sees its clients and disconnects them.</content>
public sealed partial class SmbServer
{
    /// <summary>The client machines at this moment.</summary>
    public IReadOnlyList<SmbActiveClient> Clients =>
        Inspector.Clients(Graph, Inspector.Connections(Graph), Inspector.Sessions(Graph));

    /// <summary>The connections at this moment, the oldest first.</summary>
    public IReadOnlyList<SmbActiveConnection> Connections =>
        [.. Inspector.Connections(Graph).Select(connection => new SmbActiveConnection(connection))];

    /// <summary>The authenticated sessions at this moment, the oldest first.</summary>
    public IReadOnlyList<SmbActiveSession> Sessions =>
        [.. Inspector.Sessions(Graph).Select(pair => new SmbActiveSession(pair.Session, pair.Identity))];

    /// <summary>
    /// The open files, directories and pipes at this moment, the oldest first; also durable ones whose client is away.
    /// </summary>
    public IReadOnlyList<SmbActiveOpen> Opens => Inspector.Opens(Graph, Inspector.Sessions(Graph));

    /// <summary>The leases and oplocks at this moment.</summary>
    public IReadOnlyList<SmbActiveLease> Leases => Inspector.Leases(Inspector.Opens(Graph, Inspector.Sessions(Graph)));

    /// <summary>
    /// The addresses that clients can use at this moment, as they are told to those with several channels; empty while the server is stopped.
    /// </summary>
    public IReadOnlyList<SmbInterface> Interfaces => Volatile.Read(ref _run) is { } run
        ? [.. _parts.Interfaces.Find(run.EndPoints).Select(static found => new SmbInterface(found.Address)
        {
            Index = (int)found.Index, LinkSpeed = (long)found.LinkSpeed, Rss = found.Rss, Rdma = found.Rdma,
        })]
        : [];

    /// <summary>
    /// How the state of what clients have open is kept, for each folder or store that is continuously available.
    /// </summary>
    public IReadOnlyList<SmbKeptState> KeptState => Shares.Served.KeptState;

    /// <summary>
    /// How the opens that the process before this one had left came back; <see langword="null"/> if it had left none, or the server is stopped.
    /// </summary>
    public SmbRecovery? LastRecovery => Volatile.Read(ref _run)?.LastRecovery;

    /// <summary>
    /// All of these in one consistent snapshot. It takes no lock that a client would wait for, and is empty while the server is stopped.
    /// </summary>
    public SmbServerSnapshot Inspect() => Inspector.Inspect(Graph, _parts.Settings.TimeProvider) with
    {
        ClusterNodes = Cluster?.Nodes ?? [],
        ClusterShares = Cluster?.Shares ?? [],
    };

    /// <summary>
    /// Follows changes: connections, sessions, channels and opens that come and go, and caching that is revoked. The first one is
    /// a <see cref="SmbChangeKind.Resync"/>, upon which <see cref="Inspect"/> shows everything; so is one that stands for changes that
    /// were dropped because <paramref name="capacity"/> were waiting to be read. What happens in parts of clustered shares that this node serves
    /// is told like everything else, and what happens at other nodes is not; what changes in the cluster itself, <see cref="Cluster"/> shows. The watch goes on when the server is stopped and
    /// started again, and ends when it is disposed. Clients never wait for a watcher; while there is none it costs nothing.
    /// </summary>
    /// <param name="capacity">How many changes may wait to be read. At least 1.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    /// <example>
    /// <code>
    /// await foreach (var change in server.WatchAsync(cancellationToken: token))
    /// {
    ///     if (change.Kind is SmbChangeKind.Resync or SmbChangeKind.ChannelAdded or SmbChangeKind.ChannelRemoved)
    ///         Show(server.Inspect().Sessions);
    /// }
    /// </code>
    /// </example>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> is below 1.</exception>
    /// <exception cref="OperationCanceledException">The watch was cancelled.</exception>
    public IAsyncEnumerable<SmbChange> WatchAsync(int capacity = 1024, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        return FollowAsync(capacity, cancellationToken);
    }

    /// <summary>The client machine with this GUID; <see langword="null"/> when there is none (any more).</summary>
    /// <param name="clientGuid"><see cref="SmbActiveClient.ClientGuid"/>.</param>
    public SmbActiveClient? FindClient(Guid clientGuid) => Clients.FirstOrDefault(client => client.ClientGuid == clientGuid);

    /// <summary>The connection with this number; <see langword="null"/> when there is none (any more).</summary>
    /// <param name="connectionId"><see cref="SmbConnectionInfo.ConnectionId"/>.</param>
    public SmbActiveConnection? FindConnection(ulong connectionId) =>
        Graph?.FindConnection(connectionId) is { } connection ? new SmbActiveConnection(connection) : null;

    /// <summary>The authenticated session with this id; <see langword="null"/> when there is none (any more).</summary>
    /// <param name="sessionId"><see cref="SmbSessionInfo.SessionId"/>.</param>
    public SmbActiveSession? FindSession(ulong sessionId) =>
        Graph?.FindSession(sessionId) is { Identity: { } identity } session ? new SmbActiveSession(session, identity) : null;

    /// <summary>The open with this number; <see langword="null"/> when there is none (any more).</summary>
    /// <param name="openId"><see cref="SmbActiveOpen.OpenId"/>.</param>
    public SmbActiveOpen? FindOpen(ulong openId)
    {
        foreach (var (session, identity) in Inspector.Sessions(Graph))
        {
            if (session.Opens.Find(openId) is { } open)
            {
                return new SmbActiveOpen(open, identity);
            }
        }

        return Graph?.Opens.Find(openId) is { IsWaiting: true } waiting ? new SmbActiveOpen(waiting, Graph.Shares.Find(waiting.Share)) : null;
    }

    private async IAsyncEnumerable<SmbChange> FollowAsync(int capacity, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var queue = _parts.Changes.Watch(capacity);
        while (await queue.NextAsync(cancellationToken).ConfigureAwait(false) is { } change)
        {
            yield return change;
        }
    }
}
