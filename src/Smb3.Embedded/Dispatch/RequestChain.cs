using Smb3.Embedded.Compression;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Transport;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Dispatch;

/// <summary>
/// Serves the requests of one frame, one after the other, which is a compound when there are several (MS-SMB2 3.3.5.2.7). A chain is
/// reused for later frames of its connection.
/// </summary>
internal sealed class RequestChain
{
    /// <summary>Bytes of output for which no room is made in advance: each frame is charged this much for its responses.</summary>
    public const int SmallOutput = 65_536;

    private readonly ConnectionLoop _loop;
    private readonly RequestPipeline _pipeline;
    private readonly Request _request;
    private readonly ChainShare _share;
    private ReceivedMessage? _frame;
    private Memory<byte> _rest;
    private int _decompressed;
    private AnnouncementGate? _heldBack;

    public RequestChain(ConnectionLoop loop, RequestPipeline pipeline)
    {
        _loop = loop;
        _pipeline = pipeline;
        _request = new Request(this);
        _share = new ChainShare(loop.Flow);
        Responses = new ChainResponses(loop, _share);
    }

    public Connection Connection => _loop.Connection;

    public IMessageTransport Transport => _loop.Transport;

    /// <summary>The longest message that the client takes, in bytes.</summary>
    public int LargestMessage => _loop.LargestMessage;

    /// <summary>The requests of the connection that did not complete at once.</summary>
    public SlowRequests Slow => _loop.Slow;

    public ChainResponses Responses { get; }

    /// <summary>What related requests take over from those before them.</summary>
    public CompoundState Compound { get; } = new();

    /// <summary>The keys that the requests and their responses need.</summary>
    public KeyUses Keys { get; } = new();

    /// <summary>The session whose keys opened the frame.</summary>
    public Session? EncryptedBy { get; private set; }

    /// <summary>Whether the request being served is the last of its frame.</summary>
    public bool IsLast => _rest.IsEmpty;

    public bool IsEncrypted => EncryptedBy is not null;

    /// <summary>Takes a frame.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="messages">The messages in it.</param>
    /// <param name="encryptedBy">The session whose keys opened it.</param>
    /// <param name="decompressed">How long the messages are when they have been decompressed; 0: they are not compressed.</param>
    public void Begin(ReceivedMessage frame, Memory<byte> messages, Session? encryptedBy, int decompressed)
    {
        _frame = frame;
        _rest = messages;
        _decompressed = decompressed;
        _share.Begin(frame.Length + decompressed + (Connection.Authenticated ? SmallOutput : 0));
        EncryptedBy = encryptedBy;
        Compound.Begin();
        if (encryptedBy is not null)
        {
            Keys.Add(encryptedBy);
        }
    }

    /// <summary>Serves the whole chain. Never throws.</summary>
    public async ValueTask RunAsync()
    {
        try
        {
            if (_decompressed > 0)
            {
                if (_decompressed >= CompressionPlan.LargeData)
                {
                    // The connection is read on meanwhile: what this makes the server hold has been counted.
                    await Task.Yield();
                }

                Decompress();
            }

            while (_rest.Length > 0 && TryNext(out var more))
            {
                await ServeAsync().ConfigureAwait(false);
                Compound.Advance();
                await Responses.FlushLongAsync().ConfigureAwait(false);
                if (!more || !await MakeWayAsync().ConfigureAwait(false))
                {
                    break;
                }
            }

            await Responses.FlushAsync().ConfigureAwait(false);
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

    /// <summary>A request was cancelled: what the client has sent since is held back until its answer has been handed over with the others.</summary>
    public void HoldBack(AnnouncementGate? gate)
    {
        _heldBack?.End();
        _heldBack = gate;
    }

    /// <summary>
    /// Sets room aside for a response of up to <paramref name="output"/> bytes before memory is allocated for it; when false,
    /// <see cref="MakeRoomAsync"/> is needed. Responses that are ready leave first when both would not fit in one frame: the responses to a
    /// compound need not share one (MS-SMB2 3.3.4.1.3).
    /// </summary>
    public bool TryMakeRoom(Request request, long output)
    {
        output = RoomFor(request, output);
        if (Responses.Buffer.Length + output > _loop.LargestResponse)
        {
            Responses.FlushReady();
        }

        return _share.TryReserve(output);
    }

    /// <summary>Does the same once other responses have left; false when the connection ends first.</summary>
    public async ValueTask<bool> MakeRoomAsync(Request request, long output)
    {
        // The responses that are ready must leave first: this one may be waiting for exactly that.
        Responses.FlushReady();
        output = RoomFor(request, output);
        if (await _share.ReserveAsync(output).ConfigureAwait(false))
        {
            return true;
        }

        _rest = default;
        return false;
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
        _share.CountOutput(Responses.Buffer.Held);
        if (Responses.Buffer.Length + SmallOutput > _loop.LargestResponse || !_share.HasRoom)
        {
            Responses.FlushReady();
        }

        return _share.HasRoom ? new(true) : _share.ReserveAsync(0);
    }

    private void Decompress()
    {
        var message = MessageTransform.Decompress(Connection, _rest.Span, _decompressed, _loop.Output.Buffers.Bytes);
        if (message is null)
        {
            _loop.Violation(ConnectionEndReason.DecompressionFailed);
            _rest = default;
            return;
        }

        _loop.CountCompressed(message.Length, _rest.Length, "received");
        _frame!.Dispose();
        (_frame, _rest) = (message, message.Memory);
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
                _pipeline.Cancel(request, this);
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

            var status = await _pipeline.ServeAsync(request, this).ConfigureAwait(false);
            if (request.Disconnect is { } reason)
            {
                Responses.Withdraw(request);
                if (reason is ConnectionEndReason.ShareFenced or ConnectionEndReason.ShareMoved)
                {
                    Connection.Terminate(reason);
                }
                else
                {
                    _loop.Violation(reason);
                }

                _rest = default;
                return;
            }

            if (status == NtStatus.Cancelled && _loop.IsDraining && request.TreeConnect is { Share.IsContinuouslyAvailable: true })
            {
                // Its client did not cancel it: the server stops, or the share goes to another node. Not answered, as if this server had died, it
                // is sent again where the handle is then, and waits there.
                Responses.Withdraw(request);
                _rest = default;
                return;
            }

            Responses.Finish(request, status);
            _pipeline.Answered(request, status);
        }
        finally
        {
            request.End();
        }
    }

    private void End()
    {
        Responses.End();
        HoldBack(null);
        _frame?.Dispose();
        _frame = null;
        _rest = default;
        _share.End();
        EncryptedBy = null;
        Keys.Release();
    }
}
