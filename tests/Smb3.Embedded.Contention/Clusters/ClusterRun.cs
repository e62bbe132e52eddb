using System.Net;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.Contention.Crashes;
using Smb3.Embedded.Contention.Running;
using Smb3.Embedded.PostgreSql;
using Smb3.Embedded.Transport.DirectTcp;

namespace Smb3.Embedded.Contention.Clusters;

/// <summary>
/// Clients with persistent handles on a share of a cluster to which everything happens that can. Of what was acknowledged nothing may be lost,
/// nothing be done twice and nothing be granted to two, whichever node said so; and at the end nothing may be left.
/// </summary>
internal sealed class ClusterRun(CrashSettings settings, ClusterPlace place, Func<IPEndPoint, Task<IByteStream>> connect, RunReport report)
{
    private const int Nodes = 3;

    /// <summary>How many clients there are for each folder at which the share may be split; a third of them works there.</summary>
    private const int ClientsOfASeam = 6;

    /// <summary>The scope in which a node keeps the opens of a share.</summary>
    private const string Opens = "opens";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public async Task RunAsync()
    {
        var nodes = Enumerable.Range(1, Nodes).Select(number => new ClusterNode(number, place, report)).ToList();
        void EndNodes(object? sender, EventArgs e) => nodes.ForEach(static node => node.Dispose());
        AppDomain.CurrentDomain.ProcessExit += EndNodes;
        await using var cluster = new PostgreSqlClusterStore(place.Database.ConnectionString);
        try
        {
            if (place.ClockLibrary is null)
            {
                Console.WriteLine("left out: steps of clocks, because libfaketime is not installed");
            }

            await Task.WhenAll(nodes.Select(static node => node.StartAsync()));
            var owners = new OwnerHistory(place.Database, report);
            owners.Begin();
            var servers = new ClusterNodes(report, connect) { All = nodes, Owners = owners };
            Seam[] seams = [.. Enumerable.Range(1, Math.Max(1, settings.Run.Clients / ClientsOfASeam)).Select(number => new Seam($@"{settings.Run.Folder}\seam-{number}")),
                new Seam($@"{settings.Run.Folder}\busy", isBusy: true)];
            var nemesis = new Nemesis(place, servers, cluster, seams, report, settings.Run.Seed);
            var work = new PersistentWork(settings, servers, report, seams);
            await work.RunAsync(() => nemesis.RunAsync(IsEnough));
            await owners.CheckAsync();
            if (report.IsFine)
            {
                await FindLeftoversAsync(cluster);
                work.CheckDisk();
            }

            await Task.WhenAll(nodes.Select(static node => node.StopAsync()));
        }
        finally
        {
            EndNodes(null, EventArgs.Empty);
            AppDomain.CurrentDomain.ProcessExit -= EndNodes;
        }
    }

    private bool IsEnough(int events) => settings.Kills is { } most ? events >= most : report.Elapsed >= settings.Run.Time;

    /// <summary>The owners take the last records away a moment after the last answer, and those of a part that was joined were taken away with it.</summary>
    private async Task FindLeftoversAsync(PostgreSqlClusterStore cluster)
    {
        using var patience = new CancellationTokenSource(Patience);
        foreach (var share in (await cluster.ReadAsync(0, patience.Token)).Shares)
        {
            report.Count("epochs", share.Epoch);
            var state = cluster.OpenState(new ClusterOwnership(share.Share, share.Incarnation, share.Epoch));
            foreach (var record in await state.ReadAsync(Opens, patience.Token))
            {
                report.Wrong("the state", $"a record of {share.Share} is left: {record.Key}, {record.Value.Length} bytes");
            }
        }
    }
}
