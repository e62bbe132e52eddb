namespace Smb3.Embedded.Nt;

/// <summary>
/// A point in time as NT keeps it: 100-nanosecond ticks since 1601-01-01 UTC (MS-DTYP 2.3.3). Zero means "not known".
/// </summary>
/// <param name="Ticks">Ticks since 1601-01-01 UTC.</param>
public readonly record struct FileTime(long Ticks)
{
    private const long UnixEpoch = 116_444_736_000_000_000;

    /// <summary>The largest value that still is a <see cref="DateTimeOffset"/>.</summary>
    private static readonly long MaxDateTimeTicks = DateTime.MaxValue.Ticks - DateTime.FromFileTimeUtc(0).Ticks;

    /// <summary>Not known: zero on the wire.</summary>
    public static FileTime None => default;

    /// <summary>Converts a calendar time; times before 1601 become <see cref="None"/>.</summary>
    public static FileTime From(DateTimeOffset time)
    {
        var ticks = time.UtcTicks - DateTime.FromFileTimeUtc(0).Ticks;
        return new FileTime(ticks < 0 ? 0 : ticks);
    }

    /// <summary>Converts a POSIX time: seconds since 1970 and nanoseconds below the second.</summary>
    public static FileTime FromUnix(long seconds, long nanoseconds) =>
        new(UnixEpoch + (seconds * TimeSpan.TicksPerSecond) + (nanoseconds / 100));

    /// <summary>The POSIX time: seconds since 1970 (may be negative) and nanoseconds below the second (0 to 999,999,900).</summary>
    public (long Seconds, long Nanoseconds) ToUnix()
    {
        var (seconds, rest) = Math.DivRem(Ticks - UnixEpoch, TimeSpan.TicksPerSecond);
        return rest < 0 ? (seconds - 1, (rest + TimeSpan.TicksPerSecond) * 100) : (seconds, rest * 100);
    }

    /// <summary>The calendar time, clamped to what <see cref="DateTimeOffset"/> can express.</summary>
    public DateTimeOffset ToDateTimeOffset() =>
        new(DateTime.FromFileTimeUtc(Math.Clamp(Ticks, 0, MaxDateTimeTicks)), TimeSpan.Zero);
}
