namespace Smb3.Embedded.Sessions;

/// <summary>
/// Holds back the requests of a connection while something is being sent that clients expect before the answer to anything that they ask next:
/// breaks that had to wait for the response to a CREATE, because the client has the response by then and could go on with what it caches; and the
/// answer to a request that it has cancelled.
/// </summary>
internal sealed class AnnouncementGate
{
    private readonly Lock _sync = new();
    private TaskCompletionSource? _open;
    private int _busy;

    /// <summary>Something is about to be sent. <see cref="End"/> follows.</summary>
    public void Begin()
    {
        lock (_sync)
        {
            _busy++;
        }
    }

    /// <summary>It has been sent.</summary>
    public void End()
    {
        lock (_sync)
        {
            if (--_busy == 0)
            {
                _open?.TrySetResult();
                _open = null;
            }
        }
    }

    /// <summary>Completes when a request may begin; <see langword="null"/>: it may now.</summary>
    public Task? WhenOpen()
    {
        if (Volatile.Read(ref _busy) == 0)
        {
            return null;
        }

        lock (_sync)
        {
            return _busy == 0 ? null : (_open ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }
}
