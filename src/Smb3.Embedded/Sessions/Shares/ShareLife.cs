namespace Smb3.Embedded.Sessions.Shares;

/// <summary>Where a share stands.</summary>
internal enum ShareState
{
    /// <summary>It can be used.</summary>
    Serving,

    /// <summary>It is taken away: nothing is opened any more, and what is open is closed as always.</summary>
    Gone,

    /// <summary>Its files are somebody else's now: nothing reaches the store any more, and what is open is abandoned.</summary>
    Fenced,
}

/// <summary>
/// The life of a share: it serves until it is taken away, or fenced off from its store, also while it is being taken away. Whoever serves
/// a request asks <see cref="State"/>; who waits for something goes on when <see cref="Over"/> comes; who needs the share's end awaits
/// <see cref="Ended"/>.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "The source has no timer and makes no wait handle.")]
internal sealed class ShareLife
{
    private readonly CancellationTokenSource _over = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _state;
    private int _ending;

    /// <summary>Where it stands: a volatile read.</summary>
    public ShareState State => (ShareState)Volatile.Read(ref _state);

    /// <summary>Whether it can be used.</summary>
    public bool IsServing => State == ShareState.Serving;

    /// <summary>Cancelled when it serves no more.</summary>
    public CancellationToken Over => _over.Token;

    /// <summary>Completes when nothing of it is open any more, and nothing is being opened; fails when a store failed meanwhile.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Its files are somebody else's from now on.</summary>
    public void Fence()
    {
        Interlocked.Exchange(ref _state, (int)ShareState.Fenced);
        _over.Cancel();
    }

    /// <summary>Begins to take it away. Only one caller is told yes, and says <see cref="Finish"/> at the end, come what may.</summary>
    public bool TryBeginEnd()
    {
        Interlocked.CompareExchange(ref _state, (int)ShareState.Gone, (int)ShareState.Serving);
        if (Interlocked.Exchange(ref _ending, 1) != 0)
        {
            return false;
        }

        _over.Cancel();
        return true;
    }

    /// <summary>It has ended.</summary>
    /// <param name="failure">What went wrong; the caller throws it himself.</param>
    public void Finish(Exception? failure)
    {
        if (failure is null)
        {
            _ended.TrySetResult();
        }
        else
        {
            _ended.TrySetException(failure);
            _ = _ended.Task.Exception; // observed: who began it throws it
        }
    }
}
