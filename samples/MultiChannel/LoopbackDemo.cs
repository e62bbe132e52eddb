using System.Collections.Concurrent;
using System.Net;

namespace Smb3.Embedded.Samples.MultiChannel;

/// <summary>
/// The demo without namespaces: two loopback addresses stand for two links. The server cuts one by ending its connections, and takes no
/// new ones there until it is mended.
/// </summary>
internal static class LoopbackDemo
{
    private static readonly IPAddress First = IPAddress.Loopback, Second = new([127, 0, 0, 2]);

    public static async Task<int> RunAsync(int mebibytes)
    {
        // Both addresses need the same port: a multi-channel client uses that of its first connection for all.
        using var probe = new System.Net.Sockets.TcpListener(Second, 0);
        probe.Start();
        var port = ((IPEndPoint)probe.LocalEndpoint).Port;
        probe.Stop();
        var gate = new Gate();
        await using var server = Server.Create([new IPEndPoint(First, port), new IPEndPoint(Second, port)], gate);
        await server.StartAsync();
        var watching = Server.ShowAsync(server);
        var result = await Copy.RunAsync(new IPEndPoint(First, port), mebibytes, new LoopbackLinks(server, gate));
        await server.DisposeAsync();
        await watching;
        return result;
    }

    private static IPAddress? AddressOf(SmbConnectionInfo connection) => (connection.Local as IPEndPoint)?.Address;

    private sealed class LoopbackLinks(SmbServer server, Gate gate) : Links
    {
        public override async Task CutAsync()
        {
            gate.Closed[Second] = true;
            foreach (var connection in server.Connections.Where(connection => Second.Equals(AddressOf(connection.Info))))
            {
                await connection.EndAsync();
            }

            Console.WriteLine($"demo:   the link with {Second} is cut");
        }

        public override Task MendAsync()
        {
            gate.Closed.Clear();
            Console.WriteLine($"demo:   the link with {Second} is mended");
            return Task.CompletedTask;
        }
    }

    private sealed class Gate : SmbServerHooks
    {
        public ConcurrentDictionary<IPAddress, bool> Closed { get; } = new();

        public override ValueTask<bool> OnConnectingAsync(SmbConnectionInfo connection, CancellationToken cancellationToken) =>
            new(AddressOf(connection) is not { } address || !Closed.ContainsKey(address));
    }
}
