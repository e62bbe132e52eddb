namespace Smb3.Embedded.Files.Locking;

/// <summary>
/// The overwrites of a file that are not recorded as done yet: after a crash they would be done again. Changes of the file are answered when
/// there are none, so that nothing is lost that was answered.
/// </summary>
internal sealed class Remakings
{
    private readonly Lock _sync = new();
    private volatile int _count;
    private TaskCompletionSource? _over;

    /// <summary>Begins one, which ends when the result is disposed.</summary>
    public One Begin()
    {
        lock (_sync)
        {
            _count++;
        }

        return new One(this);
    }

    /// <summary>Completes when there are none; <see langword="null"/>: there are none.</summary>
    public Task? WhenOver()
    {
        if (_count == 0)
        {
            return null;
        }

        lock (_sync)
        {
            return _count == 0 ? null : (_over ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    private void End()
    {
        lock (_sync)
        {
            if (--_count == 0)
            {
                _over?.TrySetResult();
                _over = null;
            }
        }
    }

    /// <summary>One of them.</summary>
    public readonly struct One(Remakings all) : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose() => all.End();
    }
}
