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
    IClusterStore store, ShareKeeper keeper, string node, string? drainTo, TimeProvider time, ILogger logger, ServerMetrics metrics)
{
    /// <summary>How long a free share is left to the node that it prefers.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(300);

    /// <summary>The shortest time between two looks at leases that are about to run out.</summary>
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(20);

    /// <summary>The longest time between two looks.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>Told of each reading.</summary>
    private readonly ClusterWitness _witness = new(node);

    private readonly ConcurrentDictionary<string, ShareHolding> _holdings = new(StringComparer.OrdinalIgnoreCase);
    private volatile ClusterPicture _picture = new(time);
    private volatile TaskCompletionSource _changed = New();
    private volatile bool _isDraining;
    private Task _showing = Task.CompletedTask;

    /// <summary>The cluster as it was last seen.</summary>
    public ClusterPicture Picture => _picture;

    /// <summary>What clients that watch the cluster are told of.</summary>
    public ISmbWitnessSource Witness => _witness.Source;

    /// <summary>What this node has to do with each share.</summary>
    public IEnumerable<ShareHolding> Holdings => _holdings.Values;

    /// <summary>Completes with the next change of what is known. Taken before what is waited for is looked at.</summary>
    public Task Changed => _changed.Task;

    /// <summary>Asked at each look; <see langword="null"/>: nothing is balanced.</summary>
    public Rebalancing? Rebalancing { get; init; }

    /// <summary>Sends clients on that would stay here.</summary>
    public required BriefRefusal Refusal { get; init; }

    /// <summary>Whether it takes no more shares.</summary>
    public bool IsDraining
    {
        get => _isDraining;
        set
        {
            _isDraining = value;
            Pulse();
        }
    }

    public ShareHolding? Find(string share) => _holdings.GetValueOrDefault(share);

    /// <summary>Has a look taken at once.</summary>
    public void Pulse() => Interlocked.Exchange(ref _changed!, New()).TrySetResult();

    /// <summary>Reads the cluster: for the first time, or for somebody who has changed it and is to see that at once.</summary>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        var readAt = time.GetTimestamp();
        _picture = _picture.With(await store.ReadAsync(_picture.Version, cancellationToken).ConfigureAwait(false), readAt);
        Pulse();
    }

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
                var changed = Changed;
                var version = _picture.Version;
                var readAt = time.GetTimestamp();
                var view = await store.ReadAsync(version, over.Token).ConfigureAwait(false);
                if (view.Version < version)
                {
                    _picture = new ClusterPicture(time); // a database that was set back: what was known is not true any more
                    continue;
                }

                _picture = _picture.With(view, readAt);
                if (view.Version != version)
                {
                    Pulse();
                    changed = Changed;
                }

                _witness.Look(_picture);
                _showing = _showing.IsCompleted ? ShowPartsAsync(_picture, over.Token) : _showing;
                await DecideAsync(term, over.Token).ConfigureAwait(false);
                if (Rebalancing is not null && !_isDraining)
                {
                    await Rebalancing.LookAsync(_picture, over.Token).ConfigureAwait(false);
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
    public Task ForgetAllAsync() => Task.WhenAll(_holdings.Values.Select(async holding =>
    {
        if (holding is { Ownership: { } ownership, Term: { } term })
        {
            await ReleaseAsync(ownership, HeirOf(holding.Share), term).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        Away(holding, given: true);
    }));

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
            await LoseAsync(holding).ConfigureAwait(false);
        })).ConfigureAwait(false);
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task WaitAsync(Task changed, CancellationToken cancellationToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var told = store.WaitAsync(_picture.Version, PauseUntilNextLook(), enough.Token).AsTask();
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
        var picture = _picture;

        // Nodes renew their leases when a third of them has passed: none may seem dead because nothing was read for as long as the rest.
        var pause = picture.LongestLease / 3 is var third && third < LongestPause ? third : LongestPause;
        foreach (var name in keeper.Shares)
        {
            if (picture.FindShare(name) is { } share && picture.RemainingOf(share) is var left && left > TimeSpan.Zero
                && !node.Equals(share.Owner, StringComparison.OrdinalIgnoreCase))
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
                Begin(holding, HoldingPhase.Leaving, () => GiveUpAsync(holding, successor: null, cancellationToken));
            }
        }

        if (wanted.Count == 0)
        {
            return;
        }

        var before = wanted.ToDictionary(static holding => holding.Share, holding => _picture.FindShare(holding.Share), StringComparer.OrdinalIgnoreCase);
        var taken = await store.TakeAsync(term.Incarnation, [.. before.Keys], cancellationToken).ConfigureAwait(false);
        if (taken.Count > 0)
        {
            // Only its owner splits a share: what is a part of its own is certain for a new owner who reads it now.
            await ReadAsync(cancellationToken).ConfigureAwait(false);
        }

        var picture = _picture;
        foreach (var ownership in taken)
        {
            if (Find(ownership.Share) is { } holding)
            {
                IReadOnlyList<string> parts = [.. picture.PartsOf(ownership.Share).Select(static part => part.Folder!)];
                holding.Ownership = ownership;
                holding.Term = term;
                Begin(holding, HoldingPhase.Opening, () => OpenAsync(holding, ownership, term, before[ownership.Share], parts));
            }
        }
    }

    /// <summary>Begins what has to be done with a share that nothing is being done with.</summary>
    /// <returns>Whether this node is to take it.</returns>
    private bool Decide(ShareHolding holding, MemberTerm term)
    {
        var share = _picture.FindShare(holding.Share);
        var isOurs = share is not null && share.Incarnation == term.Incarnation;
        if (holding.Phase == HoldingPhase.Serving)
        {
            if (holding.IsTakenOver
                || (holding.Ownership is { } ownership && share is not null && share.Epoch > ownership.Epoch && !isOurs))
            {
                ClusterLog.TakenOver(logger, holding.Share);
                keeper.Fence(holding.Share);
                Begin(holding, HoldingPhase.Leaving, () => LoseAsync(holding));
            }
            else if (SuccessorOf(holding, share) is { } successor)
            {
                Begin(holding, HoldingPhase.Leaving, () => GiveUpAsync(holding, successor, term.Over));
            }
            else if (!keeper.IsServed(holding.Share))
            {
                return true; // it was changed, and has to be opened anew
            }
            else if (holding.Interruption is { IsReady: true } interruption)
            {
                Interrupt(interruption, term.Over);
            }

            return false;
        }

        // What an earlier incarnation of this node had it has left, unless it did not get to that: the store knows.
        var isFree = isOurs || share is null || IsUs(share.Owner) || _picture.RemainingOf(share) == TimeSpan.Zero;
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

        if (isOurs || IsUs(share?.Successor))
        {
            return true;
        }

        return !_picture.IsAlive(share?.Successor)
            && (IsUs(RendezvousHash.Choose(holding.Share, _picture.Takers.Append(node))) || time.GetElapsedTime(holding.FreeSince) >= Grace);
    }

    /// <summary>The node that a share is to be given to now; <see langword="null"/>: it stays.</summary>
    private string? SuccessorOf(ShareHolding holding, ClusterShareState? share)
    {
        if (share?.Wanted is { } wanted && !IsUs(wanted) && _picture.IsAlive(wanted))
        {
            return wanted;
        }

        return _isDraining ? HeirOf(holding.Share) : null;
    }

    /// <summary>The node that gets a share when this one stops; <see langword="null"/>: there is no other.</summary>
    public string? HeirOf(string share) => _picture.IsAlive(drainTo) && !IsUs(drainTo)
        ? drainTo
        : RendezvousHash.Choose(share, _picture.Takers.Where(taker => !IsUs(taker)));

    /// <summary>Begins to work on a share; when that is over, everything is looked at again.</summary>
    private void Begin(ShareHolding holding, HoldingPhase phase, Func<Task> work)
    {
        holding.Phase = phase;
        Pulse();
        holding.Work = Task.Run(async () =>
        {
            await work().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Pulse();
        });
    }

    private async Task OpenAsync(
        ShareHolding holding, ClusterOwnership ownership, MemberTerm term, ClusterShareState? before, IReadOnlyList<string> parts)
    {
        var began = time.GetTimestamp();
        try
        {
            var lost = before is { Owner: { } owner } && !IsUs(owner) ? new SmbFencedNode(owner, ownership.Share, before.Epoch) : null;
            await keeper.OpenAsync(ownership, term, lost, () => TakenOver(holding), parts).ConfigureAwait(false);
            holding.FreeSince = 0;
            holding.Phase = HoldingPhase.Serving;
            if (holding.WasServed)
            {
                metrics.ShareLeft(given: true, holding.IsPart); // it was opened anew
            }

            holding.WasServed = true;
            holding.IsPart = _picture.FindShare(holding.Share)?.PartOf is not null;
            metrics.ShareTaken(time.GetElapsedTime(began).TotalSeconds, holding.IsPart);
            ClusterLog.Taken(logger, ownership.Share, ownership.Epoch, time.GetElapsedTime(began));
        }
        catch (Exception e)
        {
            if (!term.Over.IsCancellationRequested)
            {
                ClusterLog.NotOpened(logger, e, ownership.Share);
            }

            holding.RetryAt = time.Later(time.GetTimestamp(), LongestPause);
            await ReleaseAsync(ownership, null, term).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Away(holding);
        }
    }

    /// <summary>Has something done with shares that are served here, while nobody uses them.</summary>
    /// <exception cref="InvalidOperationException">They are not served here, or something else is to be done with them.</exception>
    public Task InterruptAsync(ShareInterruption interruption)
    {
        foreach (var holding in interruption.Holdings)
        {
            lock (holding)
            {
                if (holding is not { Phase: HoldingPhase.Serving, Interruption: null })
                {
                    interruption.Fail(new InvalidOperationException($"Share '{holding.Share}' is on its way to another node, or is being changed."));
                    Withdraw(interruption);
                    return interruption.Done;
                }

                holding.Interruption = interruption;
            }
        }

        Pulse();
        return interruption.Done;
    }

    private void Interrupt(ShareInterruption interruption, CancellationToken cancellationToken)
    {
        var running = new Lazy<Task>(async () =>
        {
            try
            {
                await interruption.RunAsync(keeper, cancellationToken).ConfigureAwait(false);
                interruption.Complete();
            }
            catch (Exception e)
            {
                interruption.Fail(e);
            }
        });
        foreach (var holding in interruption.Holdings)
        {
            Begin(holding, HoldingPhase.Leaving, async () =>
            {
                await running.Value.ConfigureAwait(false);
                Withdraw(interruption);

                // What was suspended is not served, and taken anew.
                holding.Phase = HoldingPhase.Serving;
            });
        }
    }

    private static void Withdraw(ShareInterruption interruption)
    {
        foreach (var holding in interruption.Holdings)
        {
            lock (holding)
            {
                if (holding.Interruption == interruption)
                {
                    holding.Interruption = null;
                }
            }
        }
    }

    /// <summary>Gives a share up in an orderly way.</summary>
    private async Task GiveUpAsync(ShareHolding holding, string? successor, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var (ownership, term) = (holding.Ownership!, holding.Term!);
        if (successor is not null && keeper.HasFollowers(holding.Share))
        {
            Refusal.TryBegin(() => HasLeft(holding));
        }

        try
        {
            await keeper.SuspendAsync(holding.Share, prepare: null, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            ClusterLog.NotGivenUp(logger, e, holding.Share);
            holding.Phase = HoldingPhase.Serving;
            return;
        }

        Away(holding, given: true);
        try
        {
            await ReleaseAsync(ownership, successor, term).ConfigureAwait(false);
            ClusterLog.GivenUp(logger, holding.Share, successor is null ? LogText.Ours("anybody") : successor, time.GetElapsedTime(began));
        }
        catch (Exception e)
        {
            // It stays this node's as far as the cluster knows, and is taken up again.
            ClusterLog.NotGivenUp(logger, e, holding.Share);
        }
    }

    /// <summary>
    /// Whether nobody uses a share here any more that is given up, and those who come to a third node are told that it is not there.
    /// </summary>
    private bool HasLeft(ShareHolding holding)
    {
        var picture = _picture;
        return holding.Phase != HoldingPhase.Leaving
            && (holding.Phase != HoldingPhase.Away || picture.FindOwner(holding.Share) is { } owner && !IsUs(owner.Node.Name)
                || picture.Takers.Count(taker => !IsUs(taker)) <= 1);
    }

    /// <summary>Gives the ownership of a share back, as often as it takes while the lease lasts.</summary>
    private async Task ReleaseAsync(ClusterOwnership ownership, string? successor, MemberTerm term)
    {
        while (true)
        {
            try
            {
                await store.ReleaseAsync(ownership, successor, term.Over).ConfigureAwait(false);
                return;
            }
            catch (Exception) when (!term.Lease.HasRunOut)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), time, term.Over).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The journal of a share was refused: another node has it.</summary>
    private void TakenOver(ShareHolding holding)
    {
        holding.IsTakenOver = true;
        keeper.Fence(holding.Share);
        Pulse();
    }

    /// <summary>Closes what is left of a share that was fenced.</summary>
    private async Task LoseAsync(ShareHolding holding)
    {
        try
        {
            await keeper.CloseAsync(holding.Share).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The server stops, and closes it with all others.
        }
        catch (Exception e)
        {
            ClusterLog.NotClosed(logger, e, holding.Share);
        }

        Away(holding);
    }

    private void Away(ShareHolding holding, bool given = false)
    {
        if (holding.WasServed)
        {
            metrics.ShareLeft(given, holding.IsPart);
        }

        if (holding.Interruption is { } interruption)
        {
            interruption.Fail(new InvalidOperationException($"Share '{holding.Share}' went to another node."));
            Withdraw(interruption);
        }

        holding.WasServed = false;
        holding.Ownership = null;
        holding.Term = null;
        holding.IsTakenOver = false;
        holding.FreeSince = 0;
        holding.Phase = HoldingPhase.Away;
        Pulse();
    }

    private bool IsUs(string? name) => node.Equals(name, StringComparison.OrdinalIgnoreCase);
}
