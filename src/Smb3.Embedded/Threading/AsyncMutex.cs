namespace Smb3.Embedded.Threading;

/// <summary>Lets one caller in at a time, in order of arrival, and blocks no thread meanwhile. Not reentrant.</summary>
/// <remarks>A turn that is available at once allocates nothing; a wait that is cancelled leaves nothing behind.</remarks>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "The semaphore never makes a wait handle.")]
internal sealed class AsyncMutex
{
    private readonly SemaphoreSlim _free = new(1, 1);

    /// <summary>Waits for a turn.</summary>
    public ValueTask<Turn> EnterAsync(CancellationToken cancellationToken)
    {
        var entered = _free.WaitAsync(cancellationToken);
        return entered.IsCompletedSuccessfully ? new(new Turn(_free)) : WaitAsync(entered);
    }

    private async ValueTask<Turn> WaitAsync(Task entered)
    {
        await entered.ConfigureAwait(false);
        return new Turn(_free);
    }

    /// <summary>A turn; disposing it, once, lets the next one in.</summary>
    internal readonly struct Turn(SemaphoreSlim free) : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose() => free.Release();
    }
}
