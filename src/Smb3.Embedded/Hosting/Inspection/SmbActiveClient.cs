using Smb3.Embedded.Sessions;

namespace Smb3.Embedded;

/// <summary>A client machine at the time of the query: its GUID is what its connections and sessions have in common.</summary>
public sealed record SmbActiveClient
{
    private readonly ServerGraph _graph;
    private readonly Client _client;

    internal SmbActiveClient(ServerGraph graph, Client client, IReadOnlyList<ulong> connectionIds, IReadOnlyList<ulong> sessionIds)
    {
        _graph = graph;
        _client = client;
        ClientGuid = client.ClientGuid;
        ConnectionIds = connectionIds;
        SessionIds = sessionIds;
        LeaseCount = client.Leases.Count;
    }

    /// <summary>Its own GUID. Clients that speak only 2.0.2 have none, and are all listed under the empty one.</summary>
    public Guid ClientGuid { get; }

    /// <summary>Its connections, the oldest first; none while only opens that have outlived them are left.</summary>
    public IReadOnlyList<ulong> ConnectionIds { get; }

    /// <summary>The sessions that were set up on one of its connections.</summary>
    public IReadOnlyList<ulong> SessionIds { get; }

    /// <summary>Leases that it holds.</summary>
    public int LeaseCount { get; }

    /// <summary>
    /// Ends its sessions with all their opens, including those that wait for it to come back, and closes its connections. It may connect
    /// again.
    /// </summary>
    public async ValueTask EndAsync()
    {
        foreach (var session in _graph.Sessions)
        {
            if (session.Origin.ClientGuid == ClientGuid)
            {
                await session.EndAsync().ConfigureAwait(false);
            }
        }

        await _graph.Opens.CloseDisconnectedAsync(open => open.ClientGuid == ClientGuid).ConfigureAwait(false);
        foreach (var connection in _client.Connections)
        {
            connection.Terminate(ConnectionEndReason.EndedByHost);
        }
    }
}
