namespace Smb3.Embedded.Transport.Rdma.InProcess;

/// <summary>Memory that counts as registered.</summary>
internal sealed class InProcessBuffer(BufferPool buffers, int size) : RegisteredBuffer
{
    private byte[]? _bytes = buffers.Rent(size);

    public override Memory<byte> Memory => (_bytes ?? throw new ObjectDisposedException(nameof(InProcessBuffer))).AsMemory(0, size);

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _bytes, null) is { } bytes)
        {
            buffers.Return(bytes);
        }
    }
}
