namespace Smb3.Embedded.Dispatch;

/// <summary>
/// The requests of one connection that did not complete at once, oldest first. A request that is still here after a short while becomes
/// pending. One timer serves them all, and it runs only while there are any.
/// </summary>
/// <param name="time">Tells the time.</param>
/// <param name="patience">How long a request may take before its client is told that it is pending.</param>
internal sealed class SlowRequests(TimeProvider time, TimeSpan patience) : IDisposable
{
    private readonly Lock _gate = new();
    private Request? _first;
    private Request? _last;
    private ITimer? _timer;
    private bool _isTimed;
    private bool _ended;

    public void Add(Request request)
    {
        lock (_gate)
        {
            if (_ended)
            {
                return;
            }

            var place = request.Slow;
            place.Since = time.GetTimestamp();
            place.IsListed = true;
            place.Previous = _last;
            if (_last is null)
            {
                _first = request;
            }
            else
            {
                _last.Slow.Next = request;
            }

            _last = request;
            if (!_isTimed)
            {
                _isTimed = true;
                _timer ??= time.CreateTimer(
                    static state => ((SlowRequests)state!).TellAll(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                _timer.Change(patience, Timeout.InfiniteTimeSpan);
            }
        }
    }

    public void Remove(Request request)
    {
        lock (_gate)
        {
            RemoveLocked(request);
        }
    }

    /// <summary>The connection has ended: there is no client left to be told.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _ended = true;
            while (_first is { } request)
            {
                RemoveLocked(request);
            }

            _timer?.Dispose();
            _timer = null;
        }
    }

    private void TellAll()
    {
        while (TakeDue(out var turn) is { } request)
        {
            request.BecomePending(turn);
        }
    }

    /// <summary>Takes the oldest request if its time is up; otherwise sets the timer for when it will be.</summary>
    private Request? TakeDue(out uint turn)
    {
        lock (_gate)
        {
            turn = 0;
            if (_first is not { } request)
            {
                _isTimed = false;
                return null;
            }

            var left = patience - time.GetElapsedTime(request.Slow.Since);
            if (left > TimeSpan.Zero)
            {
                // A timer counts whole milliseconds, and must not fire too early again and again.
                _timer?.Change(left + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
                return null;
            }

            RemoveLocked(request);
            turn = request.Turn;
            return request;
        }
    }

    private void RemoveLocked(Request request)
    {
        var place = request.Slow;
        if (!place.IsListed)
        {
            return;
        }

        if (place.Previous is { } previous)
        {
            previous.Slow.Next = place.Next;
        }
        else
        {
            _first = place.Next;
        }

        if (place.Next is { } next)
        {
            next.Slow.Previous = place.Previous;
        }
        else
        {
            _last = place.Previous;
        }

        place.IsListed = false;
        place.Previous = null;
        place.Next = null;
    }
}
