using Smb3.Embedded.Transport;

namespace Smb3.Embedded.Dispatch;

/// <summary>
/// The one way out of a connection. A caller with a finished frame sends it at once when the line is free, and otherwise leaves it to the
/// current sender; frames leave in the order in which they were handed over.
/// </summary>
/// <remarks>Small frames that are ready together are handed to the transport together.</remarks>
internal sealed class OutgoingQueue
{
    private const int BatchSize = 32 * 1024;
    private const int SmallFrame = 8 * 1024;
    private const int MostHeld = 8;

    private readonly IMessageTransport _transport;
    private readonly Action<int> _sent;
    private readonly ResponseBufferPool _buffers;
    private readonly Action<int> _left;
    private readonly Action _failed;
    private readonly Queue<ResponseBuffer> _waiting = new();
    private readonly List<ResponseBuffer> _batch = [];
    private readonly List<OutboundFrame> _frames = [];
    private long _accepted;
    private bool _sending;
    private volatile bool _held;
    private bool _closed;
    private TaskCompletionSource? _idle;

    /// <param name="transport">Where frames go.</param>
    /// <param name="buffers">Where sent buffers are returned to.</param>
    /// <param name="sent">Called with the bytes of each frame that was handed to the transport; one call at a time.</param>
    /// <param name="left">Called with the memory of each frame that has left or was dropped.</param>
    /// <param name="failed">Called when the peer accepts no more.</param>
    public OutgoingQueue(IMessageTransport transport, ResponseBufferPool buffers, Action<int> sent, Action<int> left, Action failed)
    {
        _transport = transport;
        _buffers = buffers;
        _sent = sent;
        _left = left;
        _failed = failed;
    }

    /// <summary>Takes a frame.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="placed">Called when the frame has its place, before any later frame gets one; it must be quick and send none itself.</param>
    /// <returns>How many bytes were taken so far, including this frame's.</returns>
    public long Send(ResponseBuffer frame, Action? placed = null)
    {
        frame.Finish();
        long accepted;
        lock (_waiting)
        {
            accepted = _accepted += frame.Frame.Length;
            placed?.Invoke();
            if (_closed)
            {
                Drop(frame);
                return accepted;
            }

            _waiting.Enqueue(frame);
            if (_sending || (_held && _waiting.Count < MostHeld && frame.Frame.Length <= SmallFrame))
            {
                return accepted;
            }

            _sending = true;
        }

        Start();
        return accepted;
    }

    /// <summary>More frames will be ready in a moment: the next ones may wait for each other until <see cref="Release"/>.</summary>
    public void Hold()
    {
        lock (_waiting)
        {
            _held = true;
        }
    }

    /// <summary>No more frames are expected for now.</summary>
    public void Release()
    {
        // Nearly every request comes alone, and should not wait for a lock here.
        if (!_held)
        {
            return;
        }

        lock (_waiting)
        {
            _held = false;
            if (_sending || _waiting.Count == 0)
            {
                return;
            }

            _sending = true;
        }

        Start();
    }

    /// <summary>Completes when everything that was handed over has left, or the queue was closed.</summary>
    public Task WhenIdleAsync()
    {
        lock (_waiting)
        {
            if (!_sending && _waiting.Count == 0)
            {
                return Task.CompletedTask;
            }

            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _idle.Task;
        }
    }

    /// <summary>Accepts nothing more and drops what is waiting.</summary>
    public void Close()
    {
        lock (_waiting)
        {
            _closed = true;
            while (_waiting.TryDequeue(out var frame))
            {
                Drop(frame);
            }
        }
    }

    private void Start()
    {
        var sending = SendAllAsync();
        if (sending.IsCompleted)
        {
            sending.GetAwaiter().GetResult();
        }
        else
        {
            // It reports its own failure through _failed and never throws.
            _ = sending.AsTask();
        }
    }

    private async ValueTask SendAllAsync()
    {
        while (TakeBatch())
        {
            bool alive;
            try
            {
                alive = !IsFenced() && await _transport.SendAsync(_frames).ConfigureAwait(false);
            }
            catch (Exception)
            {
                // Whatever a transport throws means the same: nothing more can be sent.
                alive = false;
            }

            _frames.Clear();
            foreach (var frame in _batch)
            {
                _sent(frame.Frame.Length);
                Drop(frame);
            }

            _batch.Clear();
            if (!alive)
            {
                Close();
                _failed();
            }
        }
    }

    /// <summary>
    /// Whether a frame of the batch may not leave any more. Looked at last of all: a process that was stopped in the meantime must not tell
    /// what was true before.
    /// </summary>
    private bool IsFenced()
    {
        foreach (var frame in _batch)
        {
            if (frame.Guard is { IsUp: true })
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes the next frame, and with it the small ones behind it; false when there is none, and the sender is done.</summary>
    private bool TakeBatch()
    {
        var length = 0;
        lock (_waiting)
        {
            while (_waiting.TryPeek(out var next)
                && (_batch.Count == 0
                    || (_batch[0].Frame.Length <= SmallFrame && next.Frame.Length <= SmallFrame
                        && length + next.Frame.Length <= BatchSize)))
            {
                length += next.Frame.Length;
                _batch.Add(_waiting.Dequeue());
                _frames.Add(new OutboundFrame(next.Frame, next.Invalidates));
            }

            if (_batch.Count > 0)
            {
                return true;
            }

            _sending = false;
            _idle?.TrySetResult();
            _idle = null;
            return false;
        }
    }

    private void Drop(ResponseBuffer frame)
    {
        var held = frame.Held;
        _buffers.Return(frame);
        _left(held);
    }
}
