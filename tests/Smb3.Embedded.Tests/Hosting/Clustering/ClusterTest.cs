using System.Net;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.Tests.Protocol;
using Smb3.Embedded.Tests.Protocol.Persistence;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting.Clustering;

/// <summary>A test of several nodes of a cluster, on one storage.</summary>
public abstract class ClusterTest : PersistentTest, IAsyncLifetime
{
    private readonly List<TestNode> _nodes = [];

    /// <param name="step">How far time goes in ten milliseconds; <see langword="null"/>: twice as far.</param>
    protected ClusterTest(TimeSpan? step = null) => Time = new PatientTime(step);

    /// <summary>The time of the cluster and of all nodes.</summary>
    private protected PatientTime Time { get; }

    private protected MemoryClusterStore Cluster => field ??= new MemoryClusterStore(Time);

    /// <summary>The storage that all nodes have.</summary>
    private protected IFileStore Files { get; set; } = new MemoryFileStore();

    async Task IAsyncLifetime.DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            node.Store.IsCut = false;
            await node.DisposeAsync();
        }

        await Cluster.DisposeAsync();
        await Time.DisposeAsync();
        await DisposeAsync();
    }

    /// <summary>The clustered shares that all nodes have.</summary>
    private protected virtual IEnumerable<(string Name, IFileStore Files)> Shares => [("vm", Files)];

    /// <summary>A node with the shares, which has started.</summary>
    private protected async Task<TestNode> StartNodeAsync(string name, Action<SmbServerOptions>? configure = null)
    {
        var node = NewNode(name, configure);
        await node.Server.StartAsync();
        return node;
    }

    private protected TestNode NewNode(string name, Action<SmbServerOptions>? configure = null) =>
        NewNode(name, new IPAddress([192, 0, 2, (byte)(_nodes.Count + 1)]), port: 0, configure);

    /// <summary>A node that also listens at its address, unless the port is 0.</summary>
    private protected TestNode NewNode(string name, IPAddress address, int port, Action<SmbServerOptions>? configure = null)
    {
        var node = new TestNode(name, address, Cluster, Shares, Configure) { Port = port };
        _nodes.Add(node);
        return node;

        void Configure(SmbServerOptions options)
        {
            options.TimeProvider = Time;
            if (port != 0)
            {
                options.Listen.Add(new IPEndPoint(address, port));
            }

            configure?.Invoke(options);
        }
    }

    /// <summary>Two nodes, the first of which serves the share "vm".</summary>
    private protected async Task<(TestNode First, TestNode Second)> StartTwoAsync(Action<SmbServerOptions>? configure = null)
    {
        var first = await StartNodeAsync("a", configure);
        await UntilServedAsync(first);
        return (first, await StartNodeAsync("b", configure));
    }

    /// <summary>Nodes whose death is noticed soon.</summary>
    private protected static void Mortal(SmbServerOptions options) => options.Cluster.LeaseTime = TimeSpan.FromSeconds(3);

    private protected static Task UntilServedAsync(TestNode node, string share = "vm") =>
        TestServer.UntilAsync(() => node.Serves(share), $"{node.Name} serves {share}");
}
