using System.Collections.Concurrent;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Smb3.Embedded.Hosting.DependencyInjection;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.Tests.Protocol;
using Smb3.Embedded.Wire;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting.Clustering;

/// <summary>What those see who watch a cluster: clients by the witness service, administrators by health and inspection.</summary>
public sealed class ClusterWatchTests : ClusterTest
{
    [Fact]
    public async Task The_witness_service_is_told_where_a_share_went_and_which_node_is_gone()
    {
        var first = await StartNodeAsync("a", Watched);
        await UntilServedAsync(first);
        var second = await StartNodeAsync("b", Watched);
        var told = new ConcurrentQueue<SmbWitnessEvent>();
        using var subscription = second.Server.Witness!.Source.Subscribe(told.Enqueue);
        await TestServer.UntilAsync(() => second.Server.Witness.Source.Interfaces.Count == 2, "both nodes are told");
        Assert.Equal([("a", false), ("b", true)], second.Server.Witness.Source.Interfaces.Select(static one => (one.Group, one.IsLocal)));
        Assert.Equal(first.Address, second.Server.Witness.Source.Interfaces[0].IPv4);
        var tree = await first.ConnectAsync("vm");
        Assert.NotEqual(Smb2ShareCapabilities.None, tree.Answer.Capabilities & Smb2ShareCapabilities.Cluster);

        await first.Server.Cluster!.MoveAsync("vm", "b");
        await TestServer.UntilAsync(() => told.OfType<SmbWitnessShareMove>().Any(), "the move is told");
        var move = Assert.Single(told.OfType<SmbWitnessShareMove>());
        Assert.Equal(("vm", second.Address), (move.ShareName, Assert.Single(move.Destinations)));
        await first.CutAsync();
        await TestServer.UntilAsync(
            () => second.Server.Witness.Source.Interfaces[0].State == SmbWitnessState.Unavailable, "its death is told");
        Assert.Equal(SmbWitnessState.Available, second.Server.Witness.Source.Interfaces[1].State);
    }

    [Fact]
    public async Task A_node_that_has_lost_its_membership_is_unhealthy_and_says_so()
    {
        var node = await StartNodeAsync("a", Mortal);
        await UntilServedAsync(node);
        var healthy = await CheckAsync(node);
        Assert.Equal(HealthStatus.Healthy, healthy.Status);
        Assert.Equal(["vm"], (IEnumerable<string>)healthy.Data["cluster shares here"]);
        var seen = node.Server.Inspect();
        Assert.Equal(("vm", "a"), (Assert.Single(seen.ClusterShares).Name, Assert.Single(seen.ClusterNodes).Name));
        node.Store.IsCut = true;
        await TestServer.UntilAsync(() => !node.Server.Cluster!.IsMember, "it is no member");
        var sick = await CheckAsync(node);
        Assert.Equal(HealthStatus.Unhealthy, sick.Status);
        Assert.Contains("no member", sick.Description, StringComparison.Ordinal);
        await TestServer.UntilAsync(() => node.Log.Entries.Any(static entry => entry.Text.Contains("is lost", StringComparison.Ordinal)), "the log says so");
        node.Store.IsCut = false;
        await UntilServedAsync(node);
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(node)).Status);
    }

    private static void Watched(SmbServerOptions options)
    {
        Mortal(options);
        options.Witness.Enabled = true;
        options.Witness.EndpointMapperPort = 0;
        options.Witness.Addresses.Add(System.Net.IPAddress.Loopback);
    }

    private static Task<HealthCheckResult> CheckAsync(TestNode node)
    {
        var check = new SmbServerHealthCheck(node.Server);
        return check.CheckHealthAsync(new HealthCheckContext
        {
            Registration = new HealthCheckRegistration("smb", check, HealthStatus.Unhealthy, null),
        });
    }
}
