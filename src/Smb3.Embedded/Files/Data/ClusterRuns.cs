using System.Runtime.InteropServices;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Data;

/// <summary>
/// Where the clusters of a file are, from one of them on (MS-FSA 2.1.1.5, ExtentList): runs of clusters that lie behind one another on the
/// volume, which are the extents of the store, and between them runs that have no place.
/// </summary>
/// <param name="unit">Bytes of a cluster.</param>
/// <param name="first">The first cluster that is asked for.</param>
/// <param name="limit">How many runs are kept; the others are only counted.</param>
internal sealed class ClusterRuns(int unit, long first, int limit)
{
    private const long NoPlace = -1;

    private readonly List<(long Next, long Place)> _kept = [];
    private long _lastPlace;

    /// <summary>The first cluster that the runs tell of: where the run begins that the first one asked for is in.</summary>
    public long First { get; private set; } = first;

    /// <summary>The cluster behind the last run.</summary>
    public long Next { get; private set; } = first;

    /// <summary>How many runs there are so far.</summary>
    public long Count { get; private set; }

    /// <summary>The kept runs: the cluster behind each, and where it lies; −1: nowhere.</summary>
    public ReadOnlySpan<(long Next, long Place)> Kept => CollectionsMarshal.AsSpan(_kept);

    /// <summary>Adds an extent, and what is missing before it.</summary>
    public void Add(in StoreExtent extent, long total)
    {
        // Where the units of the file system are smaller than a cluster, extents may meet inside one: it belongs to the first.
        var (from, next) = (extent.Offset / unit, Math.Min((extent.End + unit - 1) / unit, total));
        var place = extent.Place < 0 ? NoPlace : extent.Place / unit;
        if (next <= Next)
        {
            return;
        }

        if (Count == 0 && from < First)
        {
            First = Next = from;
        }
        else if (from < Next)
        {
            place = place == NoPlace ? NoPlace : place + Next - from;
        }

        AddHole(from);
        AddRun(next, place);
    }

    /// <summary>Nothing has a place up to <paramref name="next"/>.</summary>
    public void AddHole(long next)
    {
        if (next > Next)
        {
            AddRun(next, NoPlace);
        }
    }

    private void AddRun(long next, long place)
    {
        Next = next;
        if (Count > 0 && place == NoPlace && _lastPlace == NoPlace)
        {
            if (Count == _kept.Count)
            {
                _kept[^1] = (next, NoPlace);
            }

            return;
        }

        Count++;
        _lastPlace = place;
        if (_kept.Count < limit)
        {
            _kept.Add((next, place));
        }
    }
}
