using System.Collections.Concurrent;
using System.Net;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Sessions;

/// <summary>Why a connection ended; goes to the log and the metrics.</summary>
internal enum ConnectionEndReason
{
    ClientClosed,
    ServerStopped,
    EndedByHost,
    RefusedByHost,
    TooManyConnections,
    FrameTooLong,
    FrameMalformed,
    ProtocolViolation,
    SequenceViolation,
    DecryptionFailed,
    DecompressionFailed,
    NegotiateMismatch,
    AuthenticationTimeout,
    IdleTimeout,
    SendFailed,
    BreakUnacknowledged,
    ServerFault,

    /// <summary>A share that it uses went to another node of the cluster.</summary>
    ShareMoved,

    /// <summary>This node may not answer for a share any more, as far as it knows.</summary>
    ShareFenced,
}

/// <summary>
/// One transport connection (MS-SMB2 3.3.1.7). It knows its sessions; reading and writing the bytes is Dispatch's business. Samba:
/// smbXsrv_connection.
/// </summary>
internal sealed class Connection
{
    private readonly Action<ConnectionEndReason> _terminate;
    private Negotiated? _negotiated;

    public Connection(
        ServerGraph graph, ulong id, EndPoint local, EndPoint remote, Action<ConnectionEndReason> terminate, CancellationToken ended)
    {
        Graph = graph;
        Id = id;
        LocalEndPoint = local;
        RemoteEndPoint = remote;
        Ended = ended;
        _terminate = terminate;
        CreatedAt = graph.Settings.TimeProvider.GetUtcNow();
        Credits = new CreditWindow(graph.Settings.Limits.MaxCredits);
        Traffic = new ConnectionTraffic(graph.Settings.TimeProvider);
    }

    public ServerGraph Graph { get; }

    public ulong Id { get; }

    public EndPoint LocalEndPoint { get; }

    public EndPoint RemoteEndPoint { get; }

    public IPAddress RemoteAddress => (RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None;

    /// <summary>The network whose connections it is counted with.</summary>
    public ClientNetwork RemoteNetwork => ClientNetwork.Of(RemoteAddress);

    public DateTimeOffset CreatedAt { get; }

    /// <summary>Set once by NEGOTIATE; <see langword="null"/> before it.</summary>
    public Negotiated? Negotiated => Volatile.Read(ref _negotiated);

    /// <summary>Whether an SMB1 multi-protocol request was answered with 2.??? and a second NEGOTIATE is due (MS-SMB2 3.3.5.3.2).</summary>
    public bool AwaitsSecondNegotiate { get; set; }

    public Client? Client { get; private set; }

    /// <summary>Connection.PreauthIntegrityHashValue (3.1.1).</summary>
    public PreauthTranscript? Preauth { get; set; }

    public CreditWindow Credits { get; }

    public ConnectionTraffic Traffic { get; }

    public PendingRequests Pending { get; } = new();

    /// <summary>The sessions that have a channel here or are being set up here, by id.</summary>
    public ConcurrentDictionary<ulong, Session> Sessions { get; } = new();

    /// <summary>Sessions of other connections that are being bound to this one, by id.</summary>
    public ConcurrentDictionary<ulong, ChannelBinding> Bindings { get; } = new();

    /// <summary>Holds requests back while breaks that they must not overtake are being sent.</summary>
    public AnnouncementGate Announcements { get; } = new();

    /// <summary>Whether the log already says what the client was refused.</summary>
    public bool IsExplained { get; set; }

    /// <summary>Whether any session has authenticated here yet.</summary>
    public bool Authenticated { get; set; }

    /// <summary>Cancelled when the connection has ended.</summary>
    public CancellationToken Ended { get; }

    /// <summary>Whether the transport knows that the client has closed the connection, although nobody has come to read that.</summary>
    public Func<bool> HasPeerClosed { get; init; } = static () => false;

    /// <summary>Whether it has ended, or is about to.</summary>
    public bool IsEnding => Ended.IsCancellationRequested || HasPeerClosed();

    public bool TryPublish(Negotiated negotiated)
    {
        if (Interlocked.CompareExchange(ref _negotiated, negotiated, null) is not null)
        {
            return false;
        }

        Client = Graph.Join(this, negotiated.ClientGuid);
        Graph.Changes.Tell(SmbChangeKind.ConnectionNegotiated, this);
        return true;
    }

    /// <summary>Sends messages that answer no request; <see langword="null"/> while there is nothing to send on.</summary>
    public INotificationSender? Notifications { get; set; }

    /// <summary>Ends the connection at once; the first reason wins.</summary>
    public void Terminate(ConnectionEndReason reason) => _terminate(reason);
}
