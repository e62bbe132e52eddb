using System.Runtime.ExceptionServices;

namespace Smb3.Embedded.Threading;

/// <summary>
/// The end of one object: it begins once; every later caller waits for the end that is under way and learns of its failure. While no one
/// waits it allocates nothing. A field of that object, never copied.
/// </summary>
internal struct Ending
{
    private static readonly object Begun = new();
    private static readonly object Finished = new();

    // Null; Begun; a TaskCompletionSource for the callers that wait; Finished; the failure.
    private object? _state;

    /// <summary>Whether it has begun; it may also be over.</summary>
    public bool HasBegun => Volatile.Read(ref _state) is not null;

    /// <summary>Begins it. Only one caller gets true, and that one must call <see cref="Finish"/> at the end, come what may.</summary>
    public bool TryBegin() => Interlocked.CompareExchange(ref _state, Begun, null) is null;

    /// <summary>Completes when the end that has begun is over, and fails if it failed.</summary>
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

    /// <summary>It is over, and the callers that wait go on.</summary>
    /// <param name="failure">What went wrong; the caller throws it itself.</param>
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
            _ = waiting.Task.Exception; // observed: the caller that began it throws it
        }
    }
}
