using Smb3.Embedded.Transport.Rdma.Messages;

namespace Smb3.Embedded.Transport.Rdma;

/// <summary>Puts the fragments of a message together (MS-SMBD 3.1.5.8).</summary>
/// <param name="buffers">Where messages lie.</param>
/// <param name="mostFragmented">Bytes of one message, over all of its fragments.</param>
internal sealed class FragmentAssembler(BufferPool buffers, int mostFragmented) : IDisposable
{
    /// <summary>Room for a message of which little has arrived.</summary>
    private const int LeastRoom = 4096;

    /// <summary>The most that is set aside for a message because the previous one was as long and arrived whole.</summary>
    private const int MostTrust = (1 << 20) + BufferPool.Headroom;

    private AssembledMessage? _message;
    private AssembledMessage? _spare;
    private int _filled;
    private int _trust;

    /// <summary>Takes the payload of one Data Transfer message, which must have one.</summary>
    /// <param name="transfer">Its header.</param>
    /// <param name="payload">The payload.</param>
    /// <param name="longest">The longest message that is accepted now; asked when one begins.</param>
    /// <param name="message">The message, when this was its last fragment.</param>
    /// <returns><see cref="ReceiveOutcome.Message"/> also while more fragments are to come.</returns>
    public ReceiveOutcome Add(in DataTransfer transfer, ReadOnlySpan<byte> payload, Func<int> longest, out ReceivedMessage? message)
    {
        message = null;
        var rest = transfer.DataLength + (ulong)transfer.RemainingDataLength;
        if (_message is null)
        {
            if (rest > (ulong)mostFragmented)
            {
                return ReceiveOutcome.Malformed;
            }

            if ((int)rest > longest())
            {
                return ReceiveOutcome.TooLong;
            }

            _filled = 0;
            _message = Interlocked.Exchange(ref _spare, null) ?? new AssembledMessage(this, buffers);
            _message.Begin((int)rest, Math.Max(payload.Length, Math.Max(_trust, LeastRoom)));
        }
        else if (rest != (ulong)(_message.Length - _filled))
        {
            return ReceiveOutcome.Malformed;
        }

        while (!payload.IsEmpty)
        {
            var room = _message.Room(_filled).Span;
            var part = payload[..Math.Min(payload.Length, room.Length)];
            part.CopyTo(room);
            payload = payload[part.Length..];
            _filled += part.Length;
        }

        if (_filled == _message.Length)
        {
            _trust = Math.Min(_filled, MostTrust);
            message = _message;
            _message = null;
        }

        return ReceiveOutcome.Message;
    }

    /// <summary>Drops what has arrived of a message.</summary>
    public void Dispose()
    {
        _message?.Dispose();
        _message = null;
    }

    /// <summary>Takes back a message that was read; one is kept, which is all that a peer needs if it waits for its answers.</summary>
    internal void Return(AssembledMessage message) => Volatile.Write(ref _spare, message);
}
