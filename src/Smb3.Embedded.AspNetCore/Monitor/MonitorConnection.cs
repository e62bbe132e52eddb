using System.Net;

namespace Smb3.Embedded.AspNetCore.Monitor;

/// <summary>A connection.</summary>
internal sealed record MonitorConnection
{
    public required string Id { get; init; }

    public required string Remote { get; init; }

    public required string RemoteHost { get; init; }

    public required string Local { get; init; }

    public required string Dialect { get; init; }

    /// <summary>Who is logged on over it.</summary>
    public required IReadOnlyList<string> Users { get; init; }

    public required int Waiting { get; init; }

    public required long BytesIn { get; init; }

    public required long BytesOut { get; init; }

    /// <summary>What of both went compressed, as it is without that.</summary>
    public required long BytesCompressed { get; init; }

    /// <summary>What compression has saved of both.</summary>
    public required long BytesSaved { get; init; }

    /// <summary>The algorithms that messages may be compressed with.</summary>
    public required IReadOnlyList<string> Compression { get; init; }

    public required MonitorRate Rate { get; init; }

    public required DateTimeOffset Since { get; init; }

    public static MonitorConnection Of(SmbActiveConnection connection, SmbServerSnapshot seen, MonitorRates rates) => new()
    {
        Id = MonitorIds.Of(connection.Info.ConnectionId),
        Remote = connection.Info.Remote.ToString() ?? string.Empty,
        RemoteHost = HostOf(connection.Info.Remote),
        Local = connection.Info.Local.ToString() ?? string.Empty,
        Dialect = connection.Dialect,
        Users = [.. seen.Sessions.Where(session => session.Channels.Any(channel => channel.ConnectionId == connection.Info.ConnectionId))
            .Select(static session => session.Info.Identity.ToString()).Distinct()],
        Waiting = connection.WaitingRequests,
        BytesIn = connection.BytesReceived,
        BytesOut = connection.BytesSent,
        BytesCompressed = connection.BytesCompressed,
        BytesSaved = connection.BytesSaved,
        Compression = connection.Compression,
        Rate = rates.Of(connection.Info.ConnectionId),
        Since = connection.Info.ConnectedAt,
    };

    /// <summary>An end without its port.</summary>
    public static string HostOf(EndPoint end) => end is IPEndPoint { Address: var address }
        ? (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString() : end.ToString() ?? string.Empty;
}
