using Microsoft.Extensions.Logging;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Files.Fencing;
using Smb3.Embedded.State;
using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Hosting.Clustering;

/// <summary>
/// Joins the cluster and keeps the lease. What this node relies on runs out before what the cluster has granted: it is counted from before
/// the request was sent, and ends a margin earlier, for clocks that do not run alike.
/// </summary>
internal sealed class Membership(
    IClusterStore store, ClusterNode node, TimeSpan leaseTime, TimeProvider time, ILogger logger, Func<ClusterLoad> load)
{
    private const int RenewalsPerLease = 3;
    private const int MarginPart = 20;

    /// <summary>How long after a failure it is tried again, at most.</summary>
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);

    private readonly Signal _renew = new();

    /// <summary>The name of this node.</summary>
    public string Node => node.Name;

    /// <summary>How often the lease is renewed.</summary>
    public TimeSpan Period { get; } = leaseTime / RenewalsPerLease;

    /// <summary>Joins once.</summary>
    public async Task<MemberTerm> JoinAsync(CancellationToken cancellationToken)
    {
        var sent = time.GetTimestamp();
        var member = await store.JoinAsync(node, leaseTime, cancellationToken).ConfigureAwait(false);
        return new MemberTerm(member.Incarnation, new OwnerLease(time, EndOf(sent)));
    }

    /// <summary>Joins, however often it takes.</summary>
    public async Task<MemberTerm> RejoinAsync(CancellationToken cancellationToken)
    {
        for (var isFirst = true; ; isFirst = false)
        {
            try
            {
                var term = await JoinAsync(cancellationToken).ConfigureAwait(false);
                ClusterLog.Joined(logger, node.Name, term.Incarnation);
                return term;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                if (isFirst)
                {
                    ClusterLog.NotJoined(logger, e, node.Name);
                }

                await Task.Delay(RetryDelay, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Has the lease renewed now, because the load has changed.</summary>
    public void RenewSoon() => _renew.Set();

    /// <summary>Keeps a membership until it is lost.</summary>
    public async Task KeepAsync(MemberTerm term, CancellationToken cancellationToken)
    {
        var failed = false;
        while (!term.Lease.HasRunOut)
        {
            var pause = Least(failed ? Least(RetryDelay, Period / 4) : Period, term.Lease.Remaining);
            await _renew.WaitAsync(pause, time, cancellationToken).ConfigureAwait(false);
            if (term.Lease.HasRunOut)
            {
                return;
            }

            try
            {
                var sent = time.GetTimestamp();
                await RenewAsync(term, cancellationToken).ConfigureAwait(false);
                if (!term.Lease.TryExtend(EndOf(sent)))
                {
                    return;
                }

                failed = false;
            }
            catch (StateFencedException)
            {
                return;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                if (!failed)
                {
                    ClusterLog.NotRenewed(logger, e, term.Lease.Remaining);
                }

                failed = true;
            }
        }
    }

    /// <summary>Gives what was owned under a membership free; nothing of it is in use any more.</summary>
    public async Task LeaveAsync(MemberTerm term, CancellationToken cancellationToken)
    {
        try
        {
            await store.LeaveAsync(term.Incarnation, cancellationToken).AsTask().WaitAsync(Period, time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            ClusterLog.NotLeft(logger, e, node.Name);
        }
    }

    /// <summary>Renews once. A store that does not answer is asked again, while there is time.</summary>
    private async Task RenewAsync(MemberTerm term, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            await store.RenewAsync(term.Incarnation, load(), patience.Token).AsTask()
                .WaitAsync(Least(Period, term.Lease.Remaining), time, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await patience.CancelAsync().ConfigureAwait(false);
        }
    }

    private long EndOf(long sent) => time.Later(sent, leaseTime - (leaseTime / MarginPart));

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
