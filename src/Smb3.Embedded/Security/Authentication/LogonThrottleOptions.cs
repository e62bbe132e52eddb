namespace Smb3.Embedded;

/// <summary>
/// What slows down password guessing. Failures are counted per remote address (an IPv6 address: per /64) and per user name,
/// within a window that every failure restarts.
/// </summary>
public sealed class LogonThrottleOptions
{
    /// <summary>The delay of the answer to the first failure; every further one doubles it. Zero: no delays. Default 100 ms.</summary>
    public TimeSpan FirstDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest delay. Default 5 seconds.</summary>
    public TimeSpan MaximumDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a failure counts. Default 5 minutes.</summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// After this many failures from one address its logons are refused, right password or wrong, until the window has passed. Users who
    /// have logged on from there before are counted separately. <see langword="null"/>: never. Default 30.
    /// </summary>
    public int? FailuresPerAddress { get; set; } = 30;

    /// <summary>
    /// After this many failures of one user name, from anywhere, each further attempt from an address that it has not logged on from waits
    /// for <see cref="MaximumDelay"/>. The name is never refused, because then anybody could lock a user out. <see langword="null"/>: never
    /// slowed. Default 100.
    /// </summary>
    public int? FailuresPerUser { get; set; } = 100;

    /// <summary>
    /// How many addresses are remembered, and how many users; beyond it the one that failed least recently of those below their limit is
    /// forgotten. Default 10,000.
    /// </summary>
    public int MaximumEntries { get; set; } = 10_000;
}
