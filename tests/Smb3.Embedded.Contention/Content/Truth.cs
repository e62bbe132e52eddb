using System.Collections.Concurrent;

namespace Smb3.Embedded.Contention.Content;

/// <summary>What all files may hold, whatever their names are now; and when names changed.</summary>
internal sealed class Truth
{
    private readonly ConcurrentDictionary<ulong, BlockTruth[]> _files = new();
    private readonly Lock _names = new();
    private long _stamp;
    private long _latestNameChange;

    /// <summary>The blocks of a file by the server's number of it.</summary>
    public BlockTruth[] File(ulong fileId) =>
        _files.GetOrAdd(fileId, static _ => [.. Enumerable.Range(0, BlockContent.PerFile).Select(_ => new BlockTruth())]);

    /// <summary>A moment in the order of all moments.</summary>
    public long Now() => Interlocked.Increment(ref _stamp);

    /// <summary>A name has come or changed; the request had been sent at <paramref name="since"/>.</summary>
    public void NameChanged(long since)
    {
        lock (_names)
        {
            _latestNameChange = Math.Max(_latestNameChange, since);
        }
    }

    /// <summary>When the latest begun of all name changes that are done was begun.</summary>
    public long LatestNameChange
    {
        get
        {
            lock (_names)
            {
                return _latestNameChange;
            }
        }
    }
}
