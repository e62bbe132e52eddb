namespace Smb3.Embedded;

/// <summary>What has changed; see <see cref="SmbChange"/>.</summary>
public enum SmbChangeKind
{
    /// <summary>
    /// Look at everything anew (<see cref="SmbServer.Inspect"/>): the watch has begun, or changes were lost because the watcher did not
    /// keep up.
    /// </summary>
    Resync,

    /// <summary>The first connection of a client machine has negotiated.</summary>
    ClientCame,

    /// <summary>A client machine has no connection left, and no lease of an open that waits for it to come back.</summary>
    ClientLeft,

    /// <summary>A connection was accepted.</summary>
    ConnectionOpened,

    /// <summary>A connection has a dialect and belongs to a client now.</summary>
    ConnectionNegotiated,

    /// <summary>A connection is gone, with its channels.</summary>
    ConnectionClosed,

    /// <summary>A user has logged on.</summary>
    SessionStarted,

    /// <summary>A session has authenticated again: its user may be a different one.</summary>
    SessionChanged,

    /// <summary>A session is over, with its channels; its opens are reported one by one.</summary>
    SessionEnded,

    /// <summary>A session has a channel on one more connection.</summary>
    ChannelAdded,

    /// <summary>A session has lost a channel.</summary>
    ChannelRemoved,

    /// <summary>A file, directory or pipe was opened; what it may cache was granted along with it.</summary>
    Opened,

    /// <summary>
    /// An open has outlived its session (a durable handle) and waits for its client: <see cref="Opened"/> follows, with the same
    /// <see cref="SmbChange.OpenId"/>, when the client comes back, and <see cref="Closed"/> when it does not.
    /// </summary>
    Disconnected,

    /// <summary>An open is closed; a lease or oplock ends with its last open.</summary>
    Closed,

    /// <summary>A break of a lease or oplock has begun, or the client has answered it, or its time to answer has run out.</summary>
    CachingChanged,
}
