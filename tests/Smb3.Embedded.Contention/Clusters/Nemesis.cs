using Smb3.Embedded.Cluster;
using Smb3.Embedded.Contention.Crashes;
using Smb3.Embedded.Contention.Running;

namespace Smb3.Embedded.Contention.Clusters;

/// <summary>
/// What goes wrong with a cluster, one thing after the other: nodes that die, stand still for longer than their lease, lose the database or
/// their clients, or whose clock is set; shares that move, and are split and joined; a database that is started again. Each is over before the next begins, but not what comes of it.
/// </summary>
internal sealed class Nemesis(
    ClusterPlace place, ClusterNodes nodes, IClusterStore cluster, IReadOnlyList<Seam> seams, RunReport report, int seed)
{
    private static readonly TimeSpan Lease = ClusterPlace.LeaseTime;

    private readonly Random _random = new(seed);

    /// <summary>Does one thing after the other, until it has been enough.</summary>
    public async Task RunAsync(Func<int, bool> isEnough)
    {
        try
        {
            for (var events = 0; report.IsFine && !isEnough(events); events++)
            {
                await Task.Delay(_random.Next(4) == 0 ? _random.Next(0, 300) : _random.Next(500, 3000));
                await DoAsync();
                report.Count("nemeses");
            }
        }
        catch (Exception e)
        {
            report.Wrong("the nemesis", e.ToString());
        }
        finally
        {
            nodes.End();
        }
    }

    private TimeSpan Some(double leases) => Lease * (leases * _random.NextDouble());

    private async Task DoAsync()
    {
        // Mostly to one that has the share, or a part of it.
        var shares = await FindSharesAsync();
        var owner = shares.Count == 0 ? null : shares[_random.Next(shares.Count)].Owner;
        var node = nodes.All.FirstOrDefault(node => node.Name == owner) is { } found && _random.Next(4) != 0 ? found : nodes.All[_random.Next(nodes.All.Count)];
        if (shares.Count > 0 && _random.Next(2) == 0)
        {
            await new SeamNemesis(nodes, cluster, report, _random).DoAsync(seams[_random.Next(seams.Count)], shares);
            return;
        }

        switch (_random.Next(place.ClockLibrary is null ? 8 : 9))
        {
            case 0:
                report.Count("nemeses: killed");
                await node.KillAsync();
                await Task.Delay(Some(1.5));
                await node.StartAsync();
                break;
            case 1:
                report.Count("nemeses: stood still");
                await node.PauseAsync();
                await Task.Delay(Some(3));
                await node.ResumeAsync();
                break;
            case 2:
                report.Count("nemeses: cut from the database");
                node.Database.Cut();
                await Task.Delay(Some(3));
                node.Database.Heal();
                break;
            case 3:
                report.Count("nemeses: cut from its clients");
                node.IsCutOff = true;
                await Task.Delay(Some(1));
                node.IsCutOff = false;
                break;
            case 4:
                report.Count("nemeses: drained");
                await node.StopAsync();
                await node.StartAsync();
                break;
            case 5:
                report.Count("nemeses: database killed");
                place.Database.Kill9();
                await Task.Delay(Some(1));
                place.Database.Start();
                break;
            case 6:
                report.Count("nemeses: database stood still");
                place.Database.Pause();
                await Task.Delay(Some(2));
                place.Database.Resume();
                break;
            case 7:
                report.Count("nemeses: moved");
                await MoveAsync();
                break;
            default:
                report.Count("nemeses: clock stepped");
                var clock = nodes.All.Select(static one => one.Clock).First(static one => one is not null)!;
                clock.Set(_random.Next(2) == 0 ? 1 : -1);
                await Task.Delay(Some(2));
                clock.Set(0);
                break;
        }
    }

    private async Task MoveAsync()
    {
        try
        {
            using var patience = new CancellationTokenSource(Lease);
            var to = nodes.All[_random.Next(nodes.All.Count)];
            await cluster.RequestMoveAsync(ClusterPlace.Share, to.Name, long.MaxValue, patience.Token);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The database is away; what was asked for may be done all the same.
        }
    }

    /// <summary>The share and its parts; none: the database does not say.</summary>
    private async Task<IReadOnlyList<ClusterShareState>> FindSharesAsync()
    {
        try
        {
            using var patience = new CancellationTokenSource(Lease);
            return [.. (await cluster.ReadAsync(0, patience.Token)).Shares.Where(static share => !share.IsRemoved)];
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            return [];
        }
    }
}
