using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Files.Caching;

/// <summary>
/// Notices of breaks that were decided but are not yet queued for their clients: those that are on their way there, and those that are held
/// until the request that caused them has been answered. Nobody ever waits for one that is held: it is sent first.
/// </summary>
internal sealed class BreakTelling(ICachedFile file)
{
    private volatile int _count;
    private volatile List<(Afterwards Behind, BreakBatch Breaks)>? _held;
    private TaskCompletionSource? _told;

    /// <summary>
    /// Completes when every notice decided so far is queued for its client; <see langword="null"/>: all of them are. No change is answered
    /// earlier: it may have found nothing to break because another change has just broken it, and a client still answering from its cache
    /// would show the state before the change.
    /// </summary>
    /// <param name="by">What the one who asks has held back itself, and does not wait for.</param>
    public Task? WhenTold(Afterwards? by)
    {
        SendHeld(but: by);
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

    /// <summary>Holds notices that have been decided. Called with the file's lock held, in which they were.</summary>
    public void Hold(in BreakBatch breaks, Afterwards behind)
    {
        (_held ??= []).Add((behind, breaks));
        _count -= breaks.Count;
    }

    /// <summary>Sends the notices that are held. Called without any lock.</summary>
    /// <param name="only">Those behind this; <see langword="null"/>: all.</param>
    /// <param name="but">Not those behind this.</param>
    public void SendHeld(Afterwards? only = null, Afterwards? but = null)
    {
        if (_held is null)
        {
            return;
        }

        List<BreakBatch> due = [];
        lock (file.Sync)
        {
            if (_held is not { } held)
            {
                return;
            }

            List<(Afterwards Behind, BreakBatch Breaks)> left = [];
            foreach (var one in held)
            {
                if (one.Behind == but || (only is not null && one.Behind != only))
                {
                    left.Add(one);
                    continue;
                }

                due.Add(one.Breaks);
                _count += one.Breaks.Count;
            }

            _held = left.Count > 0 ? left : null;
        }

        foreach (var breaks in due)
        {
            breaks.Send();
        }
    }

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
