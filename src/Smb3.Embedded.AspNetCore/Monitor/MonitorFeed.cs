using System.Text.Json;
using System.Threading.Channels;

namespace Smb3.Embedded.AspNetCore.Monitor;

/// <summary>
/// What the browsers that have the page open are sent. The server is looked at once for all of them, so that it costs the same however many
/// there are; while there is none, and has been none for as long as the chart shows, it is not looked at.
/// </summary>
internal sealed class MonitorFeed(SmbServer server, TimeProvider time)
{
    /// <summary>How many browsers may have the page open.</summary>
    private const int MostViewers = 100;

    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(250), Longest = TimeSpan.FromSeconds(1);

    private readonly Lock _sync = new();
    private readonly HashSet<Viewer> _viewers = [];
    private readonly MonitorRates _rates = new(time);
    private readonly MonitorSpaces _spaces = new(server.Shares, time);
    private bool _isFollowing;
    private byte[]? _last;
    private long _lastLeft;

    /// <summary>A browser has opened the page.</summary>
    /// <returns>What it is sent until it is disposed; null: there are too many.</returns>
    public Viewer? TryJoin()
    {
        lock (_sync)
        {
            if (_viewers.Count >= MostViewers)
            {
                return null;
            }

            var viewer = new Viewer(this);
            _viewers.Add(viewer);
            if (_last is not null)
            {
                viewer.Offer(_last); // not a second old; the next one follows
            }

            if (!_isFollowing)
            {
                _isFollowing = true;
                _ = Task.Run(FollowAsync);
            }

            return viewer;
        }
    }

    private void Leave(Viewer viewer)
    {
        lock (_sync)
        {
            _viewers.Remove(viewer);
            _lastLeft = time.GetTimestamp();
            _last = _viewers.Count > 0 ? _last : null;
        }
    }

    private async Task FollowAsync()
    {
        using var over = new CancellationTokenSource();

        // What has changed does not matter, only that something has: room for one change is enough.
        var changes = server.WatchAsync(capacity: 1).GetAsyncEnumerator(over.Token);
        var next = changes.MoveNextAsync().AsTask();
        try
        {
            while (IsWatched())
            {
                Send(Look());
                await Task.Delay(Shortest, time).ConfigureAwait(false);
                await Task.WhenAny(next, Task.Delay(Longest - Shortest, time)).ConfigureAwait(false);
                while (next is { IsCompletedSuccessfully: true, Result: true })
                {
                    next = changes.MoveNextAsync().AsTask();
                }

                if (next.IsCompleted)
                {
                    break; // the server was disposed
                }
            }
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await changes.DisposeAsync().ConfigureAwait(false);
            End();
        }
    }

    private MonitorView Look()
    {
        var seen = server.Inspect();
        var shares = server.Shares.ToList();
        _rates.Measure(seen, shares);
        return MonitorView.Of(server, seen, shares, _rates, _spaces.Of(shares));
    }

    private bool HasViewers
    {
        get
        {
            lock (_sync)
            {
                return _viewers.Count > 0;
            }
        }
    }

    private bool IsWatched()
    {
        lock (_sync)
        {
            return _viewers.Count > 0 || time.GetElapsedTime(_lastLeft) < MonitorRates.Span;
        }
    }

    private void Send(MonitorView seen)
    {
        if (!HasViewers)
        {
            return; // looked at for the chart alone
        }

        var view = JsonSerializer.SerializeToUtf8Bytes(seen, MonitorJson.Default.MonitorView);
        lock (_sync)
        {
            _last = view;
            foreach (var viewer in _viewers)
            {
                viewer.Offer(view);
            }
        }
    }

    /// <summary>Whoever still has the page open asks again, and is then shown what there is by another look.</summary>
    private void End()
    {
        lock (_sync)
        {
            _isFollowing = false;
            _last = null;
            foreach (var viewer in _viewers)
            {
                viewer.End();
            }
        }
    }

    /// <summary>One browser. One that is slow gets the newest view, and misses those before.</summary>
    internal sealed class Viewer(MonitorFeed feed) : IDisposable
    {
        private readonly Channel<byte[]> _views = Channel.CreateBounded<byte[]>(
            new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

        public IAsyncEnumerable<byte[]> ReadAllAsync(CancellationToken cancellationToken) => _views.Reader.ReadAllAsync(cancellationToken);

        public void Offer(byte[] view) => _views.Writer.TryWrite(view);

        public void End() => _views.Writer.TryComplete();

        public void Dispose() => feed.Leave(this);
    }
}
