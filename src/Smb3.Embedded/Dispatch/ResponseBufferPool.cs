using System.Collections.Concurrent;

namespace Smb3.Embedded.Dispatch;

/// <summary>Keeps the small objects around response buffers; their bytes come from the shared array pool and go back to it.</summary>
internal sealed class ResponseBufferPool
{
    private const int Kept = 256;

    private readonly ConcurrentQueue<ResponseBuffer> _free = new();

    public ResponseBuffer Rent() => _free.TryDequeue(out var buffer) ? buffer : new ResponseBuffer();

    public void Return(ResponseBuffer buffer)
    {
        buffer.Reset();
        if (_free.Count < Kept)
        {
            _free.Enqueue(buffer);
        }
    }
}
