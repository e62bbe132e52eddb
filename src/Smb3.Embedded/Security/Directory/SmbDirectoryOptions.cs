namespace Smb3.Embedded;

/// <summary>How a directory is asked for names and SIDs (<see cref="IAccountResolver"/>).</summary>
public sealed class SmbDirectoryOptions
{
    /// <summary>
    /// How long one question may take. After that, and when the directory fails, the client sees a SID instead of a name, and nothing is asked for
    /// <see cref="Pause"/>. 100 milliseconds to 1 minute. Default 3 seconds.
    /// </summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a directory that did not answer is left alone. 0 to 10 minutes. Default 5 seconds.</summary>
    public TimeSpan Pause { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long an answer is kept. 0 to 1 day. Default 10 minutes.</summary>
    public TimeSpan KeepFound { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long it is kept that there is no such account. 0 to 1 day. Default 1 minute.</summary>
    public TimeSpan KeepMissing { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How many answers of each kind are kept; the one that was used longest ago goes first. 1 to 1,000,000. Default 10,000.</summary>
    public int MaxEntries { get; set; } = 10_000;

    /// <summary>How many questions are asked at the same time; others wait. 1 to 256. Default 8.</summary>
    public int MaxRequests { get; set; } = 8;

    internal SmbDirectoryOptions Clone() => (SmbDirectoryOptions)MemberwiseClone();
}
