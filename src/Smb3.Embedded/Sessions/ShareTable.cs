using System.Collections.Concurrent;
using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Sessions;

/// <summary>The shares of a server by name, ignoring case. They come and go while it runs.</summary>
internal sealed class ShareTable
{
    private readonly ConcurrentDictionary<string, Share> _shares = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Ends what a removed share still holds without a tree connect.</summary>
    public Func<Share, ValueTask> Removed { get; init; } = static _ => default;

    /// <summary>
    /// Brings the share of this name, or all of them for null, back in order when its folder has gone, was replaced, or is back. Null where
    /// shares stay as they are. Quick when there is nothing to do.
    /// </summary>
    public Func<string?, ValueTask>? CheckPlace { get; set; }

    /// <summary>
    /// Recreates the opens that an earlier process has left on a share that is added while the server runs, before clients can use it.
    /// </summary>
    public Func<Share, ValueTask>? Recover { get; set; }

    /// <summary>Those that the nodes of a cluster serve in turn; <see langword="null"/> without a cluster.</summary>
    public IClusteredShares? Cluster { get; set; }

    /// <summary>All that there are: those served here, and those that another node of the cluster serves.</summary>
    public IEnumerable<Share> Known => Cluster is { } cluster
        ? [.. All.Concat(cluster.All.Where(share => Find(share.Name) is null)).OrderBy(share => share.Name, StringComparer.OrdinalIgnoreCase)]
        : All;

    public IEnumerable<Share> All =>
        _shares.Values.Where(share => !share.IsRemoved).OrderBy(share => share.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether any share is continuously available, or may be here in a moment.</summary>
    public bool AnyContinuous
    {
        get
        {
            if (HasClustered)
            {
                return true;
            }

            foreach (var (_, share) in _shares)
            {
                if (share is { IsContinuouslyAvailable: true, IsRemoved: false })
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>
    /// Whether any share is a part of DFS (MS-SMB2 3.3.1.5, IsDfsCapable), or a clustered one: that can go elsewhere while clients are connected,
    /// who are told only in the negotiation what the server can do.
    /// </summary>
    public bool IsDfsCapable
    {
        get
        {
            if (HasClustered)
            {
                return true;
            }

            foreach (var (_, share) in _shares)
            {
                if (share is { Dfs: not null, IsRemoved: false })
                {
                    return true;
                }
            }

            return false;
        }
    }

    private bool HasClustered => Cluster is { } cluster && cluster.All.Any();

    public bool TryAdd(Share share) => _shares.TryAdd(share.Name, share);

    public Share? Find(string name) => _shares.GetValueOrDefault(name) is { IsRemoved: false } share ? share : null;

    /// <summary>A share as those know it who ask where it is: a clustered one, whether or not it is here.</summary>
    public Share? FindKnown(string name) => Cluster?.Find(name) ?? Find(name);

    /// <summary>
    /// Removes a share and ends every use of it; false when there is none of that name, or when another call removed it, in which case that
    /// removal has finished.
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
    /// Fences a share, and all others on its volume, off from their store, which belongs to another owner now. <see cref="RemoveAsync"/>
    /// abandons what they have open and then waits for no store; so does a removal that is already under way.
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

    /// <summary>The server stops: removes all shares.</summary>
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
