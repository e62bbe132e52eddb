using Smb3.Embedded.Cluster;

namespace Smb3.Embedded.Hosting.Clustering;

/// <summary>What this node knows of the cluster, and who waits for that to change.</summary>
/// <param name="store">What all nodes know.</param>
/// <param name="node">The name of this node.</param>
/// <param name="drainTo">The node that gets the shares of this one; <see langword="null"/>: all others.</param>
/// <param name="time">The clock.</param>
internal sealed class ClusterOutlook(IClusterStore store, string node, string? drainTo, TimeProvider time)
{
    private volatile ClusterPicture _picture = new(time);
    private volatile TaskCompletionSource _changed = New();

    /// <summary>The cluster as it was last seen.</summary>
    public ClusterPicture Picture => _picture;

    /// <summary>Completes with the next change of what is known. Taken before what is waited for is looked at.</summary>
    public Task Changed => _changed.Task;

    /// <summary>Has all who wait look again.</summary>
    public void Pulse() => Interlocked.Exchange(ref _changed!, New()).TrySetResult();

    /// <summary>Reads the cluster: for the first time, or for somebody who has changed it and is to see that at once.</summary>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        var readAt = time.GetTimestamp();
        _picture = _picture.With(await store.ReadAsync(_picture.Version, cancellationToken).ConfigureAwait(false), readAt);
        Pulse();
    }

    /// <summary>Reads the cluster again and again; who waits hears of it when there is something new.</summary>
    /// <returns>Completes with the next change; <see langword="null"/>: nothing is known any more, and has to be read again.</returns>
    public async Task<Task?> LookAsync(CancellationToken cancellationToken)
    {
        var changed = Changed;
        var version = _picture.Version;
        var readAt = time.GetTimestamp();
        var view = await store.ReadAsync(version, cancellationToken).ConfigureAwait(false);
        if (view.Version < version)
        {
            _picture = new ClusterPicture(time); // a database that was set back: what was known is not true any more
            return null;
        }

        _picture = _picture.With(view, readAt);
        if (view.Version != version)
        {
            Pulse();
            changed = Changed;
        }

        return changed;
    }

    /// <summary>Whether a node is this one.</summary>
    public bool IsUs(string? name) => node.Equals(name, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a free share is this node's before all others'.</summary>
    public bool IsPreferred(string share) => IsUs(RendezvousHash.Choose(share, _picture.Takers.Append(node)));

    /// <summary>The node that gets a share when this one stops; <see langword="null"/>: there is no other.</summary>
    public string? HeirOf(string share) => _picture.IsAlive(drainTo) && !IsUs(drainTo)
        ? drainTo
        : RendezvousHash.Choose(share, _picture.Takers.Where(taker => !IsUs(taker)));

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
