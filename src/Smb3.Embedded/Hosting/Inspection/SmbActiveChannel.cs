using System.Net;
using Smb3.Embedded.Sessions;

namespace Smb3.Embedded;

/// <summary>A session's channel on one connection at the time of the query. A session with several uses them at the same time.</summary>
public sealed record SmbActiveChannel
{
    private readonly Channel _channel;

    internal SmbActiveChannel(Channel channel)
    {
        _channel = channel;
        SessionId = channel.Session.SessionId;
        ConnectionId = channel.Connection.Id;
        Local = channel.Connection.LocalEndPoint;
        Remote = channel.Connection.RemoteEndPoint;
        Since = channel.CreatedAt;
    }

    /// <summary>The session.</summary>
    public ulong SessionId { get; }

    /// <summary>The connection; together with <see cref="SessionId"/> it names the channel.</summary>
    public ulong ConnectionId { get; }

    /// <summary>The server's end.</summary>
    public EndPoint Local { get; }

    /// <summary>The client's end.</summary>
    public EndPoint Remote { get; }

    /// <summary>Since when.</summary>
    public DateTimeOffset Since { get; }

    /// <summary>
    /// Takes the session off the connection, and closes the connection when no other session is on it. A session ends with its last
    /// channel. The client may bind another.
    /// </summary>
    /// <returns>False when it was gone already.</returns>
    public ValueTask<bool> EndAsync() => _channel.Session.EndChannelAsync(_channel.Connection);
}
