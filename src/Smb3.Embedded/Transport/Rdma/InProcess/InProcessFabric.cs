using System.Net;
using System.Threading.Channels;

namespace Smb3.Embedded.Transport.Rdma.InProcess;

/// <summary>An RDMA network inside the process: queue pairs with the rules of real ones and no device, for tests and the fault programs.</summary>
/// <param name="isInline">Whether who waits for a SEND goes on at once on the sender's thread.</param>
internal sealed class InProcessFabric(bool isInline = false) : IQueuePairListener
{
    private readonly InProcessMemory _memory = new();
    private readonly Channel<InProcessQueuePair> _waiting = Channel.CreateUnbounded<InProcessQueuePair>();
    private int _lastPort;

    public EndPoint EndPoint { get; } = new SmbRdmaEndPoint(IPAddress.Loopback);

    /// <summary>Where registered memory comes from.</summary>
    public BufferPool Buffers => _memory.Bytes;

    /// <summary>Connects to whoever accepts; the returned end is the client's, which can open memory.</summary>
    /// <param name="from">Where the client is.</param>
    /// <param name="firstReceive">The size of the one buffer that is posted before the server may send, in bytes.</param>
    /// <exception cref="InvalidOperationException">The listener has ended.</exception>
    public InProcessQueuePair Connect(IPAddress? from = null, int firstReceive = 8192)
    {
        var remote = new IPEndPoint(from ?? IPAddress.Loopback, Interlocked.Increment(ref _lastPort) & 0xFFFF);
        var client = new InProcessQueuePair(_memory, remote, EndPoint, isInline);
        var server = new InProcessQueuePair(_memory, EndPoint, remote, isInline);
        client.Join(server);
        client.TryPostReceive(client.Rent(firstReceive));
        if (!_waiting.Writer.TryWrite(server))
        {
            throw new InvalidOperationException("The server does not listen any more.");
        }

        return client;
    }

    public async ValueTask<IQueuePair?> AcceptAsync(int firstReceive, CancellationToken cancellationToken)
    {
        try
        {
            var pair = await _waiting.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            pair.Accept(firstReceive);
            return pair;
        }
        catch (Exception e) when (e is ChannelClosedException or OperationCanceledException)
        {
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        while (_waiting.Reader.TryRead(out var pair))
        {
            await pair.DisposeAsync().ConfigureAwait(false);
        }
    }
}
