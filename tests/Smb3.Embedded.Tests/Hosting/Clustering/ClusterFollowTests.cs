using System.Net;
using System.Net.Sockets;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.Wire;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting.Clustering;

/// <summary>
/// Clients that look for another node only when theirs refuses a connection, as Linux does, come to a share that has moved. Over TCP, because
/// that is what is refused.
/// </summary>
public sealed class ClusterFollowTests : ClusterTest, IDisposable
{
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(60));
    private int _port;

    public void Dispose() => _patience.Dispose();

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public async Task A_client_that_stays_with_its_server_follows_the_share_there_and_back(int count)
    {
        if (!OperatingSystem.IsLinux())
        {
            return; // Elsewhere it takes until the client asks for a referral.
        }

        var nodes = await StartAsync(count);
        await using var client = new KernelClient(nodes);
        var tree = await client.ConnectAsync(_patience.Token);
        Assert.Same(nodes[0], client.At);
        foreach (var target in new[] { nodes[^1], nodes[0], nodes[1] })
        {
            await nodes[0].Server.Cluster!.MoveAsync("vm", target.Name);
            tree = await client.ReconnectAsync(tree, _patience.Token);
            Assert.Same(target, client.At);
            await (await tree.OpenAsync("f")).CloseAsync().WaitAsync(_patience.Token);
        }

        Assert.Empty(client.Errors);
        Assert.All(nodes, static node => Assert.False(node.Log.HasFaults));
    }

    [Fact]
    public async Task A_client_whose_node_died_leaves_one_that_does_not_have_the_share()
    {
        if (!OperatingSystem.IsLinux())
        {
            return; // Elsewhere it takes until the client asks for a referral.
        }

        var nodes = await StartAsync(3, Mortal);
        await using var client = new KernelClient(nodes);
        await client.ConnectAsync(_patience.Token);

        // The share is the third node's when the client, which has slept, comes to the second.
        await nodes[0].Server.Cluster!.MoveAsync("vm", nodes[2].Name);
        await UntilServedAsync(nodes[2]);
        await nodes[0].Server.StopAsync();
        await client.ConnectAsync(_patience.Token);
        Assert.Same(nodes[2], client.At);
        Assert.True(client.Refused > 1, $"it was refused {client.Refused} times");
        Assert.Empty(client.Errors);
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task Nobody_is_refused_for_clients_that_would_not_go_elsewhere(bool knowsDfs, bool isWanted)
    {
        var nodes = await StartAsync(2, options => options.Cluster.RefusalTime = isWanted ? options.Cluster.RefusalTime : TimeSpan.Zero);
        var usual = new SmbTestClientOptions();
        await nodes[0].ConnectAsync("vm", usual with { Capabilities = usual.Capabilities | (knowsDfs ? Smb2Capabilities.Dfs : 0) });
        using var enough = new CancellationTokenSource();
        var knocking = Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested)
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.LingerState = new LingerOption(true, 0);
                await socket.ConnectAsync(new IPEndPoint(nodes[0].Address, nodes[0].Port), _patience.Token);
                await Task.Delay(5);
            }
        });
        await nodes[0].Server.Cluster!.MoveAsync("vm", nodes[1].Name);
        await Task.Delay(TimeSpan.FromSeconds(1), Time);
        await enough.CancelAsync();
        await knocking;
    }

    /// <summary>Nodes with addresses of their own, the first of which has the share.</summary>
    private async Task<List<TestNode>> StartAsync(int count, Action<SmbServerOptions>? configure = null)
    {
        while (true)
        {
            using (var free = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
            {
                free.Bind(new IPEndPoint(IPAddress.Loopback, 0));
                _port = ((IPEndPoint)free.LocalEndPoint!).Port;
            }

            try
            {
                var nodes = new List<TestNode>();
                for (var i = 0; i < count; i++)
                {
                    nodes.Add(NewNode(((char)('a' + i)).ToString(), IPAddress.Parse($"127.0.0.{i + 1}"), _port, configure));
                    await nodes[i].Server.StartAsync();
                    await UntilServedAsync(nodes[0]);
                }

                return nodes;
            }
            catch (SmbServerStartException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse })
            {
                // Somebody was faster; it is never left half started, because the first address decides.
            }
        }
    }
}
