using System.Collections.Concurrent;
using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Sessions;

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

    /// <summary>
    /// Fences a share, and all others on its volume, off from their store: it belongs to somebody else now. What they have open is
    /// abandoned by <see cref="RemoveAsync"/>, which then waits for no store; also by one that is under way.
    /// </summary>
    /// <returns>The names of all that were fenced off.</returns>
    public IReadOnlyList<string> Fence(string name)
    {
        if (_shares.GetValueOrDefault(name) is not { Volume: { } volume })
        {
            return [];
        }

        var fenced = _shares.Values.Where(share => share.Volume == volume).ToList();
        foreach (var share in fenced)
        {
            share.Fence();
        }

        return fenced.ConvertAll(static share => share.Name);
    }

    /// <summary>The server stops: takes all shares away.</summary>
    public async Task EndAllAsync()
    {
        var ending = default(EndingAll);
        foreach (var name in _shares.Keys)
        {
            try
            {
                await RemoveAsync(name).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                ending.Note(e);
            }
        }

        ending.ThrowIfFailed();
    }
}
