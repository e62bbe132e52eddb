namespace Smb3.Embedded.Files.Caching;

/// <summary>
/// How long a client has for one break (MS-SMB2 3.3.4.6, 3.3.4.7 and 3.3.2.1). One that could be told of it nowhere loses its
/// opens, and sooner than one that has the break and may still write back what it caches: others wait for nothing then.
/// </summary>
internal sealed class BreakDeadline
{
    private readonly CacheGrant _grant;
    private readonly TimeProvider _time;
    private readonly TimeSpan _patience;
    private readonly long _start;
    private readonly int _number;

    private BreakDeadline(CacheGrant grant)
    {
        _grant = grant;
        _time = grant.File.Time;
        _patience = grant.File.BreakTimeout;
        _number = grant.Breaks;
        _start = _time.GetTimestamp();
    }

    private TimeSpan PatienceWithTheUnreachable => _patience * 5 / 6;

    /// <summary>Begins to count for the latest break of <paramref name="grant"/>. Called with the file's lock held.</summary>
    public static void Start(CacheGrant grant)
    {
        var deadline = new BreakDeadline(grant);
        grant.Timer = deadline._time.CreateTimer(
            static state => ((BreakDeadline)state!).Look(), deadline, deadline.PatienceWithTheUnreachable, Timeout.InfiniteTimeSpan);
    }

    private void Look()
    {
        bool isUnreachable;
        lock (_grant.File.Sync)
        {
            // A timer that fires late must not end the next break.
            if (!_grant.IsBreaking || _grant.Breaks != _number)
            {
                return;
            }

            isUnreachable = _grant.Progress is { IsUnreachable: true };

            // Timers may be some milliseconds early, a client that was promised its time must not lose them.
            var left = (isUnreachable ? PatienceWithTheUnreachable : _patience) - _time.GetElapsedTime(_start);
            if (left > TimeSpan.Zero)
            {
                _grant.Timer!.Change(TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)), Timeout.InfiniteTimeSpan);
                return;
            }

            if (!isUnreachable)
            {
                _grant.File.Caching.GiveUp(_grant);
            }
        }

        // With the last of its opens what it cached ends too.
        if (isUnreachable && !_grant.TryClose())
        {
            _grant.File.Caching.GiveUp(_grant);
        }
    }
}
