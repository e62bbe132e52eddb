namespace Smb3.Embedded.Storage.Layers.Limits;

/// <summary>How many bytes there may be, and how many there are.</summary>
internal sealed class SpaceAccount(long limit)
{
    private long _used;

    /// <summary>The most bytes.</summary>
    public long Limit { get; } = limit;

    /// <summary>How many more there may be. What was there before the limit may be beyond it.</summary>
    public long Free => Math.Max(0, Limit - Volatile.Read(ref _used));

    /// <summary>Takes bytes, all or none.</summary>
    public bool TryTake(long bytes)
    {
        var used = Volatile.Read(ref _used);
        while (bytes <= Limit - used)
        {
            var before = Interlocked.CompareExchange(ref _used, used + bytes, used);
            if (before == used)
            {
                return true;
            }

            used = before;
        }

        return bytes <= 0;
    }

    /// <summary>Counts bytes that are there, beyond the limit too.</summary>
    public void Count(long bytes) => Interlocked.Add(ref _used, bytes);

    /// <summary>Gives bytes back.</summary>
    public void Return(long bytes) => Interlocked.Add(ref _used, -bytes);
}
