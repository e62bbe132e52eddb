namespace Smb3.Embedded.Files.Caching;

/// <summary>
/// How long the clients of a volume have for a break (MS-SMB2 3.3.4.6, 3.3.4.7 and 3.3.2.1). A client that could not be told of it on any
/// connection loses its opens, and sooner than one that has received the break and may still write back its cache: waiting longer for it
/// would be pointless. One timer serves all breaks, and it runs only while there are any.
/// </summary>
/// <remarks>Its lock is taken while holding a file's, never the other way round.</remarks>
/// <param name="time">The clock.</param>
/// <param name="patience">How long a client has to answer.</param>
internal sealed class BreakDeadlines(TimeProvider time, TimeSpan patience)
{
    private readonly Lock _sync = new();

    // All have the same time, so the oldest of each queue is the next one due.
    private readonly LinkedList<BreakDeadline> _toReach = new();
    private readonly LinkedList<BreakDeadline> _toAnswer = new();
    private ITimer? _timer;
    private bool _isTimed;

    /// <summary>Breaks that are being waited for.</summary>
    public int Count
    {
        get
        {
            lock (_sync)
            {
                return _toReach.Count + _toAnswer.Count;
            }
        }
    }

    private TimeSpan PatienceWithTheUnreachable => patience * 5 / 6;

    /// <summary>Starts the time for the latest break of <paramref name="grant"/>. Called with the file's lock held.</summary>
    public BreakDeadline Start(CacheGrant grant)
    {
        var deadline = new BreakDeadline(grant, time.GetTimestamp());
        lock (_sync)
        {
            Enter(deadline, _toReach);
        }

        return deadline;
    }

    /// <summary>The break is over.</summary>
    public void End(BreakDeadline deadline)
    {
        lock (_sync)
        {
            deadline.Place.List?.Remove(deadline.Place);
        }
    }

    private void Enter(BreakDeadline deadline, LinkedList<BreakDeadline> row)
    {
        row.AddLast(deadline.Place);
        if (!_isTimed)
        {
            _isTimed = true;
            _timer ??= time.CreateTimer(
                static state => ((BreakDeadlines)state!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(PatienceWithTheUnreachable, Timeout.InfiniteTimeSpan);
        }
    }

    private void Look()
    {
        while (TakeDue(out var mayAnswerStill) is { } deadline)
        {
            Judge(deadline, mayAnswerStill);
        }
    }

    /// <summary>The next one that is due; if none is, the timer is set for when one will be.</summary>
    /// <param name="mayAnswerStill">Whether its time is up only if its client could not be reached.</param>
    private BreakDeadline? TakeDue(out bool mayAnswerStill)
    {
        lock (_sync)
        {
            var toAnswer = Left(_toAnswer, patience);
            var toReach = Left(_toReach, PatienceWithTheUnreachable);
            mayAnswerStill = toReach < toAnswer;
            var left = mayAnswerStill ? toReach : toAnswer;
            if (left == TimeSpan.MaxValue)
            {
                _isTimed = false;
                return null;
            }

            if (left > TimeSpan.Zero)
            {
                // Timers may fire some milliseconds early, and a client that was promised its time must not lose them.
                _timer!.Change(TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)), Timeout.InfiniteTimeSpan);
                return null;
            }

            var row = mayAnswerStill ? _toReach : _toAnswer;
            var due = row.First!.Value;
            row.RemoveFirst();
            return due;
        }
    }

    private TimeSpan Left(LinkedList<BreakDeadline> row, TimeSpan granted) =>
        row.First is { Value: var first } ? granted - time.GetElapsedTime(first.Start) : TimeSpan.MaxValue;

    private void Judge(BreakDeadline deadline, bool mayAnswerStill)
    {
        var grant = deadline.Grant;
        lock (grant.File.Sync)
        {
            // It may have ended in the meantime, and another one begun.
            if (!grant.IsBreaking || grant.Breaks != deadline.Break)
            {
                return;
            }

            if (grant.Progress is not { IsUnreachable: true })
            {
                if (mayAnswerStill)
                {
                    lock (_sync)
                    {
                        Enter(deadline, _toAnswer);
                    }
                }
                else
                {
                    grant.File.Caching.GiveUp(grant);
                }

                return;
            }
        }

        // The grant ends with the last of its opens.
        if (!grant.TryClose())
        {
            grant.File.Caching.GiveUp(grant);
        }
    }
}
