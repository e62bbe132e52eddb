using Smb3.Embedded.Transport.Rdma.Messages;

namespace Smb3.Embedded.Transport.Rdma;

/// <summary>Puts the fragments of a message together (MS-SMBD 3.1.5.8).</summary>
/// <param name="buffers">Where messages lie.</param>
/// <param name="mostFragmented">Bytes of one message, over all of its fragments.</param>
internal sealed class FragmentAssembler(BufferPool buffers, int mostFragmented) : IDisposable
{
    private byte[]? _buffer;
    private int _length;
    private int _filled;

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
        if (_buffer is null)
        {
            if (rest > (ulong)mostFragmented)
            {
                return ReceiveOutcome.Malformed;
            }

            if ((int)rest > longest())
            {
                return ReceiveOutcome.TooLong;
            }

            _length = (int)rest;
            _filled = 0;
            _buffer = buffers.Rent(_length);
        }
        else if (rest != (ulong)(_length - _filled))
        {
            return ReceiveOutcome.Malformed;
        }

        payload.CopyTo(_buffer.AsSpan(_filled));
        _filled += payload.Length;
        if (_filled == _length)
        {
            message = new PooledMessage(buffers, _buffer, _length);
            _buffer = null;
        }

        return ReceiveOutcome.Message;
    }

    /// <summary>Drops what has arrived of a message.</summary>
    public void Dispose()
    {
        if (_buffer is not null)
        {
            buffers.Return(_buffer);
            _buffer = null;
        }
    }
}
