namespace Smb3.Embedded.Contention.Crashes;

/// <summary>
/// A folder at which the share may be split: some of the clients work in nothing else, so that they can come to rest for it, as nothing may be
/// open there.
/// </summary>
/// <param name="folder">The folder.</param>
/// <param name="isBusy">Whether nobody rests for a split, and what is open is closed.</param>
internal sealed class Seam(string folder, bool isBusy = false)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    private readonly Lock _sync = new();
    private TaskCompletionSource _awake = Completed();
    private int _workers;
    private int _resting;

    public string Folder => folder;

    public bool IsBusy => isBusy;

    /// <summary>A worker begins.</summary>
    public void Enter()
    {
        lock (_sync)
        {
            _workers++;
        }
    }

    /// <summary>A worker has ended.</summary>
    public void Leave()
    {
        lock (_sync)
        {
            _workers--;
        }
    }

    /// <summary>Rests between two steps, if that was asked for.</summary>
    /// <param name="close">Closes everything.</param>
    public async Task PassAsync(Func<Task> close)
    {
        var awake = Volatile.Read(ref _awake).Task;
        if (awake.IsCompleted)
        {
            return;
        }

        await close();
        lock (_sync)
        {
            _resting++;
        }

        await awake;
        lock (_sync)
        {
            _resting--;
        }
    }

    /// <summary>Asks everybody to rest, and waits until they do.</summary>
    /// <param name="isOver">Whether it is not worth waiting any more.</param>
    public async Task RestAsync(Func<bool> isOver)
    {
        Volatile.Write(ref _awake, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        while (!isOver())
        {
            lock (_sync)
            {
                if (_resting == _workers)
                {
                    return;
                }
            }

            await Task.Delay(Look);
        }
    }

    /// <summary>Everybody goes on.</summary>
    public void Wake() => Volatile.Read(ref _awake).TrySetResult();

    private static TaskCompletionSource Completed()
    {
        var completed = new TaskCompletionSource();
        completed.SetResult();
        return completed;
    }
}
