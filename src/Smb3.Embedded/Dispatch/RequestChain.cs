using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Cryptography;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Transport;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Errors;

namespace Smb3.Embedded.Dispatch;

/// <summary>
/// Serves the requests of one frame, one after the other, and builds the frame of their responses (compounds: MS-SMB2 3.3.5.2.7). A chain
/// is reused for later frames of its connection.
/// </summary>
internal sealed class RequestChain
{
    /// <summary>Bytes of output for which no room is made in advance: each frame is charged this much for its responses.</summary>
    public const int SmallOutput = 65_536;

    private readonly ConnectionLoop _loop;
    private readonly RequestPipeline _pipeline;
    private readonly Request _request;
    private readonly List<Session> _used = [];
    private readonly List<Channel> _usedChannels = [];
    private readonly List<OutgoingMessage> _messages = [];
    private readonly List<Action> _onSend = [];
    private readonly List<Action> _afterSend = [];
    private Action? _runOnSend;
    private ReceivedMessage? _frame;
    private Memory<byte> _rest;
    private Session? _sealing;
    private long _reserved;
    private long _parked;
    private int _charge;
    private int _earlierOnSend;
    private int _earlierAfterSend;
    private bool _first;

    public RequestChain(ConnectionLoop loop, RequestPipeline pipeline)
    {
        _loop = loop;
        _pipeline = pipeline;
        _request = new Request(this);
        Response = loop.Buffers.Rent();
    }

    public Connection Connection => _loop.Connection;

    public IMessageTransport Transport => _loop.Transport;

    /// <summary>The requests of the connection that did not complete at once.</summary>
    public SlowRequests Slow => _loop.Slow;

    /// <summary>
    /// Held while the client is told that the request is pending, which happens concurrently with the handler, and by everything that must
    /// not happen at the same time.
    /// </summary>
    public Lock Gate { get; } = new();

    /// <summary>The frame of the responses so far.</summary>
    public ResponseBuffer Response { get; private set; }

    /// <summary>The session whose keys opened the frame.</summary>
    public Session? EncryptedBy { get; private set; }

    /// <summary>Whether the request being served is the last of its frame.</summary>
    public bool IsLast => _rest.IsEmpty;

    public bool IsEncrypted => EncryptedBy is not null;

    /// <summary>The open that a related request refers to by the id of all ones.</summary>
    public Smb2FileId? RelatedFileId { get; set; }

    /// <summary>Why there is no such open: the failure of the preceding CREATE.</summary>
    public NtStatus RelatedError { get; set; }

    /// <summary>Session and tree connect of the previous request, and whether they were found.</summary>
    public (ulong SessionId, uint TreeId, NtStatus Status) Previous { get; set; }

    public void Begin(ReceivedMessage frame, Memory<byte> messages, Session? encryptedBy, int charge)
    {
        _frame = frame;
        _charge = charge;
        _rest = messages;
        EncryptedBy = encryptedBy;
        RelatedFileId = null;
        RelatedError = NtStatus.Success;
        Previous = default;
        _first = true;
        if (encryptedBy is not null)
        {
            _used.Add(encryptedBy);
        }
    }

    /// <summary>Serves the whole chain. Never throws.</summary>
    public async ValueTask RunAsync()
    {
        try
        {
            while (_rest.Length > 0 && TryNext(out var more))
            {
                await ServeAsync().ConfigureAwait(false);
                _first = false;
                if (!more || !await MakeWayAsync().ConfigureAwait(false))
                {
                    break;
                }
            }

            Flush();
        }
        catch (Exception e)
        {
            Fault(e);
        }
        finally
        {
            End();
        }
    }

    /// <summary>Handles a bug, or a store that throws where no exception is expected: ends the connection and logs the cause.</summary>
    public void Fault(Exception e)
    {
        ServerLog.ConnectionFault(_pipeline.Logger, e, Connection.Id);
        Connection.Terminate(ConnectionEndReason.ServerFault);
    }

    /// <summary>Marks a session as used by the chain, so that its keys outlive the responses.</summary>
    public bool Use(Session session)
    {
        if (_used.Contains(session))
        {
            return true;
        }

        if (!session.TryUse())
        {
            return false;
        }

        _used.Add(session);
        return true;
    }

    /// <summary>Does the same for a channel: its key outlives the responses that it signs.</summary>
    public bool Use(Channel channel)
    {
        if (_usedChannels.Contains(channel))
        {
            return true;
        }

        if (!channel.TryUse())
        {
            return false;
        }

        _usedChannels.Add(channel);
        return true;
    }

    /// <summary>
    /// Runs <paramref name="action"/> once the responses written so far, and the one being written, have been handed over.
    /// </summary>
    public void AfterSend(Action action)
    {
        lock (Gate)
        {
            _afterSend.Add(action);
        }
    }

    /// <summary>
    /// Runs <paramref name="action"/> when those responses take their place in the outgoing queue, with the queue's lock held.
    /// </summary>
    public void OnSend(Action action)
    {
        lock (Gate)
        {
            _onSend.Add(action);
        }
    }

    /// <summary>Appends to the response being written.</summary>
    public Memory<byte> Append(int size)
    {
        // A growing buffer moves its contents, and the responses before this one may be leaving right now.
        if (_messages.Count == 0)
        {
            return Response.Append(size);
        }

        lock (Gate)
        {
            return Response.Append(size);
        }
    }

    /// <summary>
    /// Sends STATUS_PENDING for <paramref name="request"/>, behind the responses that are ready, while its handler goes on writing the
    /// final one (MS-SMB2 3.3.4.2). The gate must be held.
    /// </summary>
    /// <returns>The actions to run now that the responses before it have been handed over.</returns>
    public Action[] SendInterim(Request request)
    {
        var frame = _loop.Buffers.Rent();
        if (_messages.Count > 0)
        {
            var first = _messages[0].Start;
            Response.Between(first, request.ResponseStart).CopyTo(frame.Append(request.ResponseStart - first).Span);
            MessageTransform.Merge(frame, _messages, first, request.ResponseStart);
        }

        // An interim response is not signed (MS-SMB2 3.3.4.1.1), but it is sealed like any other.
        var credits = Connection.Credits.Grant(RequestPipeline.CreditsFor(request));
        Smb2Header.WriteAsync(
            frame.Append(Smb2Header.Size).Span, request.Command, NtStatus.Pending, request.Flags & Smb2HeaderFlags.Related,
            (ushort)request.CreditCharge, credits, request.MessageId, request.AsyncId, request.SessionId);
        ErrorResponse.Write(frame.Append(ErrorResponse.FixedSize).Span);
        if (_messages.Count > 0)
        {
            frame.PadTo8();
        }

        MessageTransform.Seal(frame, _sealing);

        _messages.Clear();
        Response.StartAt(request.ResponseStart);
        Park();

        Action[] placed = [.. _onSend[.._earlierOnSend]];
        Action[] sent = [.. _afterSend[.._earlierAfterSend]];
        _onSend.RemoveRange(0, _earlierOnSend);
        _afterSend.RemoveRange(0, _earlierAfterSend);
        _earlierOnSend = 0;
        _earlierAfterSend = 0;
        _loop.Send(frame, placed.Length == 0 ? null : () => RunAll(placed));
        return sent;
    }

    private static void RunAll(IEnumerable<Action> actions)
    {
        foreach (var action in actions)
        {
            action();
        }
    }

    /// <summary>
    /// Lets the connection be read on while a request takes its time: what that request holds is counted separately, as far as the limit
    /// allows.
    /// </summary>
    private void Park()
    {
        if (_loop.Flow.TryPark(_charge, _reserved))
        {
            _parked += _charge + _reserved;
            _charge = 0;
            _reserved = 0;
        }
    }

    /// <summary>
    /// Sets room aside for a response of up to <paramref name="output"/> bytes before memory is allocated for it; when false,
    /// <see cref="MakeRoomAsync"/> is needed. Responses that are ready leave first when both would not fit in one frame: the responses to a
    /// compound need not share one (MS-SMB2 3.3.4.1.3).
    /// </summary>
    public bool TryMakeRoom(Request request, long output)
    {
        output = RoomFor(request, output);
        if (Response.Length + output > _loop.LargestResponse)
        {
            FlushReady();
        }

        if (!_loop.Flow.TryReserve(output))
        {
            return false;
        }

        _reserved += output;
        return true;
    }

    /// <summary>Does the same once other responses have left; false when the connection ends first.</summary>
    public async ValueTask<bool> MakeRoomAsync(Request request, long output)
    {
        // The responses that are ready must leave first: this one may be waiting for exactly that.
        FlushReady();
        output = RoomFor(request, output);
        if (!await _loop.Flow.ReserveAsync(output).ConfigureAwait(false))
        {
            _rest = default;
            return false;
        }

        _reserved += output;
        return true;
    }

    /// <summary>No request is granted more room than was negotiated, whatever it asks for.</summary>
    private static long RoomFor(Request request, long output) => request.Connection.Negotiated is { } negotiated
        ? Math.Min(output, Math.Max(negotiated.MaxReadSize, negotiated.MaxTransactSize)) + Smb2Header.Size
        : SmallOutput;

    /// <summary>
    /// Between two requests: counts what the first has written and, when that has become too much, lets it leave and waits until it has.
    /// False when the connection ends first.
    /// </summary>
    private ValueTask<bool> MakeWayAsync()
    {
        if (Response.Held > _reserved)
        {
            _loop.Flow.AddOutput(Response.Held - _reserved);
            _reserved = Response.Held;
        }

        if (Response.Length + SmallOutput > _loop.LargestResponse || !_loop.Flow.HasRoom)
        {
            FlushReady();
        }

        return _loop.Flow.HasRoom ? new(true) : new(_loop.Flow.ReserveAsync(0));
    }

    private void FlushReady()
    {
        if (_messages.Count > 0)
        {
            Flush();
        }
    }

    private bool TryNext(out bool more)
    {
        more = false;
        if (!MessageTransform.TrySplit(ref _rest, out var message, out var header))
        {
            _loop.Violation(ConnectionEndReason.ProtocolViolation);
            return false;
        }

        more = header.NextCommand != 0;
        _request.Begin(message, header, Connection.Negotiated is { MultiCredit: true });
        return true;
    }

    private async ValueTask ServeAsync()
    {
        var request = _request;
        try
        {
            if (request.Command == Smb2Command.Cancel)
            {
                // CANCEL has neither a response nor a message id of its own (MS-SMB2 3.3.5.16).
                _pipeline.Cancel(request, this, _first);
                return;
            }

            if (!Connection.Credits.TryUse(request.MessageId, request.CreditCharge))
            {
                _loop.Violation(ConnectionEndReason.SequenceViolation);
                _rest = default;
                return;
            }

            // MS-SMB2 3.3.5.2: nothing but NEGOTIATE before the dialect is agreed.
            if (Connection.Negotiated is null && request.Command != Smb2Command.Negotiate)
            {
                _loop.Violation(ConnectionEndReason.ProtocolViolation);
                _rest = default;
                return;
            }

            var status = await _pipeline.ServeAsync(request, this, _first).ConfigureAwait(false);
            if (request.Disconnect is { } reason)
            {
                Withdraw(request);
                _loop.Violation(reason);
                _rest = default;
                return;
            }

            Complete(request, status);
        }
        finally
        {
            request.End();
        }
    }

    /// <summary>
    /// Makes room for the response to <paramref name="request"/>, whose session and tree connect are known now. Sealed and unsealed
    /// responses do not share a frame: a signed response would lose its signature in a sealed frame, and the client must read the last
    /// SESSION_SETUP response before it has a key to open it with.
    /// </summary>
    public void Place(Request request)
    {
        var sealing = SealingOf(request);
        if (_messages.Count > 0 && sealing != _sealing)
        {
            Flush();
        }

        _sealing = sealing;
        _earlierOnSend = _onSend.Count;
        _earlierAfterSend = _afterSend.Count;
        Response.PadTo8();
        if (_messages.Count > 0)
        {
            var previous = _messages[^1].Start;
            Smb2Header.SetNextCommand(Response.From(previous), (uint)(Response.Length - previous));
        }

        PlaceHeader(request);
    }

    private void PlaceHeader(Request request)
    {
        request.ResponseStart = Response.Length;
        Response.Append(Smb2Header.Size);
    }

    /// <summary>Takes back the room of a response that is not to be sent.</summary>
    private void Withdraw(Request request)
    {
        Response.Truncate(request.ResponseStart);
        if (_messages.Count > 0)
        {
            Smb2Header.SetNextCommand(Response.From(_messages[^1].Start), 0);
        }
    }

    private void Complete(Request request, NtStatus status)
    {
        // Warnings count as errors here too (NO_MORE_FILES), except for the one that comes with the data that did fit (MS-SMB2 2.2.2).
        if (!status.IsSuccess() && status != NtStatus.BufferOverflow && !request.BodyKept)
        {
            request.TrimBody(0);
            ErrorResponse.Write(Response.Append(ErrorResponse.FixedSize).Span);
        }

        var related = request.Flags & (Smb2HeaderFlags.Related | Smb2HeaderFlags.Replay);

        // A sealed response carries no signature and does not claim one (MS-SMB2 3.3.4.1.1).
        var signer = _sealing is null ? request.Channel?.Signer ?? request.Signer : null;
        var signs = signer is not null && (request.IsSigned || request.SignResponse || request.Session is { SigningRequired: true });

        // Without a session there is no key to verify with: clients accept these answers to a signed request as they are, but expect the
        // flag.
        var unverifiable = status == NtStatus.UserSessionDeleted
            || (status == NtStatus.InvalidParameter && request.Command == Smb2Command.SessionSetup);
        var marked = signs || (request.IsSigned && signer is null && unverifiable && _sealing is null);
        var flags = marked ? related | Smb2HeaderFlags.Signed : related;
        var header = Response.From(request.ResponseStart);
        if (request.AsyncId != 0)
        {
            // The interim response has already granted the credits.
            Smb2Header.WriteAsync(
                header, request.Command, status, flags, (ushort)request.CreditCharge, 0,
                request.MessageId, request.AsyncId, request.SessionId);
        }
        else
        {
            var credits = Connection.Credits.Grant(RequestPipeline.CreditsFor(request));
            Smb2Header.WriteSync(
                header, request.Command, status, flags, (ushort)request.CreditCharge, credits, request.MessageId, request.ProcessId,
                request.TreeId, request.SessionId);
        }

        _messages.Add(new OutgoingMessage(request.ResponseStart, signs ? signer : null, request.PreauthOfResponse));
        _pipeline.Answered(request, status);
    }

    /// <summary>
    /// The session whose keys seal the response, if any (MS-SMB2 3.3.4.1.4): the response to an encrypted request is encrypted, and so is
    /// everything of a session or share that demands it.
    /// </summary>
    private Session? SealingOf(Request request)
    {
        if (EncryptedBy is not null)
        {
            return EncryptedBy;
        }

        return request.Session is { Sealer: not null } session
            && request.Command is not (Smb2Command.Negotiate or Smb2Command.SessionSetup)
            && (session.EncryptData || request.TreeConnect is { EncryptData: true })
                ? session
                : null;
    }

    private void Flush()
    {
        if (_messages.Count == 0)
        {
            Response.Truncate(0);
            Response.StartAt(0);
            return;
        }

        if (_messages.Count > 1)
        {
            // Windows pads the last response of a compound like the others; a single response is not padded.
            Response.PadTo8();
        }

        MessageTransform.Merge(Response, _messages, 0, Response.Length);
        MessageTransform.Seal(Response, _sealing);
        _messages.Clear();
        _sealing = null;
        if (_onSend.Count == 0)
        {
            _loop.Send(Response);
        }
        else
        {
            _loop.Send(Response, _runOnSend ??= RunOnSend);
        }

        Response = _loop.Buffers.Rent();
        GiveBackReserved();
        RunAfterSend();
    }

    private void GiveBackReserved()
    {
        if (_reserved != 0)
        {
            _loop.Flow.RemoveOutput(_reserved);
            _reserved = 0;
        }
    }

    private void RunOnSend()
    {
        RunAll(_onSend);
        _onSend.Clear();
    }

    private void RunAfterSend()
    {
        RunAll(_afterSend);
        _afterSend.Clear();
    }

    private void End()
    {
        RunOnSend();
        RunAfterSend();
        _frame?.Dispose();
        _frame = null;
        _rest = default;
        _messages.Clear();
        _sealing = null;
        Response.Reset();
        GiveBackReserved();
        if (_parked != 0)
        {
            _loop.Flow.Unpark(_parked);
            _parked = 0;
        }

        _loop.Flow.RemoveInput(_charge);
        EncryptedBy = null;
        foreach (var channel in _usedChannels)
        {
            channel.Release();
        }

        _usedChannels.Clear();
        foreach (var session in _used)
        {
            session.Release();
        }

        _used.Clear();
    }
}
