namespace Smb3.Embedded.LoadTest.Driving;

/// <summary>Response times in buckets of 1/16 of a power of two: a percentile is right to 6 %, and noting one costs nothing.</summary>
internal sealed class Latencies
{
    private const int Fine = 16;
    private readonly long[] _buckets = new long[64 * Fine];

    public long Count { get; private set; }

    public void Add(TimeSpan time)
    {
        _buckets[Index(Math.Max(1, (long)time.TotalNanoseconds))]++;
        Count++;
    }

    public void Add(Latencies other)
    {
        for (var i = 0; i < _buckets.Length; i++)
        {
            _buckets[i] += other._buckets[i];
        }

        Count += other.Count;
    }

    /// <summary>In microseconds; not a number without a single one.</summary>
    public double Percentile(double share)
    {
        var wanted = Math.Max(1, (long)Math.Ceiling(Count * share));
        var seen = 0L;
        for (var i = 0; i < _buckets.Length; i++)
        {
            seen += _buckets[i];
            if (seen >= wanted)
            {
                return Middle(i) / 1000;
            }
        }

        return double.NaN;
    }

    private static int Index(long nanoseconds)
    {
        var power = 63 - long.LeadingZeroCount(nanoseconds);
        var fraction = power >= 4 ? (nanoseconds >> (int)(power - 4)) & (Fine - 1) : 0;
        return (int)((power * Fine) + fraction);
    }

    private static double Middle(int index) => Math.Pow(2, index / Fine) * (1 + (((index % Fine) + 0.5) / Fine));
}
