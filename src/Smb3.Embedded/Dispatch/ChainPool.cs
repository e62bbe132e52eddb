namespace Smb3.Embedded.Dispatch;

/// <summary>
/// The chains of one connection that are between two frames. It dies with its connection: what a thread keeps for itself, as a
/// <see cref="System.Collections.Concurrent.ConcurrentBag{T}"/> does, would keep the connection alive as long as the thread.
/// </summary>
internal sealed class ChainPool
{
    private const int Kept = 64;

    private readonly Stack<RequestChain> _idle = new();
    private RequestChain? _last;

    /// <summary>One that is idle; <see langword="null"/>: make another.</summary>
    public RequestChain? TryTake()
    {
        // A peer that waits for its answers needs one, and no lock for it.
        if (Interlocked.Exchange(ref _last, null) is { } chain)
        {
            return chain;
        }

        lock (_idle)
        {
            return _idle.TryPop(out chain) ? chain : null;
        }
    }

    public void Return(RequestChain chain)
    {
        if (Interlocked.CompareExchange(ref _last, chain, null) is null)
        {
            return;
        }

        lock (_idle)
        {
            if (_idle.Count < Kept)
            {
                _idle.Push(chain);
            }
        }
    }
}
