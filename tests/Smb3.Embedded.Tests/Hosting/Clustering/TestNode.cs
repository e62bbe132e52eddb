using System.Net;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Tests.Protocol;
using Smb3.Embedded.Transport.InMemory;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Tests.Hosting.Clustering;

/// <summary>A server of a cluster within this process, with its clients.</summary>
internal sealed class TestNode : IAsyncDisposable, ILoggerFactory
{
    public const string User = "alice";
    public const string Password = "Pa$$w0rd";

    private readonly List<SmbTestConnection> _clients = [];
    private InMemoryTransport _transport = new();

    /// <param name="name">Its name.</param>
    /// <param name="address">The address that it tells the others.</param>
    /// <param name="cluster">What it has in common with the others.</param>
    /// <param name="shares">The clustered shares, on the storage that all nodes have.</param>
    /// <param name="configure">Changes the options.</param>
    public TestNode(
        string name, IPAddress address, IClusterStore cluster, IEnumerable<(string Name, IFileStore Files)> shares,
        Action<SmbServerOptions>? configure = null)
    {
        Name = name;
        Address = address;
        Store = new CutClusterStore(cluster);
        var options = new SmbServerOptions { DrainTimeout = TimeSpan.FromSeconds(3) };
        options.Transports.Add(() => _transport = new InMemoryTransport());
        options.Cluster.Store = Store;
        options.Cluster.Node = name;
        options.Cluster.Addresses.Add(address);
        options.Users.Add(User, Password);
        foreach (var (share, files) in shares)
        {
            options.Shares.Add(new SmbShareOptions { Name = share, Store = files, Clustered = true });
        }

        configure?.Invoke(options);
        Server = new SmbServer(string.Empty, options, this, meters: null, owned: null);
    }

    public string Name { get; }

    public IPAddress Address { get; }

    /// <summary>Where it listens at its address; 0: nowhere.</summary>
    public int Port { get; init; }

    public CutClusterStore Store { get; }

    public SmbServer Server { get; }

    public RecordingLogger Log { get; } = new();

    public bool Serves(string share) => Server.Graph?.Shares.Find(share) is { Guard.IsUp: false, IsLeaving: false };

    /// <summary>A session of the user, on a new connection.</summary>
    public async Task<SmbTestSession> LogOnAsync(SmbTestClientOptions? client = null)
    {
        if (Server.State != SmbServerState.Running)
        {
            throw new IOException("Nobody listens.");
        }

        var connection = new SmbTestConnection(_transport.Connect(), client);
        lock (_clients)
        {
            _clients.Add(connection);
        }

        return await connection.LogOnAsync(User, Password);
    }

    public async Task<SmbTestTree> ConnectAsync(string share, SmbTestClientOptions? client = null) =>
        await (await LogOnAsync(client)).ConnectAsync(share);

    /// <summary>Connects to a share, and says that it can be redirected.</summary>
    public static Task<SmbTestResponse> TryConnectAsync(
        SmbTestSession session, string share, TreeConnectRequestFlags flags = TreeConnectRequestFlags.RedirectToOwner) =>
        session.CallAsync(Smb2Command.TreeConnect, RequestBody.TreeConnect(@"\\cluster\" + share, flags));

    /// <summary>
    /// It is cut from the store and from its clients: the others see it die, while it goes on by its own clock.
    /// </summary>
    public async Task CutAsync()
    {
        Store.IsCut = true;
        await DropClientsAsync();
    }

    public async Task DropClientsAsync()
    {
        SmbTestConnection[] clients;
        lock (_clients)
        {
            clients = [.. _clients];
            _clients.Clear();
        }

        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await DropClientsAsync();
        await Server.DisposeAsync();
    }

    ILogger ILoggerFactory.CreateLogger(string categoryName) => Log;

    void ILoggerFactory.AddProvider(ILoggerProvider provider)
    {
    }

    void IDisposable.Dispose()
    {
    }
}
