using Microsoft.Extensions.Logging;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Threading;
using Smb3.Embedded.Transport;

namespace Smb3.Embedded.Hosting.Clustering;

/// <summary>
/// Has this node refuse all connections for a moment, because Linux goes on to another node only when the one that it used last refuses it.
/// That meets everybody who connects just then, so it is short, and rare: what is asked for at the same time is done at the same time.
/// </summary>
/// <param name="length">How long connections are refused after the clients that are meant have lost theirs; zero: never.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
internal sealed class BriefRefusal(TimeSpan length, TimeProvider time, ILogger logger)
{
    /// <summary>How long all connections are accepted before they are refused again, for a move.</summary>
    public static readonly TimeSpan Rest = TimeSpan.FromSeconds(2);

    /// <summary>The same, when it is for clients that have come to the wrong node: what users can cause is rarer.</summary>
    public static readonly TimeSpan LongRest = TimeSpan.FromSeconds(10);

    /// <summary>The longest that a move which does not get on has connections refused.</summary>
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    private readonly Lock _gate = new();
    private readonly List<Func<bool>> _reasons = []; // each true when it is over
    private IReadOnlyList<IRefusal> _listeners = [];
    private TaskCompletionSource _begun = New();
    private long _beganAt;
    private long _until;
    private long _restUntil;
    private long _longRestUntil;
    private bool _isRefusing;

    /// <summary>Whether it can do so.</summary>
    public bool IsAvailable
    {
        get
        {
            lock (_gate)
            {
                return _listeners.Count > 0;
            }
        }
    }

    /// <summary>The server listens from here on.</summary>
    /// <param name="listeners">The means of those of its listeners that can refuse connections.</param>
    public void Use(IEnumerable<IRefusal> listeners)
    {
        lock (_gate)
        {
            _listeners = length > TimeSpan.Zero ? [.. listeners] : [];
        }
    }

    /// <summary>Begins, for clients that are about to lose their connections, unless it is too early for that.</summary>
    /// <param name="isOver">Whether they have, and can find what they look for.</param>
    public void TryBegin(Func<bool> isOver)
    {
        lock (_gate)
        {
            if (_isRefusing || TryRefuse(_restUntil))
            {
                _reasons.Add(isOver);
            }
        }
    }

    /// <summary>Waits until connections are refused, for a client that is about to lose its own then, with others that wait too.</summary>
    /// <returns>Whether they are; otherwise they cannot be, or it was cancelled.</returns>
    public async ValueTask<bool> WaitAsync(CancellationToken cancellationToken)
    {
        while (IsAvailable && !cancellationToken.IsCancellationRequested)
        {
            Task begun;
            TimeSpan wait;
            lock (_gate)
            {
                var now = time.GetTimestamp();
                if (_isRefusing && (_reasons.Count > 0 || time.GetElapsedTime(now, _until) >= length / 2))
                {
                    return true;
                }

                var next = Math.Max(_restUntil, _longRestUntil);
                if (!_isRefusing && TryRefuse(next))
                {
                    _longRestUntil = time.Later(_until, LongRest);
                    return true;
                }

                begun = _begun.Task;
                wait = _isRefusing || now >= next ? Rest : time.GetElapsedTime(now, next);
            }

            await begun.WaitAsync(wait, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return false;
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Within the lock.</summary>
    private bool TryRefuse(long earliest)
    {
        var now = time.GetTimestamp();
        if (_listeners.Count == 0 || now < earliest)
        {
            return false;
        }

        var refusing = _listeners.Where(static listener => listener.TryBegin()).ToList();
        _isRefusing = true;
        _beganAt = now;
        _until = time.Later(now, length);
        Interlocked.Exchange(ref _begun, New()).TrySetResult();
        _ = Task.Run(() => EndAsync(refusing));
        return true;
    }

    private async Task EndAsync(List<IRefusal> refusing)
    {
        while (!IsOver())
        {
            await Task.Delay(Look, time).ConfigureAwait(false);
        }

        var wasTold = false;
        while (refusing.RemoveAll(static listener => listener.TryEnd()) >= 0 && refusing.Count > 0)
        {
            if (!wasTold)
            {
                ClusterLog.NotListening(logger, refusing.Count);
            }

            wasTold = true;
            await Task.Delay(Look, time).ConfigureAwait(false);
        }

        lock (_gate)
        {
            _isRefusing = false;
            _restUntil = time.Later(time.GetTimestamp(), Rest);
        }

        ClusterLog.Refused(logger, time.GetElapsedTime(_beganAt));
    }

    private bool IsOver()
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            if (_reasons.Count > 0)
            {
                if (time.GetElapsedTime(_beganAt, now) >= Most)
                {
                    _reasons.Clear();
                }
                else if (_reasons.RemoveAll(static isOver => isOver()) > 0)
                {
                    _until = time.Later(now, length);
                }
            }

            return _reasons.Count == 0 && now >= _until;
        }
    }
}
