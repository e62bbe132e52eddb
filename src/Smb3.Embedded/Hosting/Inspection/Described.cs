using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Hosting;

/// <summary>Objects of the graph as hosts see them.</summary>
internal static class Described
{
    public static SmbConnectionInfo Describe(this Connection connection) =>
        new(connection.Id, connection.LocalEndPoint, connection.RemoteEndPoint, connection.CreatedAt);

    public static string DialectText(this Connection connection) =>
        connection.Negotiated is { } negotiated ? SettingNames.Dialects.TextOf((SmbDialect)negotiated.Dialect) : string.Empty;

    public static SmbSessionInfo Describe(this Session session, SmbIdentity identity) =>
        new(session.SessionId, identity, session.FirstConnection.Describe(), session.FirstConnection.DialectText());
}
