using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Notification;

/// <summary>
/// Changes that a store tells of, without those that the server made itself: every one waits a moment, since a store can tell of a change
/// before the server is done with it, and is dropped if the server made the same change to the same name shortly before.
/// </summary>
internal sealed class OutsideChanges(IChangeSource? source, StringComparer comparer, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(2);
    private const int MaxRemembered = 4096;

    private readonly Lock _sync = new();
    private readonly Dictionary<string, (ChangeFilter Kinds, long At)> _own = new(comparer);
    private readonly Queue<(IOutsideListener Listener, StoreChange? Change)> _waiting = new();
    private ITimer? _timer;
    private volatile int _watches;

    /// <summary>Whether anybody is told.</summary>
    public bool IsHeard => _watches > 0;

    /// <summary>Begins to tell <paramref name="listener"/> of changes in a directory.</summary>
    public IDisposable? Start(IOutsideListener listener, StorePath path, bool tree)
    {
        if (source is null)
        {
            return null;
        }

        Interlocked.Increment(ref _watches);

        // A store may have a whole tree to walk first; the request does not wait for that.
        return new Subscription(this, Task.Run(() => source.Watch(path, tree, change => Take(listener, change))));
    }

    /// <summary>The server made this change itself.</summary>
    public void Own(in FileChange change)
    {
        if (_watches == 0)
        {
            return;
        }

        var now = time.GetTimestamp();
        lock (_sync)
        {
            if (_own.Count >= MaxRemembered)
            {
                Forget();
            }

            var kinds = _own.TryGetValue(change.Path.Text, out var known) && time.GetElapsedTime(known.At, now) < Memory
                ? known.Kinds
                : ChangeFilter.None;
            _own[change.Path.Text] = (kinds | KindOf(change.Action, change.Filter), now);
        }
    }

    // What a name went through matters, and whether its file changed; which attribute of it a store cannot always tell.
    private static ChangeFilter KindOf(ChangeAction action, ChangeFilter filter) =>
        action == ChangeAction.Modified ? ChangeFilter.Attributes : filter;

    private void Take(IOutsideListener listener, StoreChange? change)
    {
        lock (_sync)
        {
            _waiting.Enqueue((listener, change));
            _timer ??= time.CreateTimer(
                static state => ((OutsideChanges)state!).Tell(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            if (_waiting.Count == 1)
            {
                _timer.Change(Patience, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void Tell()
    {
        var touched = new List<IOutsideListener>();
        lock (_sync)
        {
            Forget();
            while (_waiting.TryDequeue(out var next))
            {
                var (listener, change) = next;
                if (change is not { } known)
                {
                    listener.Lose();
                }
                else if (IsOwn(known) || !listener.Keep(known))
                {
                    continue;
                }

                touched.Add(listener);
            }
        }

        foreach (var listener in touched)
        {
            listener.Serve();
        }
    }

    private bool IsOwn(in StoreChange change) =>
        _own.TryGetValue(change.Path.Text, out var own)
        && (change.Action == ChangeAction.Modified || (own.Kinds & (ChangeFilter.FileName | ChangeFilter.DirectoryName)) != 0);

    private void Forget()
    {
        var now = time.GetTimestamp();
        foreach (var (path, own) in _own)
        {
            if (time.GetElapsedTime(own.At, now) > Memory)
            {
                _own.Remove(path);
            }
        }

        if (_own.Count >= MaxRemembered)
        {
            _own.Clear();
        }
    }

    private sealed class Subscription(OutsideChanges owner, Task<IDisposable?> starting) : IDisposable
    {
        public void Dispose()
        {
            Interlocked.Decrement(ref owner._watches);
            starting.ContinueWith(
                static task => (task.IsCompletedSuccessfully ? task.Result : null)?.Dispose(),
                CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }
}
