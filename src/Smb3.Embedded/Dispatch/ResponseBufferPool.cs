using System.Collections.Concurrent;
using Smb3.Embedded.Transport;

namespace Smb3.Embedded.Dispatch;

/// <summary>Keeps the small objects around response buffers; their bytes come from another pool and go back to it.</summary>
/// <param name="bytes">The pool of the transport that carries the responses.</param>
/// <param name="headroom">Bytes in front of each message that the transport wants for itself.</param>
internal sealed class ResponseBufferPool(BufferPool bytes, int headroom)
{
    private const int Kept = 256;

    private readonly ConcurrentQueue<ResponseBuffer> _free = new();

    /// <summary>The pool of the bytes.</summary>
    public BufferPool Bytes => bytes;

    public ResponseBuffer Rent() => _free.TryDequeue(out var buffer) ? buffer : new ResponseBuffer(Bytes, headroom);

    public void Return(ResponseBuffer buffer)
    {
        buffer.Reset();
        if (_free.Count < Kept)
        {
            _free.Enqueue(buffer);
        }
    }
}
