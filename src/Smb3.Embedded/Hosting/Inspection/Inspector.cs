using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Hosting.Inspection;

/// <summary>Reads the graph for the host. It takes no lock that a request would wait for, and waits for no request.</summary>
internal static class Inspector
{
    public static SmbServerSnapshot Inspect(ServerGraph? graph, TimeProvider time)
    {
        // From the top down: what appears while this runs is left out together with everything below it.
        var at = time.GetUtcNow();
        var connections = Connections(graph);
        var known = connections.Select(connection => connection.Id).ToHashSet();
        var sessions = Sessions(graph);
        var opens = Opens(graph, sessions);
        return new SmbServerSnapshot
        {
            At = at,
            Clients = Clients(graph, connections, sessions),
            Connections = [.. connections.Select(connection => new SmbActiveConnection(connection))],
            Sessions = [.. sessions.Select(
                pair => new SmbActiveSession(pair.Session, pair.Identity, channel => known.Contains(channel.Connection.Id)))],
            Opens = opens,
            Leases = Leases(opens),
        };
    }

    public static List<Connection> Connections(ServerGraph? graph) =>
        [.. (graph?.Connections ?? []).OrderBy(connection => connection.Id)];

    /// <summary>The sessions that have authenticated.</summary>
    public static List<(Session Session, SmbIdentity Identity)> Sessions(ServerGraph? graph)
    {
        var found = new List<(Session Session, SmbIdentity Identity)>();
        foreach (var session in graph?.Sessions ?? [])
        {
            if (session.IsEstablished && session.Identity is { } identity)
            {
                found.Add((session, identity));
            }
        }

        found.Sort((one, other) => one.Session.CreatedAt.CompareTo(other.Session.CreatedAt));
        return found;
    }

    /// <summary>The opens of these sessions, and those that have outlived theirs.</summary>
    public static List<SmbActiveOpen> Opens(ServerGraph? graph, List<(Session Session, SmbIdentity Identity)> sessions)
    {
        var found = new Dictionary<ulong, SmbActiveOpen>();
        foreach (var waiting in graph?.Opens.All ?? [])
        {
            if (waiting.IsWaiting)
            {
                found[waiting.PersistentId] = new SmbActiveOpen(waiting, graph!.Shares.Find(waiting.Share));
            }
        }

        foreach (var (session, identity) in sessions)
        {
            foreach (var open in session.Opens.All)
            {
                found[open.FileId.Persistent] = new SmbActiveOpen(open, identity);
            }
        }

        return [.. found.Values.OrderBy(open => open.OpenId)];
    }

    public static List<SmbActiveClient> Clients(
        ServerGraph? graph, List<Connection> connections, List<(Session Session, SmbIdentity Identity)> sessions)
    {
        var connectionsOf = connections.ToLookup(connection => connection.Client, connection => connection.Id);
        var sessionsOf = sessions.ToLookup(pair => pair.Session.Origin.ClientGuid, pair => pair.Session.SessionId);
        return [.. (graph?.Clients ?? []).Select(
            client => new SmbActiveClient(graph!, client, [.. connectionsOf[client]], [.. sessionsOf[client.ClientGuid]]))];
    }

    /// <summary>The leases and oplocks of opens, each once.</summary>
    public static List<SmbActiveLease> Leases(List<SmbActiveOpen> opens)
    {
        var found = new Dictionary<CacheGrant, List<SmbActiveOpen>>();
        foreach (var open in opens.Where(open => open.Grant is not null))
        {
            if (!found.TryGetValue(open.Grant!, out var its))
            {
                found.Add(open.Grant!, its = []);
            }

            its.Add(open);
        }

        return
        [
            .. from pair in found
               let oldest = pair.Value[0]
               let lease = new SmbActiveLease(
                   pair.Key, oldest.ClientGuid, oldest.ShareName, oldest.Path, [.. pair.Value.Select(open => open.OpenId)])
               where lease.Caching != SmbCaching.None || lease.IsBreaking
               select lease,
        ];
    }
}
