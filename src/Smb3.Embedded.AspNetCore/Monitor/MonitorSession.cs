namespace Smb3.Embedded.AspNetCore.Monitor;

/// <summary>A session: somebody who is logged on.</summary>
internal sealed record MonitorSession
{
    public required string Id { get; init; }

    public required string User { get; init; }

    /// <summary>What the computer calls itself; empty where it does not say so.</summary>
    public required string Computer { get; init; }

    /// <summary>Where it is: the addresses of its channels, each once.</summary>
    public required IReadOnlyList<string> Addresses { get; init; }

    public required string Dialect { get; init; }

    /// <summary><c>sealed</c>, <c>signed</c>, <c>plain</c>, or <c>mixed</c> when its channels differ.</summary>
    public required string Protection { get; init; }

    /// <summary>The algorithms that protect its messages.</summary>
    public required string Algorithm { get; init; }

    public required DateTimeOffset Since { get; init; }

    public required IReadOnlyList<string> Shares { get; init; }

    public required int OpenCount { get; init; }

    public required IReadOnlyList<string> Connections { get; init; }

    /// <summary>What its connections carry, also for others that are logged on over them.</summary>
    public required MonitorRate Rate { get; init; }

    public static MonitorSession Of(SmbActiveSession session, MonitorRates rates)
    {
        var carried = session.Channels.Select(channel => rates.Of(channel.ConnectionId)).ToList();
        return new()
        {
            Id = MonitorIds.Of(session.Info.SessionId),
            User = session.Info.Identity.ToString(),
            Computer = session.Info.Identity.WorkstationName,
            Addresses = [.. session.Channels.Select(static channel => MonitorConnection.HostOf(channel.Remote)).Distinct()],
            Dialect = session.Info.Dialect,
            Protection = ProtectionOf(session),
            Algorithm = string.Join(", ", session.Channels.Select(static channel => channel.Protection).Where(static name => name.Length > 0).Distinct()),
            Since = session.StartedAt,
            Shares = [.. session.Shares.Distinct(StringComparer.OrdinalIgnoreCase)],
            OpenCount = session.OpenCount,
            Connections = [.. session.Channels.Select(static channel => MonitorIds.Of(channel.ConnectionId))],
            Rate = new MonitorRate(
                carried.Sum(static rate => rate.In), carried.Sum(static rate => rate.Out), carried.Sum(static rate => rate.Requests)),
        };
    }

    private static string ProtectionOf(SmbActiveSession session) =>
        session.IsEncrypted ? "sealed"
        : session.IsSigned ? "signed"
        : session.Channels.Any(static channel => channel.IsEncrypted || channel.IsSigned) ? "mixed" : "plain";
}
