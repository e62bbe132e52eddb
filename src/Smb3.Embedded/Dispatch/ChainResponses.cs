using Smb3.Embedded.Compression;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Threading;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Errors;
using Smb3.Embedded.Wire.Io;

namespace Smb3.Embedded.Dispatch;

/// <summary>
/// The responses of one chain: places each in a frame, writes its header when its handler has finished, and protects and sends the frame.
/// </summary>
internal sealed class ChainResponses
{
    /// <summary>What is not data in the response to a READ, and stays as it is when that is compressed.</summary>
    private const int UncompressedSize = ReadResponse.DataOffset;

    private readonly ConnectionLoop _loop;
    private readonly ChainShare _share;
    private readonly List<OutgoingMessage> _messages = [];
    private readonly SendActions _actions = new();
    private Session? _sealing;
    private CompressionOutlook? _outlook;

    public ChainResponses(ConnectionLoop loop, ChainShare share)
    {
        _loop = loop;
        _share = share;
        Buffer = loop.Output.Buffers.Rent();
    }

    /// <summary>
    /// Held while the client is told that the request is pending, which happens concurrently with the handler, and by everything that must
    /// not happen at the same time.
    /// </summary>
    public Lock Gate { get; } = new();

    /// <summary>The frame of the responses so far.</summary>
    public ResponseBuffer Buffer { get; private set; }

    /// <summary>The breaks that leave behind the responses of this chain.</summary>
    public Afterwards Later { get; } = new();

    private Connection Connection => _loop.Connection;

    /// <summary>
    /// Runs <paramref name="action"/> once the responses written so far, and the one being written, have been handed over.
    /// </summary>
    public void AfterSend(Action action)
    {
        lock (Gate)
        {
            _actions.WhenSent(action);
        }
    }

    /// <summary>
    /// Runs <paramref name="action"/> when those responses take their place in the outgoing queue, with the queue's lock held.
    /// </summary>
    public void OnSend(Action action)
    {
        lock (Gate)
        {
            _actions.WhenPlaced(action);
        }
    }

    /// <summary>Appends to the response being written.</summary>
    public Memory<byte> Append(int size)
    {
        // A growing buffer moves its contents, and the responses before this one may be leaving right now.
        if (_messages.Count == 0)
        {
            return Buffer.Append(size);
        }

        lock (Gate)
        {
            return Buffer.Append(size);
        }
    }

    /// <summary>
    /// Sends STATUS_PENDING for <paramref name="request"/>, behind the responses that are ready, while its handler goes on writing the
    /// final one (MS-SMB2 3.3.4.2). The gate must be held.
    /// </summary>
    /// <returns>The actions to run now that the responses before it have been handed over.</returns>
    public Action[] SendInterim(Request request)
    {
        var frame = _loop.Output.Buffers.Rent();
        if (_messages.Count > 0)
        {
            var first = _messages[0].Start;
            Buffer.Between(first, request.ResponseStart).CopyTo(frame.Append(request.ResponseStart - first).Span);
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
        frame.Guard = Buffer.Guard;

        _messages.Clear();
        _outlook = null;
        Buffer.StartAt(request.ResponseStart);
        _share.Park();

        var (placed, sent) = _actions.TakeEarlier();
        _loop.Output.Send(frame, placed.Length == 0 ? null : () => SendActions.RunAll(placed));
        return sent;
    }

    /// <summary>
    /// Makes room for the response to <paramref name="request"/>, whose session and tree connect are known now. Sealed and unsealed
    /// responses do not share a frame: a signed response would lose its signature in a sealed frame, and the client must read the last
    /// SESSION_SETUP response before it has a key to open it with.
    /// </summary>
    public void Place(Request request)
    {
        var sealing = SealingOf(request);
        var guard = request.TreeConnect?.Share.Guard;
        if (_messages.Count > 0 && (sealing != _sealing || guard != Buffer.Guard))
        {
            Flush();
        }

        _sealing = sealing;
        Buffer.Guard = guard;
        _actions.BeginResponse();
        Buffer.PadTo8();
        if (_messages.Count > 0)
        {
            var previous = _messages[^1].Start;
            Smb2Header.SetNextCommand(Buffer.From(previous), (uint)(Buffer.Length - previous));
        }

        request.ResponseStart = Buffer.Length;
        Buffer.Append(Smb2Header.Size);
    }

    /// <summary>Takes back the room of a response that is not to be sent.</summary>
    public void Withdraw(Request request)
    {
        Buffer.Truncate(request.ResponseStart);
        if (_messages.Count > 0)
        {
            Smb2Header.SetNextCommand(Buffer.From(_messages[^1].Start), 0);
        }
    }

    /// <summary>Writes the header of a response whose body is there, or the whole of an error response.</summary>
    public void Finish(Request request, NtStatus status)
    {
        // Warnings count as errors here too (NO_MORE_FILES), except for the one that comes with the data that did fit (MS-SMB2 2.2.2).
        if (!status.IsSuccess() && status != NtStatus.BufferOverflow && !request.BodyKept)
        {
            request.TrimBody(0);
            ErrorResponse.Write(Buffer.Append(ErrorResponse.FixedSize).Span);
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
        var header = Buffer.From(request.ResponseStart);
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

        _outlook = request.CompressReply ?? _outlook;
        _messages.Add(new OutgoingMessage(request.ResponseStart, signs ? signer : null, request.PreauthOfResponse));
    }

    /// <summary>
    /// The session whose keys seal the response, if any (MS-SMB2 3.3.4.1.4): the response to an encrypted request is encrypted, and so is
    /// everything of a session or share that demands it.
    /// </summary>
    private static Session? SealingOf(Request request)
    {
        if (request.EncryptedBy is { } session)
        {
            return session;
        }

        return request.Session is { Sealer: not null } own
            && request.Command is not (Smb2Command.Negotiate or Smb2Command.SessionSetup)
            && (own.EncryptData || request.TreeConnect is { EncryptData: true })
                ? own
                : null;
    }

    /// <summary>Sends the responses that are ready.</summary>
    public void Flush()
    {
        if (TryFinish(out var plan))
        {
            Send(plan);
        }
    }

    /// <summary>
    /// Does so from another thread where it takes long to compress them: whoever has read the request goes on to read the next one.
    /// </summary>
    public ValueTask FlushAsync()
    {
        if (!TryFinish(out var plan))
        {
            return default;
        }

        if (plan.TakesLong)
        {
            return SendElsewhereAsync(plan);
        }

        Send(plan);
        return default;
    }

    /// <summary>Does so if there are any; the one being written stays.</summary>
    public void FlushReady()
    {
        if (_messages.Count > 0)
        {
            Flush();
        }
    }

    /// <summary>Does so if there are any, and if they are so long that compressing them takes long.</summary>
    public ValueTask FlushLongAsync() => _outlook is not null && Buffer.Length >= CompressionPlan.LargeData ? FlushAsync() : default;

    /// <summary>Signs the responses that are ready, and looks what there is to gain by compressing them; false: there are none.</summary>
    private bool TryFinish(out CompressionPlan plan)
    {
        plan = default;
        if (_messages.Count == 0)
        {
            Buffer.Truncate(0);
            Buffer.StartAt(0);
            return false;
        }

        if (_messages.Count > 1)
        {
            // Windows pads the last response of a compound like the others; a single response is not padded.
            Buffer.PadTo8();
        }

        MessageTransform.Merge(Buffer, _messages, 0, Buffer.Length);
        if (_outlook is { } outlook
            && Buffer.Messages is { Length: >= CompressionSample.LeastData } messages
            && messages.Length <= Connection.Negotiated!.LargestCompressed
            && outlook.ShouldLook(messages.Length)
            && !CompressionPlan.TryMake(Connection.Negotiated.Compression!, messages, UncompressedSize, out plan))
        {
            outlook.Tell(gained: false);
        }

        return true;
    }

    private async ValueTask SendElsewhereAsync(CompressionPlan plan)
    {
        await Task.Yield();
        Send(plan);
    }

    private void Send(in CompressionPlan plan)
    {
        if (plan.Length > 0)
        {
            // Both forms of it are held while one becomes the other.
            _share.CountOutput(Buffer.Held + plan.Room);
            var gained = Buffer.TryCompress(plan, Connection.Graph.Codecs);
            _outlook!.Tell(gained);
            if (gained)
            {
                _loop.CountCompressed(plan.Length, Buffer.Length, "sent");
            }
        }

        MessageTransform.Seal(Buffer, _sealing);
        _messages.Clear();
        _sealing = null;
        _outlook = null;
        _loop.Output.Send(Buffer, _actions.Placing());
        Buffer = _loop.Output.Buffers.Rent();
        _share.ReleaseOutput();
        _actions.RunSent();
        SendLater();
    }

    private void SendLater()
    {
        if (Later.Any)
        {
            // The responses may be held back for others to join them, and breaks to other clients go another way.
            _loop.Output.Release();
            Later.Run();
        }
    }

    /// <summary>The chain has ended: what is left is dropped, and nobody who waits for it is forgotten.</summary>
    public void End()
    {
        _actions.RunPlaced();
        _actions.RunSent();
        Later.Run();
        _messages.Clear();
        _sealing = null;
        _outlook = null;
        Buffer.Reset();
    }
}
