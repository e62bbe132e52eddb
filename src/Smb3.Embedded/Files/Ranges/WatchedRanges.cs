namespace Smb3.Embedded.Files.Ranges;

/// <summary>The ranges of one file that are watched for changes.</summary>
internal sealed class WatchedRanges
{
    private const int MostOfOwner = 16;

    private readonly Lock _sync = new();
    private volatile WatchedRange[] _ranges = [];

    /// <summary>Bytes are about to change, or have just changed.</summary>
    public void Change(long offset, long length)
    {
        foreach (var range in _ranges)
        {
            if (range.Overlaps(offset, length))
            {
                range.Spoil();
            }
        }
    }

    /// <summary>Adds a range to be told of changes. If its owner has too many, the oldest of them becomes invalid.</summary>
    public void Add(WatchedRange range)
    {
        lock (_sync)
        {
            var own = _ranges.Where(other => other.Owner == range.Owner).ToArray();
            if (own.Length >= MostOfOwner)
            {
                own[0].Spoil();
            }

            _ranges = [.. _ranges.Where(static other => other.IsGood), range];
        }
    }

    /// <summary>The owner goes away, and with it the ranges that it watches.</summary>
    public void EndOf(object owner)
    {
        foreach (var range in _ranges)
        {
            if (range.Owner == owner)
            {
                range.End();
            }
        }
    }

    /// <summary>A range is no longer needed.</summary>
    public void Remove(WatchedRange range)
    {
        lock (_sync)
        {
            _ranges = [.. _ranges.Where(other => other != range)];
        }
    }
}
