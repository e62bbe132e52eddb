namespace Smb3.Embedded.Threading;

/// <summary>Wakes whoever waits, or the next one who does.</summary>
internal sealed class Signal
{
    private readonly Lock _sync = new();
    private TaskCompletionSource _set = New();

    /// <summary>Ends the wait of everybody who waits for it now; nobody: that of the next one.</summary>
    public void Set()
    {
        lock (_sync)
        {
            _set.TrySetResult();
        }
    }

    /// <summary>Completes when it is set, was set since the last wait ended, or when the time is over.</summary>
    public async Task WaitAsync(TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken)
    {
        Task set;
        lock (_sync)
        {
            set = _set.Task;
        }

        try
        {
            await set.WaitAsync(atMost, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return;
        }

        lock (_sync)
        {
            if (_set.Task == set)
            {
                _set = New();
            }
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
