namespace Smb3.Embedded.Dispatch;

/// <summary>
/// Counts the bytes that a connection makes the server hold, and pauses its reader while they are too many: back-pressure that reaches
/// the client through its own transport.
/// </summary>
internal sealed class FlowControl(long limit)
{
    private readonly Lock _gate = new();
    private long _bytes;
    private TaskCompletionSource? _waiter;

    public void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);

    public void Remove(long bytes)
    {
        if (Interlocked.Add(ref _bytes, -bytes) > limit || Volatile.Read(ref _waiter) is null)
        {
            return;
        }

        TaskCompletionSource? waiter;
        lock (_gate)
        {
            waiter = _waiter;
            _waiter = null;
        }

        waiter?.TrySetResult();
    }

    /// <summary>Completes when the connection may be read on. For one reader.</summary>
    public ValueTask WaitAsync()
    {
        if (Volatile.Read(ref _bytes) <= limit)
        {
            return default;
        }

        TaskCompletionSource waiter;
        lock (_gate)
        {
            waiter = _waiter ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        // What was removed before the waiter was in place has not seen it.
        if (Volatile.Read(ref _bytes) <= limit)
        {
            lock (_gate)
            {
                // A waiter that is left behind completed would let the next wait pass.
                _waiter = null;
            }

            return default;
        }

        return new ValueTask(waiter.Task);
    }
}
