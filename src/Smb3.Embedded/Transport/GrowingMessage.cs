namespace Smb3.Embedded.Transport;

/// <summary>
/// One received message in a pooled buffer, which grows as the message arrives. Its holder gives it back once, and then it is filled again.
/// </summary>
/// <param name="buffers">Where its bytes come from.</param>
internal abstract class GrowingMessage(BufferPool buffers) : ReceivedMessage
{
    private byte[]? _buffer;
    private int _length;

    public override int Length => _length;

    public override Memory<byte> Memory => _buffer.AsMemory(0, _length);

    public override void Dispose()
    {
        var buffer = Interlocked.Exchange(ref _buffer, null);
        if (buffer is not null)
        {
            buffers.Return(buffer);
            Returned();
        }
    }

    /// <summary>Begins a message of <paramref name="length"/> bytes with room for some of them; it must not hold another one.</summary>
    internal void Begin(int length, int room)
    {
        _buffer = buffers.Rent(Math.Min(length, room));
        _length = length;
    }

    /// <summary>
    /// Room for what follows the bytes that are there. Where there is none, the buffer grows with what has arrived: it never takes more
    /// than a few times that much memory.
    /// </summary>
    internal Memory<byte> Room(int filled)
    {
        if (filled == _buffer!.Length && filled < _length)
        {
            var more = Math.Max(filled * 2L, ((filled - BufferPool.Headroom) * 4L) + BufferPool.Headroom);
            var larger = buffers.Rent((int)Math.Min(_length, more));
            _buffer.AsSpan(0, filled).CopyTo(larger);
            buffers.Return(_buffer);
            _buffer = larger;
        }

        return _buffer.AsMemory(filled, Math.Min(_buffer.Length, _length) - filled);
    }

    /// <summary>Its buffer is gone: it may be used for another message.</summary>
    private protected abstract void Returned();
}
