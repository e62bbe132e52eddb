using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Smb3.Embedded.TestClient.Rpc;

namespace Smb3.Embedded.Tests.Pipes;

/// <summary>A running server with a witness service, and clients of it.</summary>
internal sealed class WitnessServer : IAsyncDisposable
{
    public const string Name = "CLUSTER";
    public const string First = "192.0.2.1";
    public const string Second = "192.0.2.2";

    private readonly List<IAsyncDisposable> _clients = [];

    public WitnessServer(Action<SmbServerOptions>? configure = null)
    {
        Source.SetInterfaces(
        [
            new SmbWitnessInterface("NODE1", IPAddress.Parse(First)) { IsLocal = true },
            new SmbWitnessInterface("NODE2", IPAddress.Parse(Second)) { IPv6 = IPAddress.Parse("2001:db8::2") },
        ]);
        var options = new SmbServerOptions { ServerName = Name, DrainTimeout = TimeSpan.FromSeconds(1) };
        options.Listen.Add(new IPEndPoint(IPAddress.Loopback, 0));
        options.Shares.Add(new SmbShareOptions { Name = "docs", Folder = SmbShareOptions.Memory });
        options.Users.Add("alice", "pw");
        options.Users.Add("bob", "pw");
        options.Witness.Enabled = true;
        options.Witness.EndpointMapperPort = 0;
        options.Witness.Source = Source;
        configure?.Invoke(options);
        Server = new SmbServer(string.Empty, options, NullLoggerFactory.Instance, meters: null, owned: null);
    }

    public static RpcTestCredentials Alice { get; } = new("alice", "pw");

    public static RpcTestCredentials Bob { get; } = new("bob", "pw");

    public SmbWitnessSource Source { get; } = new();

    public SmbServer Server { get; }

    public SmbWitness Witness => Server.Witness!;

    public EndPoint Port => Witness.EndPoints[0];

    public EndPoint Mapper => Witness.EndpointMapper[0];

    public static async Task<WitnessServer> StartAsync(Action<SmbServerOptions>? configure = null)
    {
        var server = new WitnessServer(configure);
        await server.Server.StartAsync();
        return server;
    }

    /// <summary>A client that is bound and authenticated; ends with the server.</summary>
    public async Task<WitnessTestClient> ConnectAsync(RpcTestCredentials? credentials = null, uint group = 0)
    {
        var client = await WitnessTestClient.ConnectAsync(Port, credentials ?? Alice, group);
        _clients.Add(client);
        return client;
    }

    /// <summary>A connection on which nothing has been sent yet.</summary>
    public async Task<RpcTestConnection> DialAsync(EndPoint? port = null)
    {
        var connection = await RpcTestConnection.ConnectAsync(port ?? Port);
        _clients.Add(connection);
        return connection;
    }

    public async Task<(WitnessTestClient Client, Guid Handle)> RegisterAsync(
        string address = Second, string? share = null, string client = "CLIENT", uint flags = 0, uint keepAlive = 0)
    {
        var connected = await ConnectAsync();
        var (status, handle) = await connected.RegisterExAsync(Name, share, address, client, flags, keepAlive);
        Xunit.Assert.Equal(0u, status);
        return (connected, handle);
    }

    /// <summary>Waits until the registrations are as wanted; they change a moment after what changed them.</summary>
    public async Task UntilAsync(Func<IReadOnlyList<SmbWitnessRegistration>, bool> holds)
    {
        for (var i = 0; !holds(Witness.Registrations); i++)
        {
            Xunit.Assert.True(i < 1000, "It did not come to that.");
            await Task.Delay(10);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }

        await Server.DisposeAsync();
    }
}
