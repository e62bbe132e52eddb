using System.Threading.Channels;

namespace Smb3.Embedded.Sessions;

/// <summary>
/// The changes that one watcher has not read yet. When it is full the oldest go, and the watcher is told to look at everything anew.
/// </summary>
internal sealed class ChangeQueue : IDisposable
{
    private readonly ChangeFeed _feed;
    private readonly TimeProvider _time;
    private readonly Channel<SmbChange> _changes;
    private int _mustResync = 1;

    public ChangeQueue(ChangeFeed feed, TimeProvider time, int capacity)
    {
        _feed = feed;
        _time = time;
        _changes = System.Threading.Channels.Channel.CreateBounded<SmbChange>(
            new BoundedChannelOptions(capacity) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true },
            _ => Volatile.Write(ref _mustResync, 1));
    }

    public void Add(SmbChange change) => _changes.Writer.TryWrite(change);

    public void Complete() => _changes.Writer.TryComplete();

    /// <summary>The next change; <see langword="null"/> when there will be none.</summary>
    public async ValueTask<SmbChange?> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (Interlocked.Exchange(ref _mustResync, 0) != 0)
            {
                return new SmbChange(SmbChangeKind.Resync, _time.GetUtcNow());
            }

            if (_changes.Reader.TryRead(out var change))
            {
                return change;
            }

            if (!await _changes.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
            {
                return null;
            }
        }
    }

    public void Dispose() => _feed.Remove(this);
}
