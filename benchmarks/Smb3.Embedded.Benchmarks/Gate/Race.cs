using System.Diagnostics;

namespace Smb3.Embedded.Benchmarks.Gate;

/// <summary>
/// What one piece of work takes beside another: both in turns, many times, and of each the quickest round. Whatever else the machine does
/// makes a round slower and never quicker, so that the ratio means something on a busy machine too.
/// </summary>
internal static class Race
{
    private const int Rounds = 60;
    private static readonly TimeSpan RoundTime = TimeSpan.FromMilliseconds(2);

    public static double Ratio(Action work, Action baseline)
    {
        var (workCount, baselineCount) = (CountFor(work), CountFor(baseline));
        var (bestWork, bestBaseline) = (double.MaxValue, double.MaxValue);
        for (var i = 0; i < Rounds; i++)
        {
            bestWork = Math.Min(bestWork, TimeOf(work, workCount));
            bestBaseline = Math.Min(bestBaseline, TimeOf(baseline, baselineCount));
        }

        return bestWork / bestBaseline;
    }

    /// <summary>Bytes that one call allocates on this thread.</summary>
    public static double Allocated(Action work)
    {
        const int Count = 1000;
        Repeat(work, Count);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Repeat(work, Count);
        return (double)(GC.GetAllocatedBytesForCurrentThread() - before) / Count;
    }

    /// <summary>How often the work is done in one round; finding out warms it up as well.</summary>
    private static int CountFor(Action work)
    {
        var count = 1;
        for (var warmed = Stopwatch.StartNew(); warmed.ElapsedMilliseconds < 300;)
        {
            if (TimeOf(work, count) * count < RoundTime.TotalSeconds)
            {
                count *= 2;
            }
        }

        return count;
    }

    private static double TimeOf(Action work, int count)
    {
        var started = Stopwatch.GetTimestamp();
        Repeat(work, count);
        return Stopwatch.GetElapsedTime(started).TotalSeconds / count;
    }

    private static void Repeat(Action work, int count)
    {
        for (var i = 0; i < count; i++)
        {
            work();
        }
    }
}
