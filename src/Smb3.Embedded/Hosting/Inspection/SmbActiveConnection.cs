using Smb3.Embedded.Commands;
using Smb3.Embedded.Commands.Hooks;
using Smb3.Embedded.Sessions;

namespace Smb3.Embedded;

/// <summary>A transport connection at the time of the query.</summary>
public sealed record SmbActiveConnection
{
    private readonly Connection _connection;

    internal SmbActiveConnection(Connection connection)
    {
        _connection = connection;
        Info = HookFacts.Of(connection);
        Dialect = HookFacts.TextOf(connection.Negotiated?.Dialect);
        ClientGuid = connection.Negotiated?.ClientGuid ?? Guid.Empty;
        SessionCount = connection.Sessions.Count;
        WaitingRequests = connection.Pending.Count;
        BytesReceived = connection.Traffic.Received;
        BytesSent = connection.Traffic.Sent;
        Silence = connection.Traffic.Silence;
    }

    /// <summary>Its ends, its number and its age.</summary>
    public SmbConnectionInfo Info { get; }

    /// <summary>The dialect, <c>2.0.2</c> to <c>3.1.1</c>; empty before it is negotiated.</summary>
    public string Dialect { get; }

    /// <summary>The client machine: all its connections carry the same. Empty for 2.0.2.</summary>
    public Guid ClientGuid { get; }

    /// <summary>Sessions that have a channel on it.</summary>
    public int SessionCount { get; }

    /// <summary>Requests that wait for something: a lock, a change of a directory, a slow store.</summary>
    public int WaitingRequests { get; }

    /// <summary>Bytes received over it, without the framing.</summary>
    public long BytesReceived { get; }

    /// <summary>Bytes sent over it.</summary>
    public long BytesSent { get; }

    /// <summary>How long ago something was last received.</summary>
    public TimeSpan Silence { get; }

    /// <summary>Closes it. Sessions that have no other channel end with it.</summary>
    public ValueTask EndAsync()
    {
        _connection.Terminate(ConnectionEndReason.EndedByHost);
        return default;
    }
}
