using System.Collections.Concurrent;

namespace Smb3.Embedded.Sessions.Shares;

/// <summary>The shares of a server by name, in any case. They come and go while it runs.</summary>
internal sealed class ShareTable
{
    private readonly ConcurrentDictionary<string, Share> _shares = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Ends what a share that was taken away still holds without a tree connect.</summary>
    public Func<Share, ValueTask> Removed { get; init; } = static _ => default;

    /// <summary>
    /// Puts in order the share of this name, or with null all of them, when its folder has gone, was replaced, or is back. Null where
    /// shares stay as they are. Quick when there is nothing to do.
    /// </summary>
    public Func<string?, ValueTask>? CheckPlace { get; set; }

    public IEnumerable<Share> All =>
        _shares.Values.Where(share => !share.IsRemoved).OrderBy(share => share.Name, StringComparer.OrdinalIgnoreCase);

    public bool TryAdd(Share share) => _shares.TryAdd(share.Name, share);

    public Share? Find(string name) => _shares.GetValueOrDefault(name) is { IsRemoved: false } share ? share : null;

    /// <summary>
    /// Takes a share away and ends every use of it; false when there is none of that name, or when another call took it away, which then is
    /// over.
    /// </summary>
    public async ValueTask<bool> RemoveAsync(string name)
    {
        if (!_shares.TryGetValue(name, out var share))
        {
            return false;
        }

        try
        {
            return await share.EndAsync(Removed).ConfigureAwait(false);
        }
        finally
        {
            _shares.TryRemove(KeyValuePair.Create(name, share));
        }
    }
}
