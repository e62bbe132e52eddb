using System.Diagnostics;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.Contention.Crashes;
using Smb3.Embedded.Contention.Running;

namespace Smb3.Embedded.Contention.Clusters;

/// <summary>
/// Makes a folder of the share a part at some node, moves the part, and joins it again; sometimes nobody rests for that, and sometimes a node dies
/// or stands still just when it has begun. Nobody rests when a folder in use is split, and what is open there is closed.
/// </summary>
internal sealed class SeamNemesis(ClusterNodes nodes, IClusterStore cluster, RunReport report, Random random)
{
    private static readonly TimeSpan Lease = ClusterPlace.LeaseTime;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private const string Done = "orders done";

    /// <summary>That nothing happens to anybody.</summary>
    private const int None = 4;

    /// <summary>How long after the order something may happen to a node: about as long as carrying it out takes.</summary>
    private const int LongestDelay = 500;

    public async Task DoAsync(Seam seam, IReadOnlyList<ClusterShareState> shares)
    {
        var part = shares.FirstOrDefault(share => share.Folder == seam.Folder);
        var node = nodes.All[random.Next(nodes.All.Count)];
        if (part is null)
        {
            var order = $"{(seam.IsBusy ? "cut" : "split")}={seam.Folder}{(random.Next(4) == 0 ? string.Empty : $"@{node.Name}")}";
            await OrderAsync(seam, seam.IsBusy ? "cut" : "split", order, node);
        }
        else if (random.Next(3) == 0)
        {
            report.Count("nemeses: part moved");
            using var patience = new CancellationTokenSource(Lease);
            await cluster.RequestMoveAsync(part.Share, node.Name, long.MaxValue, patience.Token);
        }
        else
        {
            var owner = nodes.All.FirstOrDefault(one => one.Name == part.Owner) ?? node;
            await OrderAsync(seam, "joined", $"join={seam.Folder}", owner);
        }
    }

    /// <param name="seam">The folder.</param>
    /// <param name="done">What is done with it.</param>
    /// <param name="order">How a node is told to.</param>
    /// <param name="other">The node that has, or is to have, the part.</param>
    private async Task OrderAsync(Seam seam, string done, string order, ClusterNode other)
    {
        if (await FindWholeOwnerAsync() is not { } owner)
        {
            report.Count("nemeses: nobody had the share");
            return;
        }

        // The first is left alone, so that there is a part in every run.
        var isFirst = report.CountOf(Done) == 0;
        var harm = isFirst ? None : random.Next(5);
        var delay = TimeSpan.FromMilliseconds(random.Next(LongestDelay));
        var victim = random.Next(3) == 0 ? other : owner;
        if (!isFirst && random.Next(5) == 0)
        {
            report.Count($"nemeses: {done} with nobody resting");
            Note(order, await owner.OrderAsync(order));
            return;
        }

        if (done != "cut")
        {
            await seam.RestAsync(() => nodes.IsOver);
        }

        try
        {
            var asked = owner.OrderAsync(order);
            switch (harm)
            {
                case 0:
                    report.Count($"nemeses: {done} and killed");
                    await Task.Delay(delay);
                    await victim.KillAsync();
                    seam.Wake();
                    await Task.Delay(Lease * random.NextDouble());
                    await victim.StartAsync();
                    Note(order, await asked);
                    break;
                case 1:
                    report.Count($"nemeses: {done} and stood still");
                    await Task.Delay(delay);
                    await victim.PauseAsync();
                    seam.Wake();
                    await Task.Delay(Lease * (2.5 * random.NextDouble()));
                    await victim.ResumeAsync();
                    Note(order, await asked);
                    break;
                case 2:
                    report.Count($"nemeses: {done} with nobody resting for long");
                    await Task.Delay(delay);
                    seam.Wake();
                    Note(order, await asked);
                    break;
                default:
                    report.Count($"nemeses: {done}");
                    await UntilDoneAsync(order, asked);
                    break;
            }
        }
        finally
        {
            seam.Wake();
        }
    }

    /// <summary>While nobody has anything open there it must succeed, as soon as what happened before is over.</summary>
    private async Task UntilDoneAsync(string order, Task<string?> asked)
    {
        var watch = Stopwatch.StartNew();
        while (!Note(order, await asked))
        {
            if (watch.Elapsed > Patience)
            {
                report.Wrong("the nemesis", $"it could not be done: {order}: {await asked}");
                return;
            }

            await Task.Delay(Lease / 8);
            asked = await FindWholeOwnerAsync() is { } owner ? owner.OrderAsync(order) : Task.FromResult<string?>("nobody has the share");
        }
    }

    private bool Note(string order, string? answer)
    {
        var isDone = answer?.StartsWith(ServerProcess.DoneLine, StringComparison.Ordinal) == true;
        report.Count(isDone ? Done : "orders not done");
        if (!isDone)
        {
            Console.WriteLine($"{report.Elapsed.TotalSeconds:f2}s {order}: {answer ?? "no answer"}");
        }

        return isDone;
    }

    private async Task<ClusterNode?> FindWholeOwnerAsync()
    {
        try
        {
            using var patience = new CancellationTokenSource(Lease);
            var view = await cluster.ReadAsync(0, patience.Token);
            var whole = view.Shares.FirstOrDefault(static share => share.PartOf is null && share.Remaining > TimeSpan.Zero);
            return nodes.All.FirstOrDefault(node => node.Name == whole?.Owner);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            return null;
        }
    }
}
