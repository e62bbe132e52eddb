using System.IO.Pipelines;

namespace Smb3.Embedded.Dispatch;

/// <summary>
/// The one way out of a connection. Whoever has a finished frame sends it at once when the line is free, and leaves it to the present
/// sender when it is not; frames leave in the order in which they were handed over.
/// </summary>
internal sealed class OutgoingQueue
{
    private readonly PipeWriter _output;
    private readonly Action<int> _sent;
    private readonly ResponseBufferPool _buffers;
    private readonly Action<int> _left;
    private readonly Action _failed;
    private readonly Queue<ResponseBuffer> _waiting = new();
    private long _accepted;
    private bool _sending;
    private bool _closed;
    private TaskCompletionSource? _idle;

    /// <param name="output">Where frames go.</param>
    /// <param name="buffers">Where a sent buffer goes back to.</param>
    /// <param name="sent">Told the bytes of each frame that was handed to the transport; one call at a time.</param>
    /// <param name="left">Told the bytes of each frame that has left, or was dropped.</param>
    /// <param name="failed">Called when the peer takes no more.</param>
    public OutgoingQueue(PipeWriter output, ResponseBufferPool buffers, Action<int> sent, Action<int> left, Action failed)
    {
        _output = output;
        _buffers = buffers;
        _sent = sent;
        _left = left;
        _failed = failed;
    }

    /// <summary>Takes a frame.</summary>
    /// <returns>How many bytes were taken until now, this frame's included.</returns>
    public long Send(ResponseBuffer frame)
    {
        frame.Finish();
        long accepted;
        lock (_waiting)
        {
            accepted = _accepted += frame.Frame.Length;
            if (_closed)
            {
                Drop(frame);
                return accepted;
            }

            if (_sending)
            {
                _waiting.Enqueue(frame);
                return accepted;
            }

            _sending = true;
        }

        var sending = SendAllAsync(frame);
        if (sending.IsCompleted)
        {
            sending.GetAwaiter().GetResult();
        }
        else
        {
            // It reports its own failure through _failed and never throws.
            _ = sending.AsTask();
        }

        return accepted;
    }

    /// <summary>Completes when everything that was handed over has left, or the queue was closed.</summary>
    public Task WhenIdleAsync()
    {
        lock (_waiting)
        {
            if (!_sending)
            {
                return Task.CompletedTask;
            }

            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _idle.Task;
        }
    }

    /// <summary>Takes nothing more and drops what waits.</summary>
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

    private async ValueTask SendAllAsync(ResponseBuffer? frame)
    {
        while (frame is not null)
        {
            var length = frame.Frame.Length;
            bool alive;
            try
            {
                var result = await _output.WriteAsync(frame.Frame).ConfigureAwait(false);
                alive = !result.IsCompleted && !result.IsCanceled;
            }
            catch (Exception)
            {
                // Whatever a transport throws means the same: nothing more can be sent.
                alive = false;
            }

            _sent(length);
            Drop(frame);
            if (!alive)
            {
                Close();
                _failed();
            }

            lock (_waiting)
            {
                if (!_waiting.TryDequeue(out frame))
                {
                    _sending = false;
                    _idle?.TrySetResult();
                    _idle = null;
                }
            }
        }
    }

    private void Drop(ResponseBuffer frame)
    {
        var length = frame.Length;
        _buffers.Return(frame);
        _left(length);
    }
}
