using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Hosting.Clustering;

/// <summary>
/// Decides, again and again, what this node does with each clustered share: what it sees in the cluster is compared with what it has, and
/// where the two differ something is begun. So nothing depends on having seen each step in between.
/// </summary>
internal sealed class SharePlacement(
    IClusterStore store, ShareKeeper keeper, ClusterOutlook outlook, ShareWork work, TimeProvider time, ILogger logger, ServerMetrics metrics)
{
    /// <summary>How long a free share is left to the node that it prefers.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(300);

    /// <summary>The shortest time between two looks at leases that are about to run out.</summary>
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(20);

    /// <summary>The longest time between two looks.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, ShareHolding> _holdings = new(StringComparer.OrdinalIgnoreCase);
    private volatile bool _isDraining;
    private Task _showing = Task.CompletedTask;

    /// <summary>What this node has to do with each share.</summary>
    public IEnumerable<ShareHolding> Holdings => _holdings.Values;

    /// <summary>Told of each look.</summary>
    public required ClusterWitness Witness { get; init; }

    /// <summary>Asked at each look; <see langword="null"/>: nothing is balanced.</summary>
    public Rebalancing? Rebalancing { get; init; }

    /// <summary>Whether it takes no more shares.</summary>
    public bool IsDraining
    {
        get => _isDraining;
        set
        {
            _isDraining = value;
            outlook.Pulse();
        }
    }

    public ShareHolding? Find(string share) => _holdings.GetValueOrDefault(share);

    /// <summary>Follows the cluster during a membership, as soon as the server serves. Never fails.</summary>
    public async Task FollowAsync(MemberTerm term, Task serving, CancellationToken stopping)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stopping, term.Over);
        await serving.WaitAsync(over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var failed = false;
        while (!over.IsCancellationRequested)
        {
            try
            {
                var readAt = time.GetTimestamp();
                if (await outlook.LookAsync(over.Token).ConfigureAwait(false) is not { } changed)
                {
                    continue;
                }

                Witness.Look(outlook.Picture);
                _showing = _showing.IsCompleted ? ShowPartsAsync(outlook.Picture, over.Token) : _showing;
                await DecideAsync(term, over.Token).ConfigureAwait(false);
                if (Rebalancing is not null && !_isDraining)
                {
                    await Rebalancing.LookAsync(outlook.Picture, over.Token).ConfigureAwait(false);
                }

                failed = false;
                var spent = time.GetElapsedTime(readAt);
                await WaitAsync(changed, over.Token).ConfigureAwait(false);
                await RestAsync(spent, over.Token).ConfigureAwait(false);
            }
            catch (Exception) when (over.IsCancellationRequested)
            {
                // The membership is over, or the server stops.
            }
            catch (Exception e)
            {
                if (!failed)
                {
                    ClusterLog.NotRead(logger, e);
                }

                failed = true;
                await Task.Delay(TimeSpan.FromMilliseconds(250), time, over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        await (Rebalancing?.WhenQuiet ?? Task.CompletedTask).ConfigureAwait(false);
    }

    /// <summary>Completes when nothing is being done with any share.</summary>
    public Task WhenQuietAsync() => Task.WhenAll(_holdings.Values.Select(static holding => holding.Work));

    /// <summary>The server has closed all shares: gives back what this node still owns.</summary>
    public Task ForgetAllAsync() => Task.WhenAll(_holdings.Values.Select(work.ForgetAsync));

    /// <summary>A membership is over: nothing that was owned under it is this node's any more.</summary>
    public async Task LoseAllAsync(MemberTerm term)
    {
        var lost = _holdings.Values.Where(holding => holding.Term == term).ToList();
        if (lost.Count > 0)
        {
            ClusterLog.Lost(logger, lost.Count);
        }

        metrics.LeaseLost();

        foreach (var holding in lost)
        {
            keeper.Fence(holding.Share);
        }

        await Task.WhenAll(lost.Select(async holding =>
        {
            await holding.Work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            keeper.Fence(holding.Share); // it may have been opened in the meantime
            await work.LoseAsync(holding).ConfigureAwait(false);
        })).ConfigureAwait(false);
    }

    private async Task WaitAsync(Task changed, CancellationToken cancellationToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var told = store.WaitAsync(outlook.Picture.Version, PauseUntilNextLook(), enough.Token).AsTask();
        await Task.WhenAny(told, changed).ConfigureAwait(false);
        await enough.CancelAsync().ConfigureAwait(false);
        await told.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>
    /// While shares are opened by the hundred, each of them is a reason to look again: looking takes no more than half of the time, and the
    /// opening has the rest.
    /// </summary>
    private Task RestAsync(TimeSpan spent, CancellationToken cancellationToken) =>
        Task.Delay(spent < ShortestPause ? spent : ShortestPause, time, cancellationToken);

    /// <summary>Until a lease on which somebody else's share hangs has run out, as far as is known, or a share may be taken by anybody.</summary>
    private TimeSpan PauseUntilNextLook()
    {
        var picture = outlook.Picture;

        // Nodes renew their leases when a third of them has passed: none may seem dead because nothing was read for as long as the rest.
        var pause = picture.LongestLease / 3 is var third && third < LongestPause ? third : LongestPause;
        foreach (var name in keeper.Shares)
        {
            if (picture.FindShare(name) is { } share && picture.RemainingOf(share) is var left && left > TimeSpan.Zero
                && !outlook.IsUs(share.Owner))
            {
                // Halfway, so that a lease that was renewed is known before it would have run out.
                pause = left / 2 < pause ? left / 2 : pause;
            }
            else if (Find(name) is { Phase: HoldingPhase.Away, FreeSince: not 0 })
            {
                pause = Grace < pause ? Grace : pause;
            }
        }

        return pause > ShortestPause ? pause : ShortestPause;
    }

    /// <summary>
    /// Makes parts known as shares, which are then looked at again. Not waited for: no share that takes long to open keeps others from being
    /// looked after.
    /// </summary>
    private async Task ShowPartsAsync(ClusterPicture picture, CancellationToken cancellationToken)
    {
        try
        {
            await keeper.ShowPartsAsync(picture, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The membership is over, or the server stops.
        }
        catch (Exception e)
        {
            ClusterLog.PartsNotShown(logger, e);
        }
    }

    private async Task DecideAsync(MemberTerm term, CancellationToken cancellationToken)
    {
        var wanted = new List<ShareHolding>();
        foreach (var name in keeper.Shares)
        {
            var holding = _holdings.GetOrAdd(name, static name => new ShareHolding(name));
            if (holding.Work.IsCompleted && Decide(holding, term))
            {
                wanted.Add(holding);
            }
        }

        foreach (var holding in _holdings.Values)
        {
            if (holding is { Phase: HoldingPhase.Serving, Work.IsCompleted: true } && !keeper.Knows(holding.Share))
            {
                work.BeginGivingUp(holding, successor: null, cancellationToken);
            }
        }

        if (wanted.Count == 0)
        {
            return;
        }

        var before = wanted.ToDictionary(static holding => holding.Share, holding => outlook.Picture.FindShare(holding.Share), StringComparer.OrdinalIgnoreCase);
        var taken = await store.TakeAsync(term.Incarnation, [.. before.Keys], cancellationToken).ConfigureAwait(false);
        if (taken.Count > 0)
        {
            // Only its owner splits a share: what is a part of its own is certain for a new owner who reads it now.
            await outlook.ReadAsync(cancellationToken).ConfigureAwait(false);
        }

        var picture = outlook.Picture;
        foreach (var ownership in taken)
        {
            if (Find(ownership.Share) is { } holding)
            {
                IReadOnlyList<string> parts = [.. picture.PartsOf(ownership.Share).Select(static part => part.Folder!)];
                work.BeginOpening(holding, ownership, term, before[ownership.Share], parts);
            }
        }
    }

    /// <summary>Begins what has to be done with a share that nothing is being done with.</summary>
    /// <returns>Whether this node is to take it.</returns>
    private bool Decide(ShareHolding holding, MemberTerm term)
    {
        var share = outlook.Picture.FindShare(holding.Share);
        var isOurs = share is not null && share.Incarnation == term.Incarnation;
        if (holding.Phase == HoldingPhase.Serving)
        {
            if (holding.IsTakenOver
                || (holding.Ownership is { } ownership && share is not null && share.Epoch > ownership.Epoch && !isOurs))
            {
                ClusterLog.TakenOver(logger, holding.Share);
                keeper.Fence(holding.Share);
                work.BeginLosing(holding);
            }
            else if (SuccessorOf(holding, share) is { } successor)
            {
                work.BeginGivingUp(holding, successor, term.Over);
            }
            else if (!keeper.IsServed(holding.Share))
            {
                return true; // it was changed, and has to be opened anew
            }
            else if (holding.Interruption is { IsReady: true } interruption)
            {
                work.BeginInterruption(interruption, term.Over);
            }

            return false;
        }

        // What an earlier incarnation of this node had it has left, unless it did not get to that: the store knows.
        var isFree = isOurs || share is null || outlook.IsUs(share.Owner) || outlook.Picture.RemainingOf(share) == TimeSpan.Zero;
        if (!isFree)
        {
            holding.FreeSince = 0;
            return false;
        }

        if (holding.FreeSince == 0)
        {
            holding.FreeSince = time.GetTimestamp();
        }

        if (_isDraining || time.GetTimestamp() < holding.RetryAt)
        {
            return false;
        }

        if (isOurs || outlook.IsUs(share?.Successor))
        {
            return true;
        }

        return !outlook.Picture.IsAlive(share?.Successor)
            && (outlook.IsPreferred(holding.Share) || time.GetElapsedTime(holding.FreeSince) >= Grace);
    }

    /// <summary>The node that a share is to be given to now; <see langword="null"/>: it stays.</summary>
    private string? SuccessorOf(ShareHolding holding, ClusterShareState? share)
    {
        if (share?.Wanted is { } wanted && !outlook.IsUs(wanted) && outlook.Picture.IsAlive(wanted))
        {
            return wanted;
        }

        return _isDraining ? outlook.HeirOf(holding.Share) : null;
    }
}
