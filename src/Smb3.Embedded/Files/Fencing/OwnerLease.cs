namespace Smb3.Embedded.Files.Fencing;

/// <summary>
/// How long the files may be taken for ours, by this machine's own monotonic clock: until then no other node of the cluster has them. When it
/// has run out it stays so, whether or not anybody has looked at the clock in time.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="until">The timestamp at which it runs out.</param>
internal sealed class OwnerLease(TimeProvider time, long until)
{
    private const long Over = long.MinValue;

    private long _until = until;

    /// <summary>Whether it has run out: a read of the clock, without a lock.</summary>
    public bool HasRunOut
    {
        get
        {
            while (true)
            {
                var until = Volatile.Read(ref _until);
                if (until == Over)
                {
                    return true;
                }

                if (time.GetTimestamp() < until)
                {
                    return false;
                }

                // Once somebody has been told so, nobody can extend it any more.
                if (Interlocked.CompareExchange(ref _until, Over, until) == until)
                {
                    return true;
                }
            }
        }
    }

    /// <summary>What is left of it.</summary>
    public TimeSpan Remaining => HasRunOut ? TimeSpan.Zero : Max(time.GetElapsedTime(time.GetTimestamp(), Volatile.Read(ref _until)));

    /// <summary>It runs out later; false when it has run out already.</summary>
    public bool TryExtend(long later)
    {
        while (!HasRunOut)
        {
            var until = Volatile.Read(ref _until);
            if (until != Over && (later <= until || Interlocked.CompareExchange(ref _until, later, until) == until))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>It has run out, whatever the clock says.</summary>
    public void End() => Interlocked.Exchange(ref _until, Over);

    private static TimeSpan Max(TimeSpan left) => left > TimeSpan.Zero ? left : TimeSpan.Zero;
}
