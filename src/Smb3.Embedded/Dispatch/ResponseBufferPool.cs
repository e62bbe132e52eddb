using System.Collections.Concurrent;
using Smb3.Embedded.Transport;

namespace Smb3.Embedded.Dispatch;

/// <summary>Keeps the small objects around response buffers; their bytes come from another pool and go back to it.</summary>
internal sealed class ResponseBufferPool(BufferPool bytes)
{
    private const int Kept = 256;

    private readonly ConcurrentQueue<ResponseBuffer> _free = new();

    /// <summary>Where the bytes of requests and responses come from.</summary>
    public BufferPool Bytes => bytes;

    public ResponseBuffer Rent() => _free.TryDequeue(out var buffer) ? buffer : new ResponseBuffer(bytes);

    public void Return(ResponseBuffer buffer)
    {
        buffer.Reset();
        if (_free.Count < Kept)
        {
            _free.Enqueue(buffer);
        }
    }
}
