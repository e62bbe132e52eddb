namespace Smb3.Embedded.Transport.Rdma.InProcess;

/// <summary>Memory that counts as registered. It is rented again and again: nobody may use one that he has given back.</summary>
internal sealed class InProcessBuffer(InProcessMemory pool) : RegisteredBuffer
{
    private byte[]? _bytes;
    private int _size;

    public override Memory<byte> Memory => (_bytes ?? throw new ObjectDisposedException(nameof(InProcessBuffer))).AsMemory(0, _size);

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _bytes, null) is { } bytes)
        {
            pool.Return(this, bytes);
        }
    }

    internal void Begin(byte[] bytes, int size)
    {
        _size = size;
        _bytes = bytes;
    }
}
