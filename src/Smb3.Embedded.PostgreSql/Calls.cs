namespace Smb3.Embedded.PostgreSql;

/// <summary>The calls that a store is busy with. Whoever disposes it waits for them, and none begins after that.</summary>
internal sealed class Calls(Type store)
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _ended;
    private int _count;

    public async ValueTask<T> RunAsync<T>(Func<Task<T>> call)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_ended is not null, store);
            _count++;
        }

        try
        {
            return await call().ConfigureAwait(false);
        }
        finally
        {
            lock (_lock)
            {
                if (--_count == 0)
                {
                    _ended?.TrySetResult();
                }
            }
        }
    }

    public Task EndAsync()
    {
        lock (_lock)
        {
            if (_ended is null)
            {
                _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
                if (_count == 0)
                {
                    _ended.SetResult();
                }
            }

            return _ended.Task;
        }
    }
}
