using System.Net;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.Hosting.Clustering;

namespace Smb3.Embedded;

/// <summary>The cluster as one of its nodes sees it, and what can be done with it. Members are safe for concurrent use.</summary>
public sealed class SmbCluster
{
    private readonly ClusterLife _life;

    internal SmbCluster(ClusterLife life) => _life = life;

    /// <summary>The name of this node.</summary>
    public string Node => _life.Node;

    /// <summary>Whether this node is a member at this moment: its lease is valid, and it may serve clustered shares.</summary>
    public bool IsMember => _life.Term is not null;

    /// <summary>What this run of the node is known by; 0 while it is no member.</summary>
    public long Incarnation => _life.Term?.Incarnation ?? 0;

    /// <summary>How long this node may go on without hearing from the cluster's store.</summary>
    public TimeSpan LeaseLeft => _life.Term?.Lease.Remaining ?? TimeSpan.Zero;

    /// <summary>What holds for all nodes.</summary>
    public ClusterSettings Settings => _life.Placement.Picture.Settings;

    /// <summary>The nodes, as this one last saw them.</summary>
    public IReadOnlyList<SmbClusterNode> Nodes
    {
        get
        {
            var picture = _life.Placement.Picture;
            return [.. picture.Nodes.OrderBy(static node => node.Node.Name, StringComparer.OrdinalIgnoreCase).Select(node => new SmbClusterNode(
                node.Node.Name, [.. node.Node.Addresses.Select(static endPoint => endPoint.Address)], node.Incarnation)
            {
                LeaseLeft = picture.RemainingOf(node),
                Opens = node.Load.Opens,
                BytesPerSecond = node.Load.BytesPerSecond,
                IsDraining = node.Load.IsDraining,
            })];
        }
    }

    /// <summary>The clustered shares, as this node last saw them.</summary>
    public IReadOnlyList<SmbClusterShare> Shares
    {
        get
        {
            var picture = _life.Placement.Picture;
            var loads = _life.Meter.Shares;
            return [.. picture.Shares.OrderBy(static share => share.Share, StringComparer.OrdinalIgnoreCase).Select(share => new SmbClusterShare(
                share.Share, picture.RemainingOf(share) > TimeSpan.Zero ? share.Owner : null, share.Epoch)
            {
                MovesTo = share.Wanted ?? (picture.RemainingOf(share) > TimeSpan.Zero ? null : share.Successor),
                IsHere = _life.Placement.Find(share.Share) is { Phase: HoldingPhase.Serving },
                Opens = loads.GetValueOrDefault(share.Share).Opens,
                BytesPerSecond = loads.GetValueOrDefault(share.Share).BytesPerSecond,
            })];
        }
    }

    /// <summary>
    /// Moves a share to another node. Ends when that node has it; who connects there in the next moment waits until it is served.
    /// </summary>
    /// <param name="share">The name of the share.</param>
    /// <param name="node">The name of the node.</param>
    /// <param name="cancellationToken">Ends the wait; the share may be moved all the same.</param>
    /// <exception cref="ArgumentException">There is no such share, or no such node that lives.</exception>
    public async Task MoveAsync(string share, string node, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(share);
        ArgumentException.ThrowIfNullOrEmpty(node);
        if (!await _life.Store.RequestMoveAsync(share, node, long.MaxValue, cancellationToken).ConfigureAwait(false))
        {
            throw new ArgumentException($"There is no share '{share}', or no node '{node}' that lives.");
        }

        for (var seen = 0L; ;)
        {
            var view = await _life.Store.ReadAsync(seen, cancellationToken).ConfigureAwait(false);
            if (view.Shares.FirstOrDefault(found => found.Share.Equals(share, StringComparison.OrdinalIgnoreCase)) is { Remaining.Ticks: > 0 } state
                && node.Equals(state.Owner, StringComparison.OrdinalIgnoreCase))
            {
                return;
            }

            seen = view.Version;
            await _life.Store.WaitAsync(seen, TimeSpan.FromSeconds(1), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Gives all clustered shares of this node to others, and takes none until <see cref="Resume"/>. Ends when none is left here, or no other
    /// node is there to take them.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task DrainAsync(CancellationToken cancellationToken = default) => _life.DrainAsync(cancellationToken);

    /// <summary>Takes shares again after <see cref="DrainAsync"/>.</summary>
    public void Resume() => _life.Resume();

    /// <summary>
    /// Sets the highest dialect with which clustered shares are used, on all nodes: what an administrator raises when every node knows the
    /// newer one. Clients that use a higher one already go on.
    /// </summary>
    /// <param name="dialect">The dialect; <see langword="null"/>: any.</param>
    /// <param name="cancellationToken">Ends the wait; it may have been set all the same.</param>
    public async Task SetMaxDialectAsync(SmbDialect? dialect, CancellationToken cancellationToken = default)
    {
        var view = await _life.Store.ReadAsync(long.MaxValue, cancellationToken).ConfigureAwait(false);
        await _life.Store.ConfigureAsync(view.Settings with { MaxDialect = (int?)dialect }, cancellationToken).ConfigureAwait(false);
    }
}
