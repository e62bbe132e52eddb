using System.IO.Pipelines;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.Transport.InMemory;

namespace Smb3.Embedded.Benchmarks;

/// <summary>
/// A whole server over memory and one client that sends the same request again and again. Both run on one thread, through a pipe in
/// memory, and the client allocates nothing: what is measured is the server, without a network.
/// </summary>
internal sealed class ServerUnderLoad : IDisposable
{
    private readonly SmbServer _server;
    private readonly SmbTestConnection _client;

    private ServerUnderLoad(SmbServer server, SmbTestConnection client, RepeatedRequest request)
    {
        _server = server;
        _client = client;
        Request = request;
    }

    public RepeatedRequest Request { get; }

    /// <summary>Waits, because the in-process toolchain does not wait for an asynchronous setup.</summary>
    public static ServerUnderLoad Start(int fileSize, bool signed, Func<SmbTestTree, SmbTestFile, SmbTestRequest> make) =>
        StartAsync(new byte[fileSize], signed, new SmbTestClientOptions(), make).GetAwaiter().GetResult();

    /// <summary>The same with a file of this content, and a client that offers this.</summary>
    public static ServerUnderLoad Start(byte[] content, SmbTestClientOptions options, Func<SmbTestTree, SmbTestFile, SmbTestRequest> make) =>
        StartAsync(content, signed: false, options, make).GetAwaiter().GetResult();

    public void Dispose()
    {
        _client.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _server.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private static async Task<ServerUnderLoad> StartAsync(
        byte[] content, bool signed, SmbTestClientOptions options, Func<SmbTestTree, SmbTestFile, SmbTestRequest> make)
    {
        var transport = new InMemoryTransport(PipeScheduler.Inline);
        var builder = SmbServer.CreateBuilder()
            .AddUser("user", "password")
            .AddShare("data", new MemoryFileStore())
            .Configure(options => options.Transports.Add(() => transport));
        builder.Logging.ClearProviders();
        var server = builder.Build();
        await server.StartAsync();
        var client = new SmbTestConnection(transport.Connect(), options);
        var session = await client.LogOnAsync("user", "password");
        var tree = await session.ConnectAsync("data");
        var file = await tree.OpenAsync("file.bin");
        await client.EnsureCreditsAsync(64);
        await file.WriteAsync(0, content);
        var request = make(tree, file);
        var signer = signed ? session.SignerOn(client) : null;
        var repeated = new RepeatedRequest(await client.DetachAsync(), request, client.NextMessageId, signer);
        var status = await repeated.SendAsync();
        return status == NtStatus.Success
            ? new(server, client, repeated)
            : throw new InvalidOperationException($"The request is answered with {status}.");
    }
}
