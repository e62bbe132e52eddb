namespace Smb3.Embedded.PostgreSql;

/// <summary>Lets calls about one thing have their effect in the order in which they were made, and numbers them.</summary>
internal sealed class Turns
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Task> _last = new(StringComparer.Ordinal);

    /// <summary>Does something after all that came before for the same thing has ended.</summary>
    /// <param name="thing">What it is about.</param>
    /// <param name="call">What to do.</param>
    /// <param name="cancellationToken">Ends the wait for those before.</param>
    public async Task<T> RunAsync<T>(string thing, Func<Task<T>> call, CancellationToken cancellationToken)
    {
        var own = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task? before;
        lock (_lock)
        {
            before = _last.GetValueOrDefault(thing);
            _last[thing] = own.Task;
        }

        if (before is not null)
        {
            try
            {
                await before.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // Who comes next still waits for those before.
                _ = EndAfterAsync(before, thing, own);
                throw;
            }
        }

        try
        {
            return await call().ConfigureAwait(false);
        }
        finally
        {
            End(thing, own);
        }
    }

    private async Task EndAfterAsync(Task before, string thing, TaskCompletionSource own)
    {
        await before.ConfigureAwait(false);
        End(thing, own);
    }

    private void End(string thing, TaskCompletionSource own)
    {
        lock (_lock)
        {
            if (_last.GetValueOrDefault(thing) == own.Task)
            {
                _last.Remove(thing);
            }
        }

        own.SetResult();
    }
}
