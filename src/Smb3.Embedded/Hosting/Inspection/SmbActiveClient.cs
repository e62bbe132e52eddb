using Smb3.Embedded.Sessions;

namespace Smb3.Embedded;

/// <summary>A client machine as it was when it was asked for: its connections and sessions belong together by its GUID.</summary>
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

    /// <summary>What it calls itself. Clients that speak only 2.0.2 have none: they are all together under the empty one.</summary>
    public Guid ClientGuid { get; }

    /// <summary>Its connections, the oldest first; none while only opens that outlived them are left of it.</summary>
    public IReadOnlyList<ulong> ConnectionIds { get; }

    /// <summary>The sessions that were set up on one of its connections.</summary>
    public IReadOnlyList<ulong> SessionIds { get; }

    /// <summary>Leases that it holds.</summary>
    public int LeaseCount { get; }

    /// <summary>
    /// Ends its sessions with all their opens, those too that wait for it to come back, and closes its connections. It may come again.
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
