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
    public ClusterSettings Settings => _life.Outlook.Picture.Settings;

    /// <summary>The nodes, as this one last saw them.</summary>
    public IReadOnlyList<SmbClusterNode> Nodes
    {
        get
        {
            var picture = _life.Outlook.Picture;
            return [.. picture.Nodes.OrderBy(static node => node.Node.Name, StringComparer.OrdinalIgnoreCase).Select(node => new SmbClusterNode(
                node.Node.Name, [.. node.Node.Addresses.Select(static endPoint => endPoint.Address)], node.Incarnation)
            {
                LeaseLeft = picture.RemainingOf(node),
                Opens = node.Load.Opens,
                BytesPerSecond = node.Load.BytesPerSecond,
                IsDraining = IsUs(node.Node.Name) ? _life.Placement.IsDraining : node.Load.IsDraining,
                IsFenced = node.IsFenced,
            })];
        }
    }

    /// <summary>The clustered shares and their parts, as this node last saw them.</summary>
    public IReadOnlyList<SmbClusterShare> Shares
    {
        get
        {
            var picture = _life.Outlook.Picture;
            var loads = _life.Meter.Shares;
            return [.. picture.Shares.Where(static share => !share.IsRemoved).OrderBy(static share => share.Share, StringComparer.OrdinalIgnoreCase).Select(share => new SmbClusterShare(
                share.Share, picture.RemainingOf(share) > TimeSpan.Zero ? share.Owner : null, share.Epoch)
            {
                MovesTo = share.Wanted ?? (picture.RemainingOf(share) > TimeSpan.Zero ? null : share.Successor),
                IsHere = _life.Placement.Find(share.Share) is { Phase: HoldingPhase.Serving },
                PartOf = share.PartOf,
                Folder = share.Folder,
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
                await _life.Outlook.ReadAsync(cancellationToken).ConfigureAwait(false);
                return;
            }

            seen = view.Version;
            await _life.Store.WaitAsync(seen, TimeSpan.FromSeconds(1), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Splits a share at a folder: what is in it is a part of its own from then on, which goes from node to node as a share does, while clients
    /// find it where it was. Called on the node that has the share; its clients connect again, as after a move. Ends when both are served. All
    /// nodes that live have to know parts (<see cref="Cluster.ClusterLimits.PartsLevel"/>), and others cannot join any more.
    /// </summary>
    /// <param name="share">The name of the share.</param>
    /// <param name="path">The folder, from the root of the share.</param>
    /// <param name="node">The name of the node that is to have the part; <see langword="null"/>: whichever takes it.</param>
    /// <param name="closeOpens">
    /// What becomes of that which clients have open in the folder, for a handle does not go from one tree to another. True: clients are asked to
    /// write back what they cache there, which may take 35 seconds; then what is open there is closed, its locks and leases end, deletions that are
    /// due are done, and programs have to open their files anew. False: nothing is split while something is open.
    /// </param>
    /// <param name="cancellationToken">Ends the wait; the share may be split all the same.</param>
    /// <returns>The name of the part, by which it can be moved.</returns>
    /// <exception cref="ArgumentException">There is no such share or folder, or no such node that lives.</exception>
    /// <exception cref="InvalidOperationException">
    /// The share is not here, is split there already, or clients have something open in the folder; with <paramref name="closeOpens"/>: a client
    /// that is away may have something to write back.
    /// </exception>
    /// <exception cref="TimeoutException">The store did not close what is open in the folder. The share is not split.</exception>
    /// <exception cref="Cluster.ClusterLevelException">A node that lives does not know parts.</exception>
    public async Task<string> SplitAsync(string share, string path, string? node = null, bool closeOpens = false, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(share);
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (node is not null)
        {
            // It may have joined since this node has looked last.
            await _life.Outlook.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (!_life.Outlook.Picture.IsAlive(node))
            {
                throw new ArgumentException($"There is no node '{node}' that lives.", nameof(node));
            }
        }

        var part = await _life.Splitter.SplitAsync(share, path, closeOpens, PartOrigin.Host, cancellationToken).ConfigureAwait(false);
        if (node is not null)
        {
            await MoveAsync(part, node, cancellationToken).ConfigureAwait(false);
        }

        return part;
    }

    /// <summary>
    /// Joins a part to its share again, at the node that has the share: that takes the part to itself first. Clients of both connect again.
    /// </summary>
    /// <param name="share">The name of the share.</param>
    /// <param name="path">The folder at which it is split.</param>
    /// <param name="cancellationToken">Ends the wait; they may be joined all the same.</param>
    /// <exception cref="ArgumentException">There is no such share, or it is not split there.</exception>
    /// <exception cref="InvalidOperationException">The share is not here, or clients have something open in the part.</exception>
    public Task JoinAsync(string share, string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(share);
        ArgumentException.ThrowIfNullOrEmpty(path);
        return _life.Splitter.JoinAsync(share, path, cancellationToken);
    }

    /// <summary>
    /// Gives all clustered shares of this node to others, and takes none until <see cref="Resume"/>. Ends when none is left here, or no other
    /// node is there to take them.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task DrainAsync(CancellationToken cancellationToken = default)
    {
        await _life.DrainAsync(cancellationToken).ConfigureAwait(false);
        await _life.Outlook.ReadAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes shares again after <see cref="DrainAsync"/>.</summary>
    public void Resume() => _life.Resume();

    /// <summary>
    /// Shuts another node out of the cluster, for one that does harm and cannot be reached: its lease is not renewed any more, its shares go to others, and
    /// it cannot join until <see cref="UnfenceAsync"/>. Ends when its lease has run out, so that it serves nothing any more.
    /// </summary>
    /// <param name="node">The name of the node.</param>
    /// <param name="cancellationToken">Ends the wait; the node may be shut out all the same.</param>
    /// <exception cref="ArgumentException">There is no such node, or it is this one.</exception>
    public async Task FenceAsync(string node, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(node);
        if (IsUs(node))
        {
            throw new ArgumentException($"'{node}' is this node, which does not shut itself out: drain it, or ask another one.");
        }

        await SetFencedAsync(node, isOut: true, cancellationToken).ConfigureAwait(false);
        while (true)
        {
            var view = await _life.Store.ReadAsync(long.MaxValue, cancellationToken).ConfigureAwait(false);
            var left = view.Nodes.Where(found => found.Node.Name.Equals(node, StringComparison.OrdinalIgnoreCase))
                .Select(static found => found.Remaining).DefaultIfEmpty().Max();
            if (left == TimeSpan.Zero)
            {
                await _life.Outlook.ReadAsync(cancellationToken).ConfigureAwait(false);
                return;
            }

            await _life.Store.WaitAsync(view.Version, left, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Lets a node in again that was shut out (<see cref="FenceAsync"/>): it joins by itself if it runs.</summary>
    /// <param name="node">The name of the node.</param>
    /// <param name="cancellationToken">Ends the wait; the node may be let in all the same.</param>
    /// <exception cref="ArgumentException">There is no such node.</exception>
    public async Task UnfenceAsync(string node, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(node);
        await SetFencedAsync(node, isOut: false, cancellationToken).ConfigureAwait(false);
        await _life.Outlook.ReadAsync(cancellationToken).ConfigureAwait(false);
    }

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

    private bool IsUs(string node) => node.Equals(Node, StringComparison.OrdinalIgnoreCase);

    private async Task SetFencedAsync(string node, bool isOut, CancellationToken cancellationToken)
    {
        if (!await _life.Store.FenceAsync(node, isOut, cancellationToken).ConfigureAwait(false))
        {
            throw new ArgumentException($"There is no node '{node}' in the cluster.");
        }
    }
}
