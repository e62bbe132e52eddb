namespace Smb3.Embedded.Sessions.Shares;

/// <summary>The state of a share.</summary>
internal enum ShareState
{
    /// <summary>It can be used.</summary>
    Serving,

    /// <summary>It has been removed: nothing more is opened, and what is open is closed in the usual way.</summary>
    Gone,

    /// <summary>Its files belong to another owner now: nothing reaches the store any more, and what is open is abandoned.</summary>
    Fenced,
}

/// <summary>
/// The life of a share: it serves until it is removed, or fenced off from its store, which can also happen during its removal. Code that
/// serves a request checks <see cref="State"/>; a wait is released when <see cref="Over"/> comes; code that needs the end of the share
/// awaits <see cref="Ended"/>.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "The source has no timer and makes no wait handle.")]
internal sealed class ShareLife
{
    private readonly CancellationTokenSource _over = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _state;
    private int _ending;

    /// <summary>Its state: a volatile read.</summary>
    public ShareState State => (ShareState)Volatile.Read(ref _state);

    /// <summary>Whether it can be used.</summary>
    public bool IsServing => State == ShareState.Serving;

    /// <summary>Cancelled when it stops serving.</summary>
    public CancellationToken Over => _over.Token;

    /// <summary>Completes when nothing of it is open or being opened any more; fails if a store failed on the way.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Its files belong to another owner from now on.</summary>
    public void Fence()
    {
        Interlocked.Exchange(ref _state, (int)ShareState.Fenced);
        _over.Cancel();
    }

    /// <summary>
    /// Begins to remove it. Only one caller gets true, and that one must call <see cref="Finish"/> at the end, come what may.
    /// </summary>
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
    /// <param name="failure">What went wrong; the caller throws it itself.</param>
    public void Finish(Exception? failure)
    {
        if (failure is null)
        {
            _ended.TrySetResult();
        }
        else
        {
            _ended.TrySetException(failure);
            _ = _ended.Task.Exception; // observed: the caller that began the end throws it
        }
    }
}
