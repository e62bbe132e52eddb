namespace Smb3.Embedded.Transport;

/// <summary>A message that lies in a buffer of a pool.</summary>
internal sealed class PooledMessage : ReceivedMessage
{
    private readonly BufferPool _buffers;
    private readonly int _length;
    private byte[]? _buffer;

    /// <param name="buffers">Where the buffer goes back to.</param>
    /// <param name="buffer">The buffer, which begins with the message.</param>
    /// <param name="length">Bytes of the message.</param>
    public PooledMessage(BufferPool buffers, byte[] buffer, int length)
    {
        _buffers = buffers;
        _buffer = buffer;
        _length = length;
    }

    public override int Length => _length;

    public override Memory<byte> Memory => _buffer.AsMemory(0, _length);

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } buffer)
        {
            _buffers.Return(buffer);
        }
    }
}
