using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Notification;

/// <summary>
/// Changes that a store reports, except those that the server made itself: each is held back for a moment, since a store can report a
/// change before the server is done with it, and is dropped if the server made the same change to the same name shortly before.
/// </summary>
internal sealed class OutsideChanges(IChangeSource? source, StringComparer comparer, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(2);
    private const int MaxRemembered = 65_536;
    private const int MaxWaiting = 16_384;

    private readonly Lock _sync = new();
    private readonly Dictionary<string, (ChangeFilter Kinds, long At)> _own = new(comparer);
    private readonly Queue<(string Path, long At)> _ownByAge = new();
    private readonly Queue<(Subscription To, StoreChange? Change)> _waiting = new();
    private readonly HashSet<Subscription> _lost = [];
    private ITimer? _timer;
    private volatile int _watches;

    /// <summary>Whether there is any listener.</summary>
    public bool IsHeard => _watches > 0;

    /// <summary>Begins to tell <paramref name="listener"/> of changes in a directory.</summary>
    public IDisposable? Start(IOutsideListener listener, StorePath path, bool tree)
    {
        if (source is null)
        {
            return null;
        }

        Interlocked.Increment(ref _watches);
        var subscription = new Subscription(this, listener, path);

        // A store may have to walk a whole tree first; the request does not wait for that.
        subscription.Start(source, tree);
        return subscription;
    }

    /// <summary>The server made this change itself.</summary>
    public void Own(in FileChange change)
    {
        if (_watches == 0)
        {
            return;
        }

        var now = time.GetTimestamp();
        var path = change.Path.Text;
        lock (_sync)
        {
            var kinds = KindOf(change.Action, change.Filter);
            if (_own.TryGetValue(path, out var known))
            {
                _own[path] = (time.GetElapsedTime(known.At, now) < Memory ? known.Kinds | kinds : kinds, now);
                return;
            }

            Forget(now);
            _own.Add(path, (kinds, now));
            _ownByAge.Enqueue((path, now));
        }
    }

    // What matters is what happened to the name, and whether its file changed; a store cannot always tell which attribute did.
    private static ChangeFilter KindOf(ChangeAction action, ChangeFilter filter) =>
        action == ChangeAction.Modified ? ChangeFilter.Attributes : filter;

    private void Take(Subscription to, StoreChange? change)
    {
        lock (_sync)
        {
            if (_waiting.Count < MaxWaiting)
            {
                _waiting.Enqueue((to, change));
            }
            else
            {
                _lost.Add(to);
            }

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
        var touched = new HashSet<IOutsideListener>();
        var gone = new List<IOutsideListener>();
        lock (_sync)
        {
            Forget(time.GetTimestamp());
            while (_waiting.TryDequeue(out var next))
            {
                var (to, change) = next;
                var listener = to.Listener;
                if (to.HasEnded)
                {
                    continue;
                }

                if (change is not { } known)
                {
                    listener.Lose();
                    touched.Add(listener);
                    continue;
                }

                known = known with { Path = to.Rebase(known.Path) };
                if (IsOwn(known))
                {
                    continue;
                }

                if (known.Action == ChangeAction.Removed && known.Path == listener.Path)
                {
                    gone.Add(listener);
                }
                else if (listener.Keep(known))
                {
                    touched.Add(listener);
                }
            }

            foreach (var to in _lost)
            {
                to.Listener.Lose();
                touched.Add(to.Listener);
            }

            _lost.Clear();
        }

        foreach (var listener in touched)
        {
            listener.Serve();
        }

        foreach (var listener in gone)
        {
            listener.Stop(NtStatus.DeletePending);
        }
    }

    private bool IsOwn(in StoreChange change) =>
        _own.TryGetValue(change.Path.Text, out var own)
        && (change.Action == ChangeAction.Modified || (own.Kinds & (ChangeFilter.FileName | ChangeFilter.DirectoryName)) != 0);

    private void Forget(long now)
    {
        while (_ownByAge.TryPeek(out var oldest) && (time.GetElapsedTime(oldest.At, now) > Memory || _own.Count >= MaxRemembered))
        {
            _ownByAge.Dequeue();
            var at = _own[oldest.Path].At;
            if (time.GetElapsedTime(at, now) <= Memory && _own.Count < MaxRemembered)
            {
                _ownByAge.Enqueue((oldest.Path, at)); // the name was changed again
            }
            else
            {
                _own.Remove(oldest.Path);
            }
        }
    }

    private sealed class Subscription(OutsideChanges owner, IOutsideListener listener, StorePath path) : IDisposable
    {
        private Task<IDisposable?>? _starting;

        public IOutsideListener Listener => listener;

        public bool HasEnded { get; private set; }

        public void Start(IChangeSource source, bool tree) => _starting = Task.Run(() =>
        {
            var watch = source.Watch(path, tree, change => owner.Take(this, change));
            if (watch is null && !HasEnded)
            {
                listener.Stop(NtStatus.NotSupported);
            }

            return watch;
        });

        /// <summary>A change's path, allowing for a client's rename of the directory since the store was asked to watch it.</summary>
        public StorePath Rebase(StorePath changed)
        {
            var now = listener.Path;
            if (now == path)
            {
                return changed;
            }

            var below = path.IsRoot ? changed.Text : changed == path ? string.Empty : changed.Text[(path.Text.Length + 1)..];
            return below.Length == 0 ? now : now.Append(below);
        }

        public void Dispose()
        {
            HasEnded = true;
            Interlocked.Decrement(ref owner._watches);
            _starting!.ContinueWith(
                static task => (task.IsCompletedSuccessfully ? task.Result : null)?.Dispose(),
                CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }
}
