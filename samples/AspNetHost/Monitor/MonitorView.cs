using System.Globalization;

namespace Smb3.Embedded.Samples.AspNetHost.Monitor;

/// <summary>A snapshot as the page gets it. Ids are text: JavaScript's numbers have not enough digits.</summary>
internal sealed class MonitorView(SmbServerSnapshot seen)
{
    private const int MostRows = 500;

    private readonly Dictionary<ulong, SmbActiveConnection> _connections = seen.Connections.ToDictionary(one => one.Info.ConnectionId);

    public DateTimeOffset At => seen.At;

    public int OpenCount => seen.Opens.Count;

    public int LeaseCount => seen.Leases.Count;

    public IEnumerable<object> Clients => seen.Clients.Select(client => new
    {
        Id = client.ClientGuid.ToString(),
        Connections = client.ConnectionIds.Count,
        Sessions = client.SessionIds.Count,
        client.LeaseCount,
    });

    public IEnumerable<object> Connections => seen.Connections.Select(connection => new
    {
        Id = Text(connection.Info.ConnectionId),
        Remote = connection.Info.Remote.ToString(),
        Local = connection.Info.Local.ToString(),
        connection.Dialect,
        Client = connection.ClientGuid.ToString(),
        connection.SessionCount,
        connection.WaitingRequests,
        connection.BytesReceived,
        connection.BytesSent,
        Silence = (int)connection.Silence.TotalSeconds,
        Since = connection.Info.ConnectedAt,
    });

    public IEnumerable<object> Sessions => seen.Sessions.Select(session => new
    {
        Id = Text(session.Info.SessionId),
        User = session.Info.Identity.ToString(),
        session.Info.Dialect,
        session.IsSigned,
        session.IsEncrypted,
        Shares = string.Join(", ", session.Shares.Distinct(StringComparer.OrdinalIgnoreCase)),
        session.OpenCount,
        Since = session.StartedAt,
        Channels = session.Channels.Select(channel => new
        {
            Id = $"{Text(channel.SessionId)}-{Text(channel.ConnectionId)}",
            Remote = channel.Remote.ToString(),
            Local = channel.Local.ToString(),
            channel.Since,
            _connections[channel.ConnectionId].BytesReceived,
            _connections[channel.ConnectionId].BytesSent,
        }),
    });

    public IEnumerable<object> Opens => seen.Opens.Take(MostRows).Select(open => new
    {
        Id = Text(open.OpenId),
        Path = $@"\{open.ShareName}\{open.Path}",
        Kind = open.IsPipe ? "pipe" : open.IsDirectory ? "folder" : "file",
        User = open.UserName,
        open.IsConnected,
        Caching = Letters(open.Caching),
        Since = open.OpenedAt,
    });

    public IEnumerable<object> Leases => seen.Leases.Take(MostRows).Select(lease => new
    {
        Id = IdOf(lease),
        Kind = lease.IsOplock ? "oplock" : "lease",
        Path = $@"\{lease.ShareName}\{lease.Path}",
        Caching = Letters(lease.Caching),
        lease.IsBreaking,
        Opens = lease.OpenIds.Count,
        Client = lease.ClientGuid.ToString(),
    });

    public IEnumerable<object> Nodes => seen.ClusterNodes.Select(node => new
    {
        node.Name,
        Addresses = string.Join(", ", node.Addresses),
        LeaseLeft = node.LeaseLeft.TotalSeconds,
        node.Opens,
        node.BytesPerSecond,
        node.IsDraining,
    });

    /// <summary>A part stands under its share, by the folder.</summary>
    public IEnumerable<object> Shares => seen.ClusterShares
        .OrderBy(share => share.PartOf ?? share.Name, StringComparer.OrdinalIgnoreCase)
        .ThenBy(share => share.Folder, StringComparer.OrdinalIgnoreCase).Select(share => new
        {
            share.Name,
            Share = share.PartOf ?? share.Name,
            share.Folder,
            share.Owner,
            share.Epoch,
            share.MovesTo,
            share.IsHere,
            share.Opens,
            share.BytesPerSecond,
        });

    /// <summary>An oplock is known by its one open.</summary>
    public static string IdOf(SmbActiveLease lease) =>
        lease.LeaseKey is { } key ? $"{lease.ClientGuid:n}{key:n}" : Text(lease.OpenIds[0]);

    private static string Text(ulong id) => id.ToString(CultureInfo.InvariantCulture);

    private static string Letters(SmbCaching caching) => string.Concat(
        Enum.GetValues<SmbCaching>().Where(one => one != SmbCaching.None && caching.HasFlag(one)).Select(one => one.ToString()[0]));
}
