using Smb3.Embedded.Hosting.Inspection;
using System.Net;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire.Negotiate;

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
        var seen = channel.Seen ?? SeenProtection.Of(channel.Session.SigningRequired, channel.Session.EncryptData);
        IsSigned = seen.IsSigned;
        IsEncrypted = seen.IsEncrypted;
        if (channel.Connection.Negotiated is { } negotiated)
        {
            Protection = seen.IsEncrypted ? AlgorithmNames.Of(negotiated.Cipher) : seen.IsSigned ? AlgorithmNames.Of(negotiated.SigningAlgorithm) : string.Empty;
        }
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

    /// <summary>Whether its last request was signed; before the first one, whether it must be.</summary>
    public bool IsSigned { get; }

    /// <summary>Whether its last request was encrypted; before the first one, whether it must be.</summary>
    public bool IsEncrypted { get; }

    /// <summary>
    /// The cipher or the signing algorithm that protected the last request: <c>AES-128-CCM</c>, <c>AES-128-GCM</c>, <c>AES-256-CCM</c>,
    /// <c>AES-256-GCM</c>, <c>HMAC-SHA256</c>, <c>AES-CMAC</c>, <c>AES-GMAC</c> (MS-SMB2 2.2.3.1.2, 2.2.3.1.7). Empty: it was not protected.
    /// </summary>
    public string Protection { get; } = string.Empty;

    /// <summary>
    /// Takes the session off the connection, and closes the connection when no other session is on it. A session ends with its last
    /// channel. The client may bind another.
    /// </summary>
    /// <returns>False when it was gone already.</returns>
    public ValueTask<bool> EndAsync() => _channel.Session.EndChannelAsync(_channel.Connection);
}
