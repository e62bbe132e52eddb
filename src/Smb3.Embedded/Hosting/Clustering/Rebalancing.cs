using Microsoft.Extensions.Logging;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.Diagnostics;

namespace Smb3.Embedded.Hosting.Clustering;

/// <summary>
/// Does what a <see cref="ShareBalancer"/> decides. A step is first asked for at the store, by the version of the cluster that it was decided by, so
/// that of several nodes one makes a step at a time.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="meter">What is carried here.</param>
/// <param name="balancer">Decides.</param>
/// <param name="joiner">Decides what is joined again; <see langword="null"/>: nothing is split or joined.</param>
/// <param name="splitter">Splits and joins.</param>
/// <param name="parts">Log and metrics.</param>
internal sealed class Rebalancing(
    IClusterStore store, LoadMeter meter, ShareBalancer balancer, PartJoiner? joiner, ShareSplitter splitter, Life.ServerParts parts)
{
    private Task _changing = Task.CompletedTask;

    /// <summary>Completes when no share is being split or joined. Never fails.</summary>
    public Task WhenQuiet => _changing;

    /// <summary>Looks at the cluster, and asks for a step if there is one to be made.</summary>
    /// <param name="picture">The cluster.</param>
    /// <param name="cancellationToken">Ends everything.</param>
    public async Task LookAsync(ClusterPicture picture, CancellationToken cancellationToken)
    {
        if (!_changing.IsCompleted
            || (balancer.Choose(picture, meter.Shares) ?? joiner?.Choose(picture, meter.Shares, balancer.CalmFor)) is not { } step)
        {
            return;
        }

        // A move is then seen and made like any other. A share that is split or joined shall stay, which is asked for to be the only one.
        var isMove = step.Act == BalanceAct.Move;
        if (!await store.RequestMoveAsync(step.Share, isMove ? step.Node : null, picture.Version, cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        if (isMove)
        {
            parts.Metrics.ShareBalanced();
            ClusterLog.Balanced(parts.Logger, step.Share, step.Node);
        }
        else
        {
            // Not waited for: what is done here is begun by who has called this.
            _changing = Task.Run(() => ChangeAsync(step, cancellationToken), CancellationToken.None);
        }
    }

    private async Task ChangeAsync(BalanceStep step, CancellationToken cancellationToken)
    {
        try
        {
            if (step.Act == BalanceAct.Join)
            {
                await splitter.JoinAsync(step.Share, step.Folder!, cancellationToken).ConfigureAwait(false);
                ClusterLog.PartJoined(parts.Logger, step.Share, step.Folder!);
                return;
            }

            var part = await splitter.SplitAsync(step.Share, step.Folder!, closesOpens: true, PartOrigin.Balancer, cancellationToken).ConfigureAwait(false);
            parts.Metrics.ShareBalanced();
            ClusterLog.Split(parts.Logger, step.Share, step.Folder!, part, step.Node);
            await store.RequestMoveAsync(part, step.Node, long.MaxValue, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // The membership is over, or the server stops.
        }
        catch (Exception e)
        {
            if (step.Act == BalanceAct.Split)
            {
                balancer.Spare(step.Share, step.Folder!);
            }

            ClusterLog.NotChanged(parts.Logger, e, step.Share, step.Folder!);
        }
    }
}
