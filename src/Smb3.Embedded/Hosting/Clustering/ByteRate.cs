namespace Smb3.Embedded.Hosting.Clustering;

/// <summary>How fast a counter of bytes grows, as a mean over <see cref="LoadMeter.Window"/>, or since it was first looked at.</summary>
internal sealed class ByteRate
{
    /// <summary>What was counted less than this ago is not noted anew, so that a series has a bound however often it is measured.</summary>
    private static readonly TimeSpan Resolution = TimeSpan.FromSeconds(1);

    private readonly Queue<(long At, long Bytes)> _counts = [];
    private long _last;

    /// <summary>Bytes a second.</summary>
    /// <param name="bytes">What has been counted so far.</param>
    /// <param name="now">When, as a timestamp.</param>
    /// <param name="time">The clock.</param>
    public long Measure(long bytes, long now, TimeProvider time)
    {
        if (_counts.Count == 0 || time.GetElapsedTime(_last, now) >= Resolution)
        {
            _counts.Enqueue((now, bytes));
            _last = now;
        }

        // The oldest is at least as old as the window, as soon as there is such a one.
        while (_counts.Count > 1 && time.GetElapsedTime(_counts.ElementAt(1).At, now) >= LoadMeter.Window)
        {
            _counts.Dequeue();
        }

        var (at, before) = _counts.Peek();
        var passed = time.GetElapsedTime(at, now).TotalSeconds;
        return passed > 0 ? (long)((bytes - before) / passed) : 0;
    }
}
