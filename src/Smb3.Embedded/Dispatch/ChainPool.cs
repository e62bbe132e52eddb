namespace Smb3.Embedded.Dispatch;

/// <summary>
/// The idle chains of one connection. The pool dies with its connection: objects that a thread keeps for itself, as with a
/// <see cref="System.Collections.Concurrent.ConcurrentBag{T}"/>, would keep the connection alive as long as the thread.
/// </summary>
internal sealed class ChainPool
{
    private const int Kept = 64;

    private readonly Stack<RequestChain> _idle = new();
    private RequestChain? _last;

    /// <summary>Takes an idle chain; <see langword="null"/> when there is none and the caller must make one.</summary>
    public RequestChain? TryTake()
    {
        // A peer that waits for each answer needs only one chain, and no lock to get it.
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
