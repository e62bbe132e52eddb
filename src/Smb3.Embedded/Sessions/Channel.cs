using Smb3.Embedded.Security.Cryptography;

namespace Smb3.Embedded.Sessions;

/// <summary>
/// A session's presence on one connection, with its own signing key (Session.ChannelList, MS-SMB2 3.3.1.8). Samba: smbXsrv_channel.
/// </summary>
internal sealed class Channel
{
    private UseCount _uses = new();
    private int _ended;
    private SeenProtection? _seen;

    /// <param name="session">The session.</param>
    /// <param name="connection">The connection.</param>
    /// <param name="keys">The keys that authentication over the connection has produced; null: none.</param>
    public Channel(Session session, Connection connection, SessionKeys? keys)
    {
        Session = session;
        Connection = connection;
        Signer = keys?.CreateSigner(connection.Negotiated!.SigningAlgorithm);
        CreatedAt = session.Graph.Settings.TimeProvider.GetUtcNow();
    }

    public Session Session { get; }

    public Connection Connection { get; }

    public DateTimeOffset CreatedAt { get; }

    /// <summary>Signs and verifies; <see langword="null"/> for a guest, who has no key in common with the server.</summary>
    public MessageSigner? Signer { get; }

    /// <summary>How the last request came; <see langword="null"/>: none has come since the logon.</summary>
    public SeenProtection? Seen => Volatile.Read(ref _seen);

    /// <summary>Notes how a request came, which its response goes as.</summary>
    public void Note(SeenProtection protection)
    {
        if (!ReferenceEquals(_seen, protection))
        {
            Volatile.Write(ref _seen, protection);
        }
    }

    /// <summary>
    /// Keeps the key alive while a request or a response uses it; false when the channel is over and its key is gone. Every true answer is
    /// followed by one <see cref="Release"/>.
    /// </summary>
    public bool TryUse() => _uses.TryUse();

    public void Release()
    {
        if (_uses.Release())
        {
            Signer?.Dispose();
        }
    }

    /// <summary>The session is no longer on this connection: the key goes with the last request that uses it.</summary>
    public void End()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
        {
            Release();
        }
    }
}
