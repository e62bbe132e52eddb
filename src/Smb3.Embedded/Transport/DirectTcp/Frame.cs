namespace Smb3.Embedded.Transport.DirectTcp;

/// <summary>One received frame in a pooled buffer; its holder returns it once.</summary>
internal sealed class Frame(FrameReader reader, BufferPool buffers) : ReceivedMessage
{
    private byte[]? _buffer;
    private int _length;

    /// <summary>Bytes of the frame, without the four bytes of the Direct TCP header.</summary>
    public override int Length => _length;

    public override Memory<byte> Memory => _buffer.AsMemory(0, _length);

    public override void Dispose()
    {
        var buffer = Interlocked.Exchange(ref _buffer, null);
        if (buffer is not null)
        {
            buffers.Return(buffer);
            reader.Return(this);
        }
    }

    /// <summary>Begins a frame of <paramref name="length"/> bytes with room for some of them; it must not hold another one.</summary>
    internal void Begin(int length, int room)
    {
        _buffer = buffers.Rent(room);
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
}
