namespace Smb3.Embedded.Transport.Rdma.InProcess;

/// <summary>The memory of a network inside the process.</summary>
internal sealed class InProcessMemory
{
    private readonly Stack<InProcessBuffer> _free = new();

    /// <summary>Where the bytes come from.</summary>
    public BufferPool Bytes { get; } = new();

    public InProcessBuffer Rent(int size)
    {
        InProcessBuffer? buffer;
        lock (_free)
        {
            _free.TryPop(out buffer);
        }

        buffer ??= new InProcessBuffer(this);
        buffer.Begin(Bytes.Rent(size), size);
        return buffer;
    }

    public void Return(InProcessBuffer buffer, byte[] bytes)
    {
        Bytes.Return(bytes);
        lock (_free)
        {
            _free.Push(buffer);
        }
    }
}
