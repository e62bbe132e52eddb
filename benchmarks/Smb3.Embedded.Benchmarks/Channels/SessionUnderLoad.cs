using Microsoft.Extensions.Logging;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.Transport.InMemory;

namespace Smb3.Embedded.Benchmarks.Channels;

/// <summary>A whole server over memory, and one session with several channels, each with one request under way at a time.</summary>
internal sealed class SessionUnderLoad
{
    private readonly SmbServer _server;
    private readonly InMemoryTransport _transport;
    private readonly SmbTestSession _session;
    private readonly List<SmbTestConnection> _connections;
    private readonly List<RepeatedRequest> _channels;

    private SessionUnderLoad(
        SmbServer server, InMemoryTransport transport, SmbTestSession session, List<SmbTestConnection> connections,
        List<RepeatedRequest> channels)
    {
        _server = server;
        _transport = transport;
        _session = session;
        _connections = connections;
        _channels = channels;
    }

    public static SessionUnderLoad Start(int channels, int fileSize, Func<SmbTestFile, SmbTestRequest> make) =>
        StartAsync(channels, fileSize, make).GetAwaiter().GetResult();

    public static void End(IEnumerable<SessionUnderLoad?> loads)
    {
        foreach (var load in loads)
        {
            load?.EndAsync().GetAwaiter().GetResult();
        }
    }

    /// <summary>Sends so many requests, the same number over each channel, all channels at once.</summary>
    public Task RunAsync(int requests) => Task.WhenAll(_channels.Select(channel => Task.Run(async () =>
    {
        for (var left = requests / _channels.Count; left > 0; left--)
        {
            var status = await channel.SendAsync();
            if (status != NtStatus.Success)
            {
                throw new InvalidOperationException($"A request was answered with {status}.");
            }
        }
    })));

    /// <summary>Binds one more connection and closes it.</summary>
    public async Task BindAsync()
    {
        // The session may have only so many; the server finds out a moment later that one has gone.
        while (_server.Graph!.Sessions.First().Channels.Count > 16)
        {
            await Task.Yield();
        }

        await using var connection = new SmbTestConnection(_transport.Connect(), _connections[0].Options);
        await connection.NegotiateAsync();
        await _session.BindAsync(connection, "user", "password");
    }

    private static async Task<SessionUnderLoad> StartAsync(int channels, int fileSize, Func<SmbTestFile, SmbTestRequest> make)
    {
        var transport = new InMemoryTransport();
        var builder = SmbServer.CreateBuilder()
            .AddUser("user", "password")
            .AddShare("data", new MemoryFileStore())
            .Configure(options => options.Transports.Add(() => transport));
        builder.Logging.ClearProviders();
        var server = builder.Build();
        await server.StartAsync();
        var first = new SmbTestConnection(transport.Connect());
        var session = await first.LogOnAsync("user", "password");
        var connections = new List<SmbTestConnection> { first };
        var tree = await session.ConnectAsync("data");
        var file = await tree.OpenAsync("file.bin");
        await file.WriteAsync(0, new byte[fileSize]);
        while (connections.Count < channels)
        {
            var next = new SmbTestConnection(transport.Connect(), first.Options);
            await next.NegotiateAsync();
            await session.BindAsync(next, "user", "password");
            connections.Add(next);
        }

        var request = make(file);
        var repeated = new List<RepeatedRequest>();
        foreach (var connection in connections)
        {
            await connection.EnsureCreditsAsync(16);
            var signer = session.SignerOn(connection);
            repeated.Add(new RepeatedRequest(await connection.DetachAsync(), request, connection.NextMessageId, signer));
        }

        return new SessionUnderLoad(server, transport, session, connections, repeated);
    }

    private async Task EndAsync()
    {
        foreach (var connection in _connections)
        {
            await connection.DisposeAsync();
        }

        await _server.DisposeAsync();
    }
}
