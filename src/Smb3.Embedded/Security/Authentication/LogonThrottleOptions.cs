namespace Smb3.Embedded;

/// <summary>
/// What slows down somebody who tries passwords. Failures are counted per remote address and per user name, within a window that
/// every failure begins anew.
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
    /// After so many failures from one address all its logons are refused until the window has passed. Null: never. Default 30.
    /// </summary>
    public int? FailuresPerAddress { get; set; } = 30;

    /// <summary>
    /// After so many failures of one user name its logons are refused until the window has passed. Null: never, as anybody can
    /// lock a user out with it. Default 100.
    /// </summary>
    public int? FailuresPerUser { get; set; } = 100;

    /// <summary>
    /// How many addresses and users are remembered; beyond it the one that failed least recently is forgotten. Default 10,000.
    /// </summary>
    public int MaximumEntries { get; set; } = 10_000;
}
