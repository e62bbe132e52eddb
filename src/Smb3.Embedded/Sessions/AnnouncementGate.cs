namespace Smb3.Embedded.Sessions;

/// <summary>
/// Holds back the requests of a connection while breaks that had to wait for the response to a CREATE are being sent. The client has the
/// response by then, and could go on with what it caches: the answer to anything that it asks next comes behind the breaks.
/// </summary>
internal sealed class AnnouncementGate
{
    private readonly Lock _sync = new();
    private TaskCompletionSource? _open;
    private int _busy;

    /// <summary>Breaks are about to be sent. <see cref="End"/> follows.</summary>
    public void Begin()
    {
        lock (_sync)
        {
            _busy++;
        }
    }

    /// <summary>The breaks have been sent.</summary>
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
