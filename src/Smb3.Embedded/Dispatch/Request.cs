using Smb3.Embedded.Compression;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Cryptography;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Threading;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Dispatch;

/// <summary>
/// One request on its way to a handler, and the response that the handler writes. The object is reused for the next request once this one
/// has ended: a handler must not keep any of it.
/// </summary>
internal sealed class Request
{
    private const int CreditUnit = 65_536;

    private readonly RequestChain _chain;
    private PendingRequest? _pending;
    private bool _isWatched;
    private ChannelSequence? _entered;
    private ushort _enteredAt;
    private bool _keepBody;
    private ClientMemory? _clientMemory;

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

    /// <summary>The session named in the header, inherited in a compound, or made by the request; the response carries it.</summary>
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
    /// Whether the request goes on when its connection ends while its session has another: the client sends it again over that one and is
    /// then told the outcome.
    /// </summary>
    public bool CanBeReplayed { get; set; }

    /// <summary>
    /// The session's channel on this connection, kept in use by the chain; <see langword="null"/> while it is being set up.
    /// </summary>
    public Channel? Channel { get; set; }

    /// <summary>Signs the response instead of the channel: the session itself, while a channel is being bound.</summary>
    public MessageSigner? Signer { get; set; }

    /// <summary>
    /// For a command that finds its session itself: whether the request has a valid signature of the party its handler names.
    /// </summary>
    public bool IsVerified { get; set; }

    /// <summary>The timestamp of when it began to be served; 0: nobody wants to know.</summary>
    public long StartedAt { get; set; }

    public TreeConnect? TreeConnect { get; set; }

    /// <summary>Signs the response although the request was not signed (the last SESSION_SETUP response).</summary>
    public bool SignResponse { get; set; }

    /// <summary>
    /// Of data for which the client wants the response compressed (Request.CompressReply, MS-SMB2 3.3.1.13); <see langword="null"/>: it does not.
    /// </summary>
    public CompressionOutlook? CompressReply { get; set; }

    /// <summary>The hash that the response is folded into before it leaves (MS-SMB2 3.3.5.4, 3.3.5.5).</summary>
    public PreauthTranscript? PreauthOfResponse { get; set; }

    /// <summary>Set by a handler that finds a breach of the protocol: the connection ends, and the request gets no answer.</summary>
    public ConnectionEndReason? Disconnect { get; set; }

    /// <summary>
    /// Runs <paramref name="action"/> at the moment when the response takes its place in the outgoing queue: everything sent from then on
    /// follows it. The action must be quick, and must not send anything itself.
    /// </summary>
    public void OnSend(Action action) => _chain.Responses.OnSend(action);

    /// <summary>The response is not sent any more once <paramref name="guard"/> is up.</summary>
    public void Guard(IGuard? guard) => _chain.Responses.Buffer.Guard ??= guard;

    /// <summary>Runs <paramref name="action"/> when the response has been handed over, without splitting the frame for it.</summary>
    public void AfterSend(Action action) => _chain.Responses.AfterSend(action);

    /// <summary>Takes breaks that nobody waits for behind the answers of this request's message.</summary>
    public Afterwards Later => _chain.Responses.Later;

    /// <summary>The id under which the client was told STATUS_PENDING; 0 when it was not.</summary>
    public ulong AsyncId => _pending?.AsyncId ?? 0;

    /// <summary>Whether the request was cancelled because too many others are waiting.</summary>
    public bool IsRefused { get; private set; }

    public bool BodyKept => _keepBody;

    /// <summary>Where the response begins in the frame.</summary>
    public int ResponseStart { get; set; }

    /// <summary>Bytes of the body written so far.</summary>
    public int BodyLength => _chain.Responses.Buffer.Length - ResponseStart - Smb2Header.Size;

    /// <summary>The body written so far. Valid until the next <see cref="Append"/>.</summary>
    public Span<byte> Body => _chain.Responses.Buffer.From(ResponseStart + Smb2Header.Size);

    /// <summary>Appends cleared bytes to the body. Spans of earlier parts may be stale afterwards.</summary>
    public Span<byte> Append(int size)
    {
        var span = _chain.Responses.Append(size).Span;
        span.Clear();
        return span;
    }

    /// <summary>
    /// Appends bytes that are not cleared, for a store or a pipe to read into. Drop those that are not filled with <see cref="TrimBody"/>.
    /// </summary>
    public Memory<byte> AppendUninitialized(int size) => _chain.Responses.Append(size);

    /// <summary>Whether the data of READ and WRITE can go through the client's memory.</summary>
    public bool CanReachClient => _chain.Transport.RemoteMemory is not null;

    /// <summary>The longest message that the client takes, in bytes.</summary>
    public int LargestMessage => _chain.LargestMessage;

    /// <summary>The client's transport closes this piece of its memory when the response arrives.</summary>
    public void Invalidate(uint? token) => _chain.Responses.Buffer.Invalidates ??= token;

    /// <summary>The client's buffers that a READ names; <see langword="null"/> when it may not name them.</summary>
    public ClientMemory? TryReachToPlace(Smb2Channel channel, ReadOnlySpan<byte> channelInfo, int length) =>
        _chain.Transport.RemoteMemory is { } remote
            && (_clientMemory ??= new ClientMemory(this)).TryReachToPlace(remote, channel, channelInfo, length)
                ? _clientMemory
                : null;

    /// <summary>The client's buffers that a WRITE names; <see langword="null"/> when it may not name them.</summary>
    public ClientMemory? TryReachToFetch(Smb2Channel channel, ReadOnlySpan<byte> channelInfo, int length) =>
        _chain.Transport.RemoteMemory is { } remote
            && (_clientMemory ??= new ClientMemory(this)).TryReachToFetch(remote, channel, channelInfo, length)
                ? _clientMemory
                : null;

    public void TrimBody(int length) => _chain.Responses.Buffer.Truncate(ResponseStart + Smb2Header.Size + length);

    /// <summary>
    /// Sends the body as written although the status is an error: MORE_PROCESSING_REQUIRED, or an error response with data of its own.
    /// </summary>
    public void KeepBody() => _keepBody = true;

    /// <summary>Keeps a session's keys alive until the response has left; false when the session has ended.</summary>
    public bool TryUse(Session session) => _chain.Keys.TryUse(session);

    /// <summary>Does the same for a channel's key.</summary>
    public bool TryUse(Channel channel) => _chain.Keys.TryUse(channel);

    /// <summary>
    /// Whether the request paid for a payload of <paramref name="bytes"/>: one credit for each 64 KiB (MS-SMB2 3.3.5.2.5). Without
    /// multi-credit support, 64 KiB is the maximum.
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
    /// Finds the open that the request names. A related request refers to the open of the previous request, if that has one, whatever it
    /// names itself (MS-SMB2 3.3.5.2.7.2): clients write the id of all ones there, and not all of them in both halves.
    /// </summary>
    public NtStatus FindOpen(Smb2FileId fileId, out Open open)
    {
        if (IsRelated && _chain.Compound.FileId is { } related)
        {
            fileId = related;
        }
        else if (IsRelated && fileId.IsAny)
        {
            open = null!;
            return _chain.Compound.MissingOpen;
        }

        _chain.Compound.FileId = fileId;
        if (!Session!.Opens.TryGet(fileId, out open) || (TreeConnect is not null && open.TreeConnect != TreeConnect))
        {
            return NtStatus.FileClosed;
        }

        open.Use(Command);
        return Enter(open);
    }

    /// <summary>
    /// Counts the request among those of the open; from SMB 3.0 on, requests left over from a failed channel must no longer change the file
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

    /// <summary>For CREATE: tells the rest of the compound which open it made.</summary>
    public void SetRelatedOpen(Open open) => _chain.Compound.FileId = open.FileId;

    /// <summary>
    /// A token that is cancelled by CANCEL and by the end of the connection, whatever the request is doing.
    /// </summary>
    public CancellationToken Token
    {
        get
        {
            var pending = Volatile.Read(ref _pending) ?? CreatePending();
            pending.IsLent = true;
            return pending.Token;
        }
    }

    /// <summary>
    /// Declares that the request will wait for another party, so that a server that is stopping ends it instead of waiting for it.
    /// </summary>
    /// <returns><see cref="Token"/>.</returns>
    public CancellationToken EnableCancel()
    {
        var token = Token;
        Enter(waits: true);

        // What earlier requests of a compound caused must not wait for the same: whoever this one waits for may need to know of it.
        Later.Run();
        return token;
    }

    /// <summary>
    /// Whether nothing follows in the compound. A request that would wait for another party in the middle of one (CHANGE_NOTIFY) is refused
    /// with STATUS_INTERNAL_ERROR, as Windows does, because the rest would have to wait with it.
    /// </summary>
    public bool IsLastOfChain => _chain.IsLast;

    /// <summary>
    /// Tells the client STATUS_PENDING at once, because the request will wait for another party; the response follows when the handler
    /// returns (MS-SMB2 3.3.4.2). In the middle of a compound only a CREATE does so (MS-SMB2 3.3.5.2.7.2): it may be waiting for this very
    /// client to answer a break, and the client needs the credits of the interim response for that. Every other command sends nothing
    /// there, and the compound waits as a whole. When too many requests wait, this one is cancelled and answered with
    /// STATUS_INSUFFICIENT_RESOURCES; a CREATE waits in silence.
    /// </summary>
    /// <returns><see cref="Token"/>.</returns>
    public CancellationToken GoAsync()
    {
        var token = EnableCancel();
        var pending = _pending!;
        Action[] sent = [];
        bool isRefused;
        lock (_chain.Responses.Gate)
        {
            isRefused = CanBecomePending && !TryBecomePending(out sent) && Command != Smb2Command.Create;
            if (isRefused)
            {
                IsRefused = true;
                pending.IsClaimed = true;
            }
        }

        SendActions.RunAll(sent);
        if (isRefused)
        {
            pending.Cancel();
        }

        return token;
    }

    /// <summary>The number of this request among those that the object has served.</summary>
    internal uint Turn { get; private set; }

    /// <summary>The request's place among the slow ones.</summary>
    internal SlowPlace Slow { get; } = new();

    /// <summary>Whether the client may be told STATUS_PENDING: the command must be one that acts on an open.</summary>
    private bool CanBecomePending => Command switch
    {
        Smb2Command.Create => true,
        Smb2Command.Close or Smb2Command.Flush or Smb2Command.Read or Smb2Command.Write or Smb2Command.Lock or Smb2Command.Ioctl
            or Smb2Command.QueryDirectory or Smb2Command.ChangeNotify or Smb2Command.QueryInfo or Smb2Command.SetInfo => IsLastOfChain,
        _ => false,
    };

    /// <summary>
    /// The handler has not completed at once: from now on CANCEL finds the request, and after a short while its client is told that it is
    /// pending.
    /// </summary>
    internal void Watch()
    {
        Enter(waits: false);
        if (CanBecomePending || !IsLastOfChain)
        {
            lock (_chain.Responses.Gate)
            {
                _isWatched = true;
            }

            _chain.Slow.Add(this);
        }
    }

    /// <summary>The handler has completed: from now on the client is told nothing but the response.</summary>
    internal void Unwatch()
    {
        if (_isWatched)
        {
            _chain.Slow.Remove(this);

            // If the client is being told right now, that finishes first.
            lock (_chain.Responses.Gate)
            {
                _isWatched = false;
            }
        }
    }

    /// <summary>
    /// The delay is over: tells the client that the request is pending, unless it has completed, is one that cannot be pending, or too many
    /// are pending already. Breaks that were to follow the answer do not wait for it any longer.
    /// </summary>
    internal void BecomePending(uint turn)
    {
        try
        {
            Action[] sent;
            lock (_chain.Responses.Gate)
            {
                if (!_isWatched || Turn != turn)
                {
                    return;
                }

                sent = CanBecomePending && TryBecomePending(out var earlier) ? earlier : [];
            }

            SendActions.RunAll(sent);
            Later.Run();
        }
        catch (Exception e)
        {
            // Nothing catches exceptions behind a timer: the connection's other requests must still be told, and the process must not end.
            _chain.Fault(e);
        }
    }

    private PendingRequest CreatePending()
    {
        lock (_chain.Responses.Gate)
        {
            return _pending ??= new PendingRequest(this);
        }
    }

    private void Enter(bool waits)
    {
        var pending = _pending ?? CreatePending();
        bool isEntered;
        lock (_chain.Responses.Gate)
        {
            isEntered = pending.TryEnter(waits);
        }

        if (!isEntered)
        {
            pending.Cancel();
        }
    }

    /// <summary>Sends the interim response, once; false when too many are pending. The chain's gate must be held.</summary>
    private bool TryBecomePending(out Action[] sent)
    {
        sent = [];
        var pending = _pending!;
        if (pending.AsyncId == 0)
        {
            pending.AsyncId = Connection.Pending.TryAssignAsyncId(pending);
            if (pending.AsyncId == 0)
            {
                return false;
            }

            sent = _chain.Responses.SendInterim(this);
        }

        return true;
    }

    internal void Begin(Memory<byte> message, Smb2Header header, bool multiCredit)
    {
        Turn++;
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
        if (_pending is { } pending && !pending.TryLeave())
        {
            _chain.HoldBack(pending.HoldsBack);
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
        CompressReply = null;
        PreauthOfResponse = null;
        Disconnect = null;
        IsRefused = false;
        _keepBody = false;
    }
}
