using Smb3.Embedded.Security.Cryptography;

namespace Smb3.Embedded.Sessions;

/// <summary>
/// A session's presence on one connection, with the signing key of its own (Session.ChannelList, MS-SMB2 3.3.1.8). Samba:
/// smbXsrv_channel.
/// </summary>
internal sealed class Channel : IDisposable
{
    public Channel(Session session, Connection connection, MessageSigner? signer)
    {
        Session = session;
        Connection = connection;
        Signer = signer;
        CreatedAt = session.Graph.Settings.TimeProvider.GetUtcNow();
    }

    public Session Session { get; }

    public Connection Connection { get; }

    public DateTimeOffset CreatedAt { get; }

    /// <summary>Signs and verifies; <see langword="null"/> for a session without keys (guest, anonymous).</summary>
    public MessageSigner? Signer { get; }

    public void Dispose() => Signer?.Dispose();
}
