using System.Net;

namespace Smb3.Embedded.Sessions;

/// <summary>
/// Where a session was set up, and what was agreed there: its dialect, client and cipher are the session's. Not the connection itself,
/// which may be gone long before a session that has others.
/// </summary>
internal sealed record SessionOrigin(
    ulong ConnectionId, EndPoint LocalEndPoint, EndPoint RemoteEndPoint, DateTimeOffset ConnectedAt, Negotiated Negotiated)
{
    public Guid ClientGuid => Negotiated.ClientGuid;

    public static SessionOrigin Of(Connection connection) => new(
        connection.Id, connection.LocalEndPoint, connection.RemoteEndPoint, connection.CreatedAt, connection.Negotiated!);
}
