using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Transport;
using Smb3.Embedded.Transport.DirectTcp;
using Smb3.Embedded.Transport.Rdma;
using Smb3.Embedded.Transport.Rdma.InProcess;
using Smb3.Embedded.Transport.Tcp;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Io;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Benchmarks;

/// <summary>
/// A server that is reached over SMB Direct with queue pairs in the process, and over TCP on the loopback, and one client that sends the
/// same READ or WRITE again and again. The client looks at no data, and an RDMA is one copy from memory to memory.
/// </summary>
internal sealed class RdmaUnderLoad : IAsyncDisposable
{
    /// <summary>Bytes of one READ or WRITE.</summary>
    public const int Size = 1 << 20;

    private readonly SmbServer _server;
    private readonly SmbTestConnection _client;

    private RdmaUnderLoad(SmbServer server, SmbTestConnection client, RepeatedMessage request)
    {
        _server = server;
        _client = client;
        Request = request;
    }

    public RepeatedMessage Request { get; }

    /// <param name="command">READ or WRITE.</param>
    /// <param name="protection">How the messages and the data are protected.</param>
    /// <param name="overRdma">Whether the data goes through the client's memory; otherwise all goes over TCP.</param>
    /// <param name="isInline">Whether all happens on the client's thread, over RDMA.</param>
    public static async Task<RdmaUnderLoad> StartAsync(Smb2Command command, MessageProtection protection, bool overRdma, bool isInline = false)
    {
        var fabric = new InProcessFabric(isInline);
        var settings = new SmbDirectSettings { IsInline = isInline };
        var builder = SmbServer.CreateBuilder()
            .AddUser("user", "password")
            .AddShare("data", new MemoryFileStore())
            .Configure(options =>
            {
                options.Listen.Clear();
                options.Listen.Add(new IPEndPoint(IPAddress.Loopback, 0));
                options.Transports.Add(() => new SmbDirectListener(fabric, settings));
            });
        builder.Logging.ClearProviders();
        var server = builder.Build();
        await server.StartAsync();
        var pair = overRdma ? fabric.Connect() : null;
        var lent = new LentTransport(pair is null
            ? await ConnectTcpAsync((IPEndPoint)server.EndPoints[0])
            : SmbDirectTransport.Connect(pair, settings, fabric.Buffers));
        var client = new SmbTestConnection(
            lent, new SmbTestClientOptions { RdmaTransforms = [Smb2RdmaTransform.Encryption, Smb2RdmaTransform.Signing] });
        var file = await (await (await client.LogOnAsync("user", "password")).ConnectAsync("data")).OpenAsync("file.bin");
        await client.EnsureCreditsAsync(64);
        for (var at = 0; at < Size; at += Size / 4)
        {
            await file.WriteAsync((ulong)at, new byte[Size / 4]);
        }

        await client.EnsureCreditsAsync(64);
        var request = Make(command, file, pair);
        var repeated = new RepeatedMessage(await lent.TakeBackAsync(), client, request, protection);
        var status = await repeated.SendAsync();
        return status == NtStatus.Success
            ? new(server, client, repeated)
            : throw new InvalidOperationException($"The request is answered with {status}.");
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _server.DisposeAsync();
    }

    private static SmbTestRequest Make(Smb2Command command, SmbTestFile file, InProcessQueuePair? pair)
    {
        if (pair is null)
        {
            return command == Smb2Command.Read ? file.ReadRequest(0, Size) : file.WriteRequest(0, new byte[Size]);
        }

        var opened = pair.Open(pair.Rent(Size), Size, RemoteAccess.Read | RemoteAccess.Write);
        var info = ThroughMemory.Info(new RdmaBufferDescriptor(opened.Offset, opened.Token, opened.Length));
        return command == Smb2Command.Read ? ThroughMemory.Read(file, 0, Size, info) : ThroughMemory.Write(file, 0, Size, info);
    }

    private static async Task<IMessageTransport> ConnectTcpAsync(IPEndPoint to)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(to);
        return new DirectTcpTransport(new TcpTransportConnection(socket), new BufferPool());
    }
}
