using Microsoft.Extensions.Logging;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Hosting.Clustering;

/// <summary>
/// Does with the shares of a node what was decided: opens them, gives them up, closes those that were lost. One thing at a time is done with
/// each, beside those of all others.
/// </summary>
internal sealed class ShareWork(
    IClusterStore store, ShareKeeper keeper, ClusterOutlook outlook, BriefRefusal refusal, TimeProvider time, ILogger logger, ServerMetrics metrics)
{
    /// <summary>How long a share that could not be opened is left to others.</summary>
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(5);

    /// <summary>Opens a share that has been taken.</summary>
    /// <param name="holding">The share.</param>
    /// <param name="ownership">On what terms it was taken.</param>
    /// <param name="term">The membership under which it was.</param>
    /// <param name="before">Whose it was.</param>
    /// <param name="parts">The folders in it that are shares of their own.</param>
    public void BeginOpening(
        ShareHolding holding, ClusterOwnership ownership, MemberTerm term, ClusterShareState? before, IReadOnlyList<string> parts)
    {
        holding.Ownership = ownership;
        holding.Term = term;
        Begin(holding, HoldingPhase.Opening, () => OpenAsync(holding, ownership, term, before, parts));
    }

    /// <summary>Gives a share up in an orderly way.</summary>
    /// <param name="holding">The share.</param>
    /// <param name="successor">Who gets it; <see langword="null"/>: anybody.</param>
    /// <param name="cancellationToken">Ends the wait for what is in work on it; it stays then.</param>
    public void BeginGivingUp(ShareHolding holding, string? successor, CancellationToken cancellationToken) =>
        Begin(holding, HoldingPhase.Leaving, () => GiveUpAsync(holding, successor, cancellationToken));

    /// <summary>Closes a share that another node has taken over.</summary>
    public void BeginLosing(ShareHolding holding) => Begin(holding, HoldingPhase.Leaving, () => LoseAsync(holding));

    /// <summary>Has something done with shares that are served here, as soon as nothing else is, while nobody uses them.</summary>
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

        outlook.Pulse();
        return interruption.Done;
    }

    /// <summary>Does what is to be done with shares that are ready for it.</summary>
    public void BeginInterruption(ShareInterruption interruption, CancellationToken cancellationToken)
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

    /// <summary>Gives a share back that the server has closed with all others.</summary>
    public async Task ForgetAsync(ShareHolding holding)
    {
        if (holding is { Ownership: { } ownership, Term: { } term })
        {
            await ReleaseAsync(ownership, outlook.HeirOf(holding.Share), term).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        Away(holding, given: true);
    }

    /// <summary>Closes what is left of a share that was fenced.</summary>
    public async Task LoseAsync(ShareHolding holding)
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

    /// <summary>Begins to work on a share; when that is over, everything is looked at again.</summary>
    private void Begin(ShareHolding holding, HoldingPhase phase, Func<Task> work)
    {
        holding.Phase = phase;
        outlook.Pulse();
        holding.Work = Task.Run(async () =>
        {
            await work().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            outlook.Pulse();
        });
    }

    private async Task OpenAsync(
        ShareHolding holding, ClusterOwnership ownership, MemberTerm term, ClusterShareState? before, IReadOnlyList<string> parts)
    {
        var began = time.GetTimestamp();
        try
        {
            var lost = before is { Owner: { } owner } && !outlook.IsUs(owner) ? new SmbFencedNode(owner, ownership.Share, before.Epoch) : null;
            await keeper.OpenAsync(ownership, term, lost, () => TakenOver(holding), parts).ConfigureAwait(false);
            holding.FreeSince = 0;
            holding.Phase = HoldingPhase.Serving;
            if (holding.WasServed)
            {
                metrics.ShareLeft(given: true, holding.IsPart); // it was opened anew
            }

            holding.WasServed = true;
            holding.IsPart = outlook.Picture.FindShare(holding.Share)?.PartOf is not null;
            metrics.ShareTaken(time.GetElapsedTime(began).TotalSeconds, holding.IsPart);
            ClusterLog.Taken(logger, ownership.Share, ownership.Epoch, time.GetElapsedTime(began));
        }
        catch (Exception e)
        {
            if (!term.Over.IsCancellationRequested)
            {
                ClusterLog.NotOpened(logger, e, ownership.Share);
            }

            holding.RetryAt = time.Later(time.GetTimestamp(), RetryPause);
            await ReleaseAsync(ownership, null, term).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Away(holding);
        }
    }

    private async Task GiveUpAsync(ShareHolding holding, string? successor, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var (ownership, term) = (holding.Ownership!, holding.Term!);
        if (successor is not null && keeper.HasFollowers(holding.Share))
        {
            refusal.TryBegin(() => HasLeft(holding));
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
        var picture = outlook.Picture;
        return holding.Phase != HoldingPhase.Leaving
            && (holding.Phase != HoldingPhase.Away || picture.FindOwner(holding.Share) is { } owner && !outlook.IsUs(owner.Node.Name)
                || picture.Takers.Count(taker => !outlook.IsUs(taker)) <= 1);
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
        outlook.Pulse();
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
        outlook.Pulse();
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
}
