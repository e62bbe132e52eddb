using System.Text.Json.Serialization;

namespace Smb3.Embedded.AspNetCore.Monitor;

/// <summary>What the page shows.</summary>
internal sealed record MonitorView
{
    /// <summary>How many open files, and how many leases, are sent; the page says how many there are.</summary>
    private const int MostRows = 500;

    public required string Server { get; init; }

    public required string State { get; init; }

    public required DateTimeOffset At { get; init; }

    public required IReadOnlyList<MonitorSession> Sessions { get; init; }

    public required IReadOnlyList<MonitorShare> Shares { get; init; }

    public required IReadOnlyList<MonitorConnection> Connections { get; init; }

    public required IReadOnlyList<MonitorOpen> Opens { get; init; }

    public required int OpenCount { get; init; }

    public required IReadOnlyList<MonitorLease> Leases { get; init; }

    public required int LeaseCount { get; init; }

    public required IReadOnlyList<MonitorNode> Nodes { get; init; }

    public required IReadOnlyList<MonitorClusterShare> ClusterShares { get; init; }

    public required IReadOnlyCollection<MonitorPoint> Points { get; init; }

    public static MonitorView Of(
        SmbServer server, SmbServerSnapshot seen, IReadOnlyList<SmbShareInfo> shares, MonitorRates rates, IReadOnlyDictionary<string, SmbShareSpace> spaces) => new()
        {
            Server = server.Name,
            State = server.State.ToString(),
            At = seen.At,
            Sessions = [.. seen.Sessions.Select(session => MonitorSession.Of(session, rates))],
            Shares = [.. shares.Select(share => MonitorShare.Of(share, rates.Of(share.Name), spaces))],
            Connections = [.. seen.Connections.Select(connection => MonitorConnection.Of(connection, seen, rates))],
            Opens = [.. seen.Opens.Take(MostRows).Select(MonitorOpen.Of)],
            OpenCount = seen.Opens.Count,
            Leases = [.. seen.Leases.Take(MostRows).Select(MonitorLease.Of)],
            LeaseCount = seen.Leases.Count,
            Nodes = [.. seen.ClusterNodes.Select(MonitorNode.Of)],
            ClusterShares = [.. MonitorClusterShare.InOrder(seen.ClusterShares)],
            Points = [.. rates.Points],
        };
}

/// <summary>Writes what the page is sent.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(MonitorView))]
internal sealed partial class MonitorJson : JsonSerializerContext;
