namespace Smb3.Embedded.Dispatch;

/// <summary>Counts the chains of one connection that are being served.</summary>
internal sealed class RunningRequests
{
    private int _count;
    private TaskCompletionSource? _quiet;

    public int Count => Volatile.Read(ref _count);

    public void Enter() => Interlocked.Increment(ref _count);

    public void Leave()
    {
        if (Interlocked.Decrement(ref _count) == 0)
        {
            Volatile.Read(ref _quiet)?.TrySetResult();
        }
    }

    /// <summary>Completes when none is running. A drain and the end of the connection may wait at the same time.</summary>
    public async Task WhenQuietAsync()
    {
        while (Count > 0)
        {
            var quiet = Volatile.Read(ref _quiet);
            if (quiet is null || quiet.Task.IsCompleted)
            {
                var next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                quiet = Interlocked.CompareExchange(ref _quiet, next, quiet) == quiet ? next : Volatile.Read(ref _quiet)!;
            }

            if (Count == 0)
            {
                return;
            }

            await quiet.Task.ConfigureAwait(false);
        }
    }
}
