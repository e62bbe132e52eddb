using Smb3.Embedded.Sessions;
using Smb3.Embedded.Threading;
using Smb3.Embedded.Transport;

namespace Smb3.Embedded.Dispatch;

/// <summary>Everything that leaves over one connection, counted until it has left.</summary>
internal sealed class ConnectionOutput
{
    private readonly IMessageTransport _transport;
    private readonly FlowControl _flow;
    private readonly TimeProvider _time;
    private readonly OutgoingQueue _queue;

    /// <param name="transport">Where frames go.</param>
    /// <param name="buffers">Where their buffers come from and return to.</param>
    /// <param name="flow">Counts what has not left.</param>
    /// <param name="time">Tells the time.</param>
    /// <param name="sent">Called with the bytes of each frame that was handed to the transport; one call at a time.</param>
    /// <param name="failed">Called when the peer accepts no more.</param>
    public ConnectionOutput(
        IMessageTransport transport, ResponseBufferPool buffers, FlowControl flow, TimeProvider time, Action<int> sent, Action failed)
    {
        _transport = transport;
        _flow = flow;
        _time = time;
        Buffers = buffers;
        _queue = new OutgoingQueue(transport, buffers, sent, bytes => flow.RemoveOutput(bytes), failed);
    }

    public ResponseBufferPool Buffers { get; }

    /// <summary>Sends a finished frame; see <see cref="OutgoingQueue.Send"/>.</summary>
    public long Send(ResponseBuffer frame, Action? placed = null)
    {
        _flow.AddOutput(frame.Held);
        return _queue.Send(frame, placed);
    }

    /// <summary>
    /// Sends a message that answers no request, sealed with the keys of <paramref name="sealedFor"/> when that is given, unless
    /// <paramref name="guard"/> is up by then.
    /// </summary>
    public SentMark Notify(ReadOnlySpan<byte> message, Session? sealedFor, IGuard? guard)
    {
        var frame = Buffers.Rent();
        frame.Guard = guard;
        message.CopyTo(frame.Append(message.Length).Span);
        MessageTransform.Seal(frame, sealedFor);
        var at = _time.GetTimestamp();
        return new SentMark(Send(frame), at);
    }

    /// <summary>Whether the peer's transport has what was sent, when something last came from the peer at <paramref name="heard"/>.</summary>
    public Arrival ArrivalOf(SentMark mark, long heard) => _transport.BytesAcknowledged is { } bytes
        ? bytes >= mark.Position ? Arrival.Arrived : Arrival.Unacknowledged
        : heard > mark.At ? Arrival.Arrived : Arrival.Unknown;

    /// <summary>More responses will be ready in a moment; see <see cref="OutgoingQueue.Hold"/>.</summary>
    public void Hold() => _queue.Hold();

    /// <summary>No more responses are expected for now.</summary>
    public void Release() => _queue.Release();

    /// <summary>Completes when everything has left, or nothing more can.</summary>
    public Task WhenIdleAsync() => _queue.WhenIdleAsync();

    /// <summary>Accepts nothing more and drops what is waiting.</summary>
    public void Close() => _queue.Close();
}
