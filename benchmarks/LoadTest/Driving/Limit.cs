using System.Diagnostics;

namespace Smb3.Embedded.LoadTest.Driving;

/// <summary>When a run ends: after a number of requests, or at a point in time.</summary>
internal readonly record struct Limit(long Count, long Deadline, CancellationToken Stop)
{
    public static Limit Requests(long count) => new(count, long.MaxValue, default);

    public static Limit Time(TimeSpan time) =>
        new(long.MaxValue, Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency), default);

    public static Limit Until(CancellationToken stop) => new(long.MaxValue, long.MaxValue, stop);

    public bool Allows(long sent) =>
        sent < Count && !Stop.IsCancellationRequested && (Deadline == long.MaxValue || Stopwatch.GetTimestamp() < Deadline);
}
