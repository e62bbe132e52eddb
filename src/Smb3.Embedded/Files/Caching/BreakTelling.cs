namespace Smb3.Embedded.Files.Caching;

/// <summary>Notices of breaks that were decided but are not yet queued for their clients.</summary>
internal sealed class BreakTelling(ICachedFile file)
{
    private volatile int _count;
    private TaskCompletionSource? _told;

    /// <summary>
    /// Completes when every notice decided so far is queued for its client; <see langword="null"/>: all of them are. No change is answered
    /// earlier: it may have found nothing to break because another change has just broken it, and a client still answering from its cache
    /// would show the state before the change.
    /// </summary>
    public Task? WhenTold()
    {
        if (_count == 0)
        {
            return null;
        }

        lock (file.Sync)
        {
            return _count == 0
                ? null
                : (_told ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>A notice has been decided. Called with the file's lock held; <see cref="End"/> follows.</summary>
    public void Begin() => _count++;

    /// <summary>A notice is on its way, or no longer matters.</summary>
    public void End()
    {
        lock (file.Sync)
        {
            if (--_count == 0)
            {
                _told?.TrySetResult();
                _told = null;
            }
        }
    }
}
