using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Cryptography;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Dispatch;

/// <summary>
/// One request on its way to a handler, and the response that the handler writes. Lives as long as the request and is then used for the
/// next one: a handler keeps nothing of it.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage(
    "Design", "CA1001", Justification = "End disposes what a request holds, each time; the object itself is used again.")]
internal sealed class Request
{
    private const int CreditUnit = 65_536;

    private readonly RequestChain _chain;
    private PendingEntry? _pending;
    private ChannelSequence? _entered;
    private ushort _enteredAt;
    private bool _keepBody;

    public Request(RequestChain chain) => _chain = chain;

    public Connection Connection => _chain.Connection;

    public ServerGraph Graph => _chain.Connection.Graph;

    /// <summary>The request from its header on: <c>TryParse</c> of the wire's request views takes its span.</summary>
    public Memory<byte> Message { get; private set; }

    public Smb2Command Command { get; private set; }

    public Smb2HeaderFlags Flags { get; private set; }

    public ulong MessageId { get; private set; }

    /// <summary>Credits that the request costs, at least 1.</summary>
    public int CreditCharge { get; private set; }

    public int CreditsWanted { get; private set; }

    public ushort ChannelSequence { get; private set; }

    public uint ProcessId { get; private set; }

    public uint TreeId { get; set; }

    /// <summary>The session named in the header (or inherited, or made: the response carries it).</summary>
    public ulong SessionId { get; set; }

    /// <summary>Asynchronous id in the header of a CANCEL.</summary>
    public ulong HeaderAsyncId { get; private set; }

    public bool IsRelated => (Flags & Smb2HeaderFlags.Related) != 0;

    public bool IsSigned => (Flags & Smb2HeaderFlags.Signed) != 0;

    public bool IsReplay => (Flags & Smb2HeaderFlags.Replay) != 0;

    /// <summary>Whether the request came inside an encrypted frame.</summary>
    public bool IsEncrypted => _chain.IsEncrypted;

    /// <summary>The session whose key the frame was encrypted with.</summary>
    public Session? EncryptedBy => _chain.EncryptedBy;

    public Session? Session { get; set; }

    /// <summary>
    /// Whether the request goes on when its connection ends while the session has another: the client sends it again over that one, and
    /// is then told what it has come to.
    /// </summary>
    public bool CanBeReplayed { get; set; }

    /// <summary>
    /// The session's channel on this connection, used by the chain; <see langword="null"/> while it is set up.
    /// </summary>
    public Channel? Channel { get; set; }

    /// <summary>Signs the response instead of the channel: the session itself, while a channel is being bound.</summary>
    public MessageSigner? Signer { get; set; }

    /// <summary>For a command that finds its session itself: whether the request is signed, by whom its handler says and rightly.</summary>
    public bool IsVerified { get; set; }

    public TreeConnect? TreeConnect { get; set; }

    /// <summary>Signs the response although the request was not signed (the last SESSION_SETUP response).</summary>
    public bool SignResponse { get; set; }

    /// <summary>The hash that the response is folded into before it leaves (MS-SMB2 3.3.5.4, 3.3.5.5).</summary>
    public PreauthTranscript? PreauthOfResponse { get; set; }

    /// <summary>Set by a handler that found a breach of the protocol: the connection ends, and the request has no answer.</summary>
    public ConnectionEndReason? Disconnect { get; set; }

    /// <summary>
    /// Runs <paramref name="action"/> at the moment when the response gets its place in the outgoing queue: what is sent from then on
    /// follows it. It must be quick, and send nothing itself.
    /// </summary>
    public void OnSend(Action action) => _chain.OnSend(action);

    /// <summary>Runs <paramref name="action"/> when the response has been handed over, without splitting the frame for it.</summary>
    public void AfterSend(Action action) => _chain.AfterSend(action);

    /// <summary>The id under which the client was told STATUS_PENDING; 0 when it was not.</summary>
    public ulong AsyncId => _pending?.AsyncId ?? 0;

    /// <summary>Whether the request was cancelled because too many others wait.</summary>
    public bool IsRefused { get; private set; }

    public bool BodyKept => _keepBody;

    /// <summary>Where the response begins in the frame.</summary>
    public int ResponseStart { get; set; }

    /// <summary>Bytes of the body written so far.</summary>
    public int BodyLength => _chain.Response.Length - ResponseStart - Smb2Header.Size;

    /// <summary>The body written so far. Valid until the next <see cref="Append"/>.</summary>
    public Span<byte> Body => _chain.Response.From(ResponseStart + Smb2Header.Size);

    /// <summary>Appends cleared bytes to the body. Spans of earlier parts may be stale afterwards.</summary>
    public Span<byte> Append(int size)
    {
        var span = _chain.Response.Append(size).Span;
        span.Clear();
        return span;
    }

    /// <summary>
    /// Appends bytes that hold nothing in particular, for a store or a pipe to read into.
    /// Drop what is not filled with <see cref="TrimBody"/>.
    /// </summary>
    public Memory<byte> AppendUninitialized(int size) => _chain.Response.Append(size);

    /// <summary>Whether the data of READ and WRITE can go through the client's memory.</summary>
    public bool CanReachClient => _chain.Transport.RemoteMemory is not null;

    /// <summary>The client's buffers that the request names; <see langword="null"/> when it may not name them.</summary>
    public ClientMemory? TryReach(Smb2Channel channel, ReadOnlySpan<byte> channelInfo, int length) =>
        ClientMemory.TryReach(this, _chain.Transport, channel, channelInfo, length);

    public void TrimBody(int length) => _chain.Response.Truncate(ResponseStart + Smb2Header.Size + length);

    /// <summary>
    /// Sends the body that was written although the status is an error: MORE_PROCESSING_REQUIRED, or an error response with data
    /// of its own.
    /// </summary>
    public void KeepBody() => _keepBody = true;

    /// <summary>Keeps a session's keys alive until the response has left; false when the session is over.</summary>
    public bool TryUse(Session session) => _chain.Use(session);

    /// <summary>The same of a channel's key.</summary>
    public bool TryUse(Channel channel) => _chain.Use(channel);

    /// <summary>
    /// Whether the request paid for a payload of <paramref name="bytes"/>: one credit for each 64 KiB (MS-SMB2 3.3.5.2.5). Without
    /// multi-credit support, 64 KiB is the most there is.
    /// </summary>
    public bool HasPaidFor(long bytes)
    {
        if (Connection.Negotiated is not { MultiCredit: true })
        {
            return true;
        }

        return ((Math.Max(bytes, 1) - 1) / CreditUnit) + 1 <= CreditCharge;
    }

    /// <summary>
    /// Finds the open that the request names. A related request means the open of the request before, if that has one, whatever it
    /// names itself (MS-SMB2 3.3.5.2.7.2): clients write the id of all ones there, and not all of them in both halves.
    /// </summary>
    public NtStatus FindOpen(Smb2FileId fileId, out Open open)
    {
        if (IsRelated && _chain.RelatedFileId is { } related)
        {
            fileId = related;
        }
        else if (IsRelated && fileId.IsAny)
        {
            open = null!;
            return _chain.RelatedError == NtStatus.Success ? NtStatus.InvalidParameter : _chain.RelatedError;
        }

        _chain.RelatedFileId = fileId;
        if (!Session!.Opens.TryGet(fileId, out open) || (TreeConnect is not null && open.TreeConnect != TreeConnect))
        {
            return NtStatus.FileClosed;
        }

        open.Use();
        return Enter(open);
    }

    /// <summary>
    /// Counts the request among those of the open; from SMB 3.0 on, what a failed channel left behind must not change the file any more
    /// (MS-SMB2 3.3.5.2.10).
    /// </summary>
    private NtStatus Enter(Open open)
    {
        if (_entered is not null)
        {
            return NtStatus.Success;
        }

        var counts = Connection.Negotiated is { IsSmb3: true };
        var sequence = counts ? ChannelSequence : (ushort)0;
        var changes = counts && Command is (Smb2Command.Write or Smb2Command.SetInfo or Smb2Command.Ioctl);
        var status = open.ChannelSequence.Enter(sequence, changes, IsReplay);
        if (status == NtStatus.Success)
        {
            (_entered, _enteredAt) = (open.ChannelSequence, sequence);
        }

        return status;
    }

    /// <summary>Finds an open of a disk share; for a pipe the status is INVALID_DEVICE_REQUEST.</summary>
    public NtStatus FindFile(Smb2FileId fileId, out FileHandle file)
    {
        var status = FindOpen(fileId, out var open);
        file = (open as FileHandle)!;
        return status == NtStatus.Success && file is null ? NtStatus.InvalidDeviceRequest : status;
    }

    /// <summary>CREATE tells the rest of the compound which open it made.</summary>
    public void SetRelatedOpen(Open open) => _chain.RelatedFileId = open.FileId;

    /// <summary>
    /// A token that CANCEL, and the end of the connection, cancels. Ask for it before waiting; a request that never waits never pays.
    /// </summary>
    public CancellationToken EnableCancel()
    {
        if (_pending is null)
        {
            _pending = new PendingEntry(MessageId, SessionId, Connection, CanBeReplayed ? Session : null);
            Connection.Pending.Add(_pending);
        }

        return _pending.Token;
    }

    /// <summary>
    /// Whether nothing of the compound follows. What waits for somebody else in the middle of one (CHANGE_NOTIFY) is
    /// refused with STATUS_INTERNAL_ERROR, as Windows does, for the rest would wait with it.
    /// </summary>
    public bool IsLastOfChain => _chain.IsLast;

    /// <summary>
    /// Tells the client STATUS_PENDING; the response follows when the handler returns (MS-SMB2 3.3.4.2). In the middle of a compound only
    /// a CREATE does so (MS-SMB2 3.3.5.2.7.2): it may wait for this very client to answer a break, and the client needs the credits of the
    /// interim response for that. All else says nothing there, and the compound waits as a whole. When too many wait, the request is
    /// cancelled, and answered with STATUS_INSUFFICIENT_RESOURCES; a CREATE waits in silence.
    /// </summary>
    /// <returns>The token of <see cref="EnableCancel"/>.</returns>
    public CancellationToken GoAsync()
    {
        var token = EnableCancel();
        if (_pending!.AsyncId == 0 && (IsLastOfChain || Command == Smb2Command.Create))
        {
            _pending.AsyncId = Connection.Pending.TryAssignAsyncId(_pending);
            if (_pending.AsyncId != 0)
            {
                _chain.SendInterim(this);
            }
            else if (Command != Smb2Command.Create)
            {
                IsRefused = true;
                _pending.Cancel();
            }
        }

        return token;
    }

    internal void Begin(Memory<byte> message, Smb2Header header, bool multiCredit)
    {
        Message = message;
        Command = header.Command;
        Flags = header.Flags;
        MessageId = header.MessageId;
        CreditCharge = multiCredit ? Math.Max((int)header.CreditCharge, 1) : 1;
        CreditsWanted = header.Credits;
        ChannelSequence = header.ChannelSequence;
        ProcessId = header.IsAsync ? 0 : header.ProcessId;
        TreeId = header.IsAsync ? 0 : header.TreeId;
        HeaderAsyncId = header.IsAsync ? header.AsyncId : 0;
        SessionId = header.SessionId;
    }

    internal void End()
    {
        if (_pending is not null)
        {
            Connection.Pending.Remove(_pending, _pending.AsyncId);
            _pending.Dispose();
            _pending = null;
        }

        _entered?.Leave(_enteredAt);
        _entered = null;
        Message = default;
        Session = null;
        CanBeReplayed = false;
        Channel = null;
        Signer = null;
        IsVerified = false;
        TreeConnect = null;
        SignResponse = false;
        PreauthOfResponse = null;
        Disconnect = null;
        IsRefused = false;
        _keepBody = false;
    }

    /// <summary>What CANCEL finds. Its own object, because the request's is used again while a late CANCEL may still hold it.</summary>
    private sealed class PendingEntry(ulong messageId, ulong sessionId, Connection connection, Session? replayedIn)
        : IPendingRequest, IDisposable
    {
        private readonly CancellationTokenSource _cancelled = replayedIn is null
            ? CancellationTokenSource.CreateLinkedTokenSource(connection.Ended)
            : new CancellationTokenSource();

        public ulong MessageId { get; } = messageId;

        public ulong SessionId { get; } = sessionId;

        public ulong AsyncId { get; set; }

        public bool OutlivesConnection => replayedIn?.HasChannelBeside(connection) == true;

        public CancellationToken Token => _cancelled.Token;

        public void Cancel()
        {
            try
            {
                _cancelled.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // It finished in the meantime.
            }
        }

        public void Dispose() => _cancelled.Dispose();
    }
}
