using Smb3.Embedded.Files.Caching;

namespace Smb3.Embedded.Sessions;

/// <summary>
/// One break on its way to the client. It is watched until it is answered: if its connection ends, or the peer's transport does not
/// acknowledge it, it is sent again over the next connection that leads to the client (MS-SMB2 3.3.4.6, 3.3.4.7).
/// </summary>
/// <param name="message">The notification.</param>
/// <param name="route">How it gets there.</param>
/// <param name="time">Measures how long it has been on its way.</param>
/// <param name="isAwaited">
/// Whether the client's answer is still awaited; <see langword="null"/>: no answer is due, and arrival is enough.
/// </param>
internal sealed class BreakDelivery(byte[] message, IBreakRoute route, TimeProvider time, Func<bool>? isAwaited) : IBreakProgress
{
    /// <summary>
    /// How many connections are tried in quick succession; for a client with even more, all of them dead, there is no hurry.
    /// </summary>
    private const int QuickTries = 8;

    /// <summary>How long a connection may keep a break without the peer's transport acknowledging it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan LongPatience = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    private readonly HashSet<ulong> _tried = [];
    private ITimer? _timer;
    private Connection? _current;
    private SentMark _mark;
    private volatile bool _unreachable;
    private bool _hasArrived;
    private int _watching;

    /// <summary>
    /// Whether every connection was tried and none has acknowledged it: the client cannot know of the break.
    /// </summary>
    public bool IsUnreachable => _unreachable;

    /// <summary>Sends it for the first time; false when no connection leads to the client.</summary>
    public bool Begin()
    {
        if (!TrySendOnNext())
        {
            return false;
        }

        _timer = time.CreateTimer(static state => ((BreakDelivery)state!).Watch(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(Period, Period);
        return true;
    }

    private void Watch()
    {
        // A late tick must not run alongside the next one.
        if (Interlocked.Exchange(ref _watching, 1) != 0)
        {
            return;
        }

        if (IsDone())
        {
            _timer?.Dispose();
            _current = null;
        }

        Volatile.Write(ref _watching, 0);
    }

    private bool IsDone()
    {
        if (isAwaited is not null && !isAwaited())
        {
            return true;
        }

        if (_current is null)
        {
            return true;
        }

        var ended = _current.Ended.IsCancellationRequested;
        if (!ended)
        {
            var arrival = _hasArrived ? Arrival.Arrived : _current.Notifications?.ArrivalOf(_mark);
            _hasArrived = arrival == Arrival.Arrived;
            if (_hasArrived)
            {
                // The client has it and answers in its own time; the wait ends with the answer or with the connection.
                _unreachable = false;
                return isAwaited is null;
            }

            if (!route.Retries)
            {
                // The client is told once; one with no other connection cannot have heard of the break.
                _unreachable = arrival == Arrival.Unacknowledged && !HasNext();
                return false;
            }

            if (time.GetElapsedTime(_mark.At) < (_tried.Count <= QuickTries ? Patience : LongPatience))
            {
                return false;
            }

            if (arrival == Arrival.Unacknowledged && HasNext() && IsSpare(_current))
            {
                // Requests over this connection would be lost too. Ending it tells the client at once to use another, and the break goes
                // there as soon as this one has ended.
                _current.Terminate(ConnectionEndReason.BreakUnacknowledged);
                return false;
            }
        }

        if (TrySendOnNext())
        {
            return false;
        }

        // A connection that is added while the answer is awaited is tried too. Where the transport does not say what arrived, a silent
        // client may well have the break.
        _unreachable = route.Retries && (ended || _current.Notifications?.ArrivalOf(_mark) == Arrival.Unacknowledged);
        return isAwaited is null;
    }

    /// <summary>Whether no session would end with this connection.</summary>
    private static bool IsSpare(Connection connection) => connection.Sessions.Values.All(session => session.Channels.Count > 1);

    private bool HasNext() => route.Connections().Any(connection => !_tried.Contains(connection.Id));

    private bool TrySendOnNext()
    {
        foreach (var connection in route.Connections())
        {
            // Ticked off only once it has been sent: a send that fails now because one session is ending may succeed for another.
            if (!_tried.Contains(connection.Id) && route.TrySend(connection, message) is { } mark)
            {
                _tried.Add(connection.Id);
                _current = connection;
                _mark = mark;
                _hasArrived = false;
                return true;
            }
        }

        return false;
    }
}

/// <summary>The connections that lead to the client of a break.</summary>
internal interface IBreakRoute
{
    /// <summary>Whether a break goes out again when its connection lives but the peer does not acknowledge it.</summary>
    bool Retries { get; }

    /// <summary>The connections as of now, the one to begin with first.</summary>
    IEnumerable<Connection> Connections();

    /// <summary>Sends over one of them; <see langword="null"/> when it has ended.</summary>
    SentMark? TrySend(Connection connection, ReadOnlySpan<byte> message);
}
