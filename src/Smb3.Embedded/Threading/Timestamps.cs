namespace Smb3.Embedded.Threading;

/// <summary>Moments of a monotonic clock.</summary>
internal static class Timestamps
{
    /// <summary>The timestamp that comes so much later than another.</summary>
    public static long Later(this TimeProvider time, long timestamp, TimeSpan span) =>
        timestamp + (long)(span.TotalSeconds * time.TimestampFrequency);
}
