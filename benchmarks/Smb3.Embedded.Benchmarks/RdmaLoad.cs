using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
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
/// What READ and WRITE cost over SMB Direct, with queue pairs in the process, beside TCP on the loopback: processor time of the whole process
/// for a GiB, and allocations for a request. The client looks at no data, and an RDMA is one copy from memory to memory.
/// </summary>
internal static class RdmaLoad
{
    private const int Size = 1 << 20;
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(3);

    public static async Task RunAsync()
    {
        Console.WriteLine("| 1 MiB | | CPU s/GiB | MiB/s | bytes allocated for a request |\n|---|---|---|---|---|");
        foreach (var command in new[] { Smb2Command.Read, Smb2Command.Write })
        {
            foreach (var protection in command == Smb2Command.Read ? Enum.GetValues<RdmaTransformType>() : [RdmaTransformType.None])
            {
                foreach (var overRdma in new[] { false, true })
                {
                    await MeasureAsync(command, protection, overRdma);
                }
            }
        }
    }

    private static async Task MeasureAsync(Smb2Command command, RdmaTransformType protection, bool overRdma)
    {
        var fabric = new InProcessFabric();
        var builder = SmbServer.CreateBuilder()
            .AddUser("user", "password")
            .AddShare("data", new MemoryFileStore())
            .Configure(options =>
            {
                options.Listen.Clear();
                options.Listen.Add(new IPEndPoint(IPAddress.Loopback, 0));
                options.Transports.Add(() => new SmbDirectListener(fabric, new SmbDirectSettings()));
            });
        builder.Logging.ClearProviders();
        await using var server = builder.Build();
        await server.StartAsync();
        InProcessQueuePair? pair = null;
        IMessageTransport inner;
        if (overRdma)
        {
            pair = fabric.Connect();
            inner = SmbDirectTransport.Connect(pair, new SmbDirectSettings(), fabric.Buffers);
        }
        else
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync((IPEndPoint)server.EndPoints[0]);
            inner = new DirectTcpTransport(new TcpTransportConnection(socket), new BufferPool());
        }

        await using var transport = new LentTransport(inner);
        var client = new SmbTestConnection(
            transport, new SmbTestClientOptions { RdmaTransforms = [Smb2RdmaTransform.Encryption, Smb2RdmaTransform.Signing] });
        var session = await client.LogOnAsync("user", "password");
        var file = await (await session.ConnectAsync("data")).OpenAsync("file.bin");
        await client.EnsureCreditsAsync(64);
        for (var at = 0; at < Size; at += Size / 4)
        {
            await file.WriteAsync((ulong)at, new byte[Size / 4]);
        }

        await client.EnsureCreditsAsync(64);
        await transport.TakeBackAsync();
        var request = command == Smb2Command.Read ? file.ReadRequest(0, Size) : file.WriteRequest(0, new byte[Size]);
        if (pair is not null)
        {
            var memory = pair.Rent(Size);
            var opened = pair.Open(memory, Size, RemoteAccess.Read | RemoteAccess.Write);
            var info = ThroughMemory.Info(new RdmaBufferDescriptor(opened.Offset, opened.Token, opened.Length));
            request = command == Smb2Command.Read ? ThroughMemory.Read(file, 0, Size, info) : ThroughMemory.Write(file, 0, Size, info);
        }

        var load = new Repeated(inner, session, client, request, protection);
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < Time / 2;)
        {
            await load.SendAsync();
        }

        using var process = Process.GetCurrentProcess();
        var (count, allocated, used) = (0L, GC.GetTotalAllocatedBytes(precise: true), process.TotalProcessorTime);
        var measured = Stopwatch.StartNew();
        for (; measured.Elapsed < Time; count++)
        {
            await load.SendAsync();
        }

        process.Refresh();
        var gib = count * (double)Size / (1 << 30);
        var what = protection switch
        {
            RdmaTransformType.Encryption => "sealed (AES-128-GCM)",
            RdmaTransformType.Signing => "signed (AES-128-GMAC)",
            _ => "plain",
        };
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {command} {what} | {(overRdma ? "SMB Direct" : "TCP")} | {(process.TotalProcessorTime - used).TotalSeconds / gib:0.000} | {count / measured.Elapsed.TotalSeconds:0} | {(GC.GetTotalAllocatedBytes(precise: true) - allocated) / (double)count:0} |"));
    }

    /// <summary>One request that is sent again and again.</summary>
    private sealed class Repeated(
        IMessageTransport transport, SmbTestSession session, SmbTestConnection client, SmbTestRequest request, RdmaTransformType protection)
    {
        private readonly byte[] _message = new RequestHeader
        {
            Command = request.Command,
            CreditCharge = Size / 65536,
            Credits = Size / 65536,
            Flags = protection == RdmaTransformType.Signing ? Smb2HeaderFlags.Signed : Smb2HeaderFlags.None,
            TreeId = request.TreeId,
            SessionId = session.SessionId,
        }.Compose(request.Body);


        private readonly byte[] _frame = new byte[transport.Headroom + Smb2TransformHeader.Size + Smb2Header.Size + request.Body.Length];
        private readonly OutboundFrame[] _frames = new OutboundFrame[1];
        private readonly Func<int> _longest = static () => int.MaxValue;
        private ulong _messageId = client.NextMessageId;

        public async ValueTask SendAsync()
        {
            BinaryPrimitives.WriteUInt64LittleEndian(_message.AsSpan(24), _messageId);
            _messageId += Size / 65536;
            var start = transport.Headroom + Smb2TransformHeader.Size;
            if (protection == RdmaTransformType.Signing)
            {
                session.SignerOn(client).Sign(_message);
            }

            _message.CopyTo(_frame, start);
            if (protection == RdmaTransformType.Encryption)
            {
                session.Sealer!.Seal(_frame.AsSpan(transport.Headroom), session.SessionId);
                start = transport.Headroom;
            }

            _frames[0] = new OutboundFrame(_frame.AsMemory(start - transport.Headroom));
            await transport.SendAsync(_frames);
            var (_, response) = await transport.ReceiveAsync(_longest, CancellationToken.None);
            if (response is null
                || (protection != RdmaTransformType.Encryption
                    && (NtStatus)BinaryPrimitives.ReadUInt32LittleEndian(response.Memory.Span[8..]) != NtStatus.Success))
            {
                throw new InvalidOperationException("The request does not succeed.");
            }

            response.Dispose();
        }
    }

    /// <summary>A transport that a client uses for a while, and leaves as it is.</summary>
    private sealed class LentTransport(IMessageTransport inner) : IMessageTransport
    {
        private readonly CancellationTokenSource _back = new();
        private readonly TaskCompletionSource _isBack = new();

        public EndPoint LocalEndPoint => inner.LocalEndPoint;

        public EndPoint RemoteEndPoint => inner.RemoteEndPoint;

        public BufferPool Buffers => inner.Buffers;

        public IRemoteMemory? RemoteMemory => inner.RemoteMemory;

        public int Headroom => inner.Headroom;

        public int LargestMessage => inner.LargestMessage;

        public bool HasNext => inner.HasNext;

        public long? BytesAcknowledged => inner.BytesAcknowledged;

        public async ValueTask<(ReceiveOutcome Outcome, ReceivedMessage? Message)> ReceiveAsync(
            Func<int> longest, CancellationToken cancellationToken)
        {
            try
            {
                var received = await inner.ReceiveAsync(longest, _back.Token);
                if (received.Message is not null)
                {
                    return received;
                }
            }
            catch (OperationCanceledException)
            {
                // It is wanted back.
            }

            _isBack.TrySetResult();
            return (ReceiveOutcome.Ended, null);
        }

        public ValueTask<bool> SendAsync(IReadOnlyList<OutboundFrame> frames) => inner.SendAsync(frames);

        public void Abort(bool reset = false) => inner.Abort(reset);

        public async Task TakeBackAsync()
        {
            await _back.CancelAsync();
            await _isBack.Task;
        }

        public ValueTask DisposeAsync()
        {
            _back.Dispose();
            return inner.DisposeAsync();
        }
    }
}
