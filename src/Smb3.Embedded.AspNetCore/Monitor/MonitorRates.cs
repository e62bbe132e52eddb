namespace Smb3.Embedded.AspNetCore.Monitor;

/// <summary>
/// How much goes over connections and shares each second, from what they have counted since the last look, and the sums of the last minutes.
/// </summary>
internal sealed class MonitorRates(TimeProvider time)
{
    /// <summary>How far back the chart shows.</summary>
    public static readonly TimeSpan Span = TimeSpan.FromMinutes(5);

    /// <summary>How long one point of the chart is.</summary>
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(900);

    private readonly Queue<MonitorPoint> _points = new();
    private Dictionary<ulong, Meter> _connections = [];
    private Dictionary<string, Meter> _shares = [];
    private long _measured;
    private long _stepBegan = time.GetTimestamp();
    private Counted _step;

    /// <summary>The points of the chart, the oldest first.</summary>
    public IReadOnlyCollection<MonitorPoint> Points => _points;

    /// <summary>What a connection carries; nothing is known of one that has just come.</summary>
    public MonitorRate Of(ulong connection) => _connections.TryGetValue(connection, out var meter) ? meter.Rate : default;

    /// <summary>What is read from (<see cref="MonitorRate.Out"/>) a share and written to it.</summary>
    public MonitorRate Of(string share) => _shares.TryGetValue(share, out var meter) ? meter.Rate : default;

    public void Measure(SmbServerSnapshot seen, IReadOnlyList<SmbShareInfo> shares)
    {
        var now = time.GetTimestamp();
        if (time.GetElapsedTime(_measured, now) < Shortest)
        {
            return; // looks that follow each other at once would make the rates jump
        }

        _measured = now;
        var connections = new Dictionary<ulong, Meter>(seen.Connections.Count);
        foreach (var connection in seen.Connections)
        {
            var counted = new Counted(connection.BytesReceived, connection.BytesSent, connection.RequestsReceived);
            connections[connection.Info.ConnectionId] = MeterOf(_connections, connection.Info.ConnectionId, counted, now, out var more);
            _step += more;
        }

        _connections = connections;
        _shares = shares.ToDictionary(
            static share => share.Name,
            share => MeterOf(_shares, share.Name, new Counted(share.BytesWritten, share.BytesRead, 0), now, out _));
        if (time.GetElapsedTime(_stepBegan, now) is var length && length >= Step)
        {
            var at = time.GetUtcNow().ToUnixTimeMilliseconds();
            _points.Enqueue(new MonitorPoint(at, _step.Per(length)));
            while (_points.Peek().At <= at - (long)Span.TotalMilliseconds)
            {
                _points.Dequeue();
            }

            (_stepBegan, _step) = (now, default);
        }
    }

    private Meter MeterOf<T>(Dictionary<T, Meter> before, T key, Counted counted, long now, out Counted more)
        where T : notnull
    {
        if (!before.TryGetValue(key, out var meter))
        {
            more = default;
            return new Meter(counted, now, default);
        }

        more = counted - meter.Counted;
        return new Meter(counted, now, more.Per(time.GetElapsedTime(meter.At, now)));
    }

    private sealed record Meter(Counted Counted, long At, MonitorRate Rate);

    private readonly record struct Counted(long In, long Out, long Requests)
    {
        public static Counted operator +(Counted one, Counted other) => new(one.In + other.In, one.Out + other.Out, one.Requests + other.Requests);

        // Counters that wrap, or begin again because the share was opened anew.
        public static Counted operator -(Counted one, Counted other) => new(
            Math.Max(0, one.In - other.In), Math.Max(0, one.Out - other.Out), Math.Max(0, one.Requests - other.Requests));

        public MonitorRate Per(TimeSpan length) => new(
            (long)(In / length.TotalSeconds), (long)(Out / length.TotalSeconds), (long)Math.Round(Requests / length.TotalSeconds));
    }
}

/// <summary>How much goes each second.</summary>
/// <param name="In">Bytes to the server.</param>
/// <param name="Out">Bytes from the server.</param>
/// <param name="Requests">Requests.</param>
internal readonly record struct MonitorRate(long In, long Out, long Requests);

/// <summary>One point of the chart.</summary>
/// <param name="At">When it ends, in milliseconds since 1970.</param>
/// <param name="Rate">How much went, on the average.</param>
internal sealed record MonitorPoint(long At, MonitorRate Rate);
