using System.Runtime.ExceptionServices;

namespace Smb3.Embedded.Threading;

/// <summary>
/// The end of one thing: it begins once, and whoever asks for it again waits for the one that is under way, and learns of its failure.
/// Without anybody who waits it costs no object. A field of the thing, never copied.
/// </summary>
internal struct Ending
{
    private static readonly object Begun = new();
    private static readonly object Finished = new();

    // Null; Begun; a TaskCompletionSource for those who wait; Finished; the failure.
    private object? _state;

    /// <summary>Whether it has begun, and perhaps is over.</summary>
    public bool HasBegun => Volatile.Read(ref _state) is not null;

    /// <summary>Begins it. Only one caller is told yes, and says <see cref="Finish"/> at the end, come what may.</summary>
    public bool TryBegin() => Interlocked.CompareExchange(ref _state, Begun, null) is null;

    /// <summary>Completes when what has begun is over, and fails as it did.</summary>
    public Task WhenOver()
    {
        var state = Volatile.Read(ref _state);
        if (state == Begun)
        {
            var waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            state = Interlocked.CompareExchange(ref _state, waiting, Begun);
            if (state == Begun)
            {
                return waiting.Task;
            }
        }

        return state switch
        {
            TaskCompletionSource waiting => waiting.Task,
            ExceptionDispatchInfo failure => Task.FromException(failure.SourceException),
            null => throw new InvalidOperationException("It has not begun."),
            _ => Task.CompletedTask,
        };
    }

    /// <summary>It is over, and who waits goes on.</summary>
    /// <param name="failure">What went wrong; the caller throws it himself.</param>
    public void Finish(Exception? failure = null)
    {
        var over = failure is null ? Finished : ExceptionDispatchInfo.Capture(failure);
        if (Interlocked.Exchange(ref _state, over) is not TaskCompletionSource waiting)
        {
            return;
        }

        if (failure is null)
        {
            waiting.SetResult();
        }
        else
        {
            waiting.SetException(failure);
            _ = waiting.Task.Exception; // observed: who began it throws it
        }
    }
}
