namespace Smb3.Embedded.Files.Fencing;

/// <summary>
/// Stands between a volume and its store from the moment in which the files belong to somebody else: another node of a cluster serves them
/// now. Nothing may be read, written, closed or deleted any more; what is open is abandoned. What the store was asked before can still be
/// on its way in it, but nothing follows from it. It never comes down.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "The source has no timer and makes no wait handle.")]
internal sealed class StoreFence
{
    private readonly CancellationTokenSource _source = new();

    /// <summary>Whether it is up: a volatile read.</summary>
    public bool IsUp => _source.IsCancellationRequested;

    /// <summary>Ends what waits for something else than the store.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Puts it up. When this returns the store is asked nothing new.</summary>
    public void Raise() => _source.Cancel();

    /// <summary>Completes with <paramref name="task"/>, or when the fence goes up; then false.</summary>
    public async ValueTask<bool> WaitForAsync(Task task)
    {
        await task.WaitAsync(Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !IsUp;
    }

    /// <summary>Gives a handle back to the store, unless it is on the other side.</summary>
    public ValueTask ReleaseAsync(IAsyncDisposable handle) => IsUp ? default : handle.DisposeAsync();
}
