namespace Smb3.Embedded.TestClient;

/// <summary>One direction of a connection, which a test can hold up: what comes to a closed gate waits until it is opened.</summary>
internal sealed class TrafficGate
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _closed;

    public bool IsClosed
    {
        get
        {
            lock (_lock)
            {
                return _closed is not null;
            }
        }
    }

    public void Close()
    {
        lock (_lock)
        {
            _closed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public void Open()
    {
        lock (_lock)
        {
            _closed?.TrySetResult();
            _closed = null;
        }
    }

    public Task WaitAsync()
    {
        lock (_lock)
        {
            return _closed?.Task ?? Task.CompletedTask;
        }
    }
}
