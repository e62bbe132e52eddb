using System.IO.Pipelines;
using System.Net;
using System.Threading.Channels;
using Smb3.Embedded.Transport.DirectTcp;

namespace Smb3.Embedded.Transport.InMemory;

/// <summary>
/// A transport without a network: tests and in-process clients connect to it directly, either by a byte stream with Direct TCP's frames or
/// by messages that are handed over whole.
/// </summary>
/// <param name="scheduler">
/// Where either end of a stream continues once the other has written; <see langword="null"/> for the thread pool.
/// </param>
internal sealed class InMemoryTransport(PipeScheduler? scheduler = null) : ITransportListener
{
    private readonly Channel<IMessageTransport> _waiting = Channel.CreateUnbounded<IMessageTransport>();
    private int _lastPort;

    public EndPoint EndPoint { get; } = new IPEndPoint(IPAddress.Loopback, 0);

    public BufferPool Buffers { get; } = new();

    /// <summary>Connects by a stream of bytes; the returned end is the client's.</summary>
    /// <exception cref="InvalidOperationException">The listener has ended.</exception>
    public IByteStream Connect(IPAddress? from = null)
    {
        var (client, server) = InMemoryStream.CreatePair(NextRemote(from), EndPoint, scheduler);
        Offer(new DirectTcpTransport(server, Buffers));
        return client;
    }

    /// <summary>Connects by whole messages; the returned end is the client's.</summary>
    /// <param name="from">Where the client is.</param>
    /// <param name="memory">Memory that the client opens to the server.</param>
    /// <exception cref="InvalidOperationException">The listener has ended.</exception>
    public IMessageTransport ConnectByMessages(IPAddress? from = null, OpenedMemory? memory = null)
    {
        var (client, server) = InMemoryMessages.CreatePair(NextRemote(from), EndPoint, Buffers, memory ?? new OpenedMemory());
        Offer(server);
        return client;
    }

    public async ValueTask<IMessageTransport?> AcceptAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _waiting.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ChannelClosedException or OperationCanceledException)
        {
            return null;
        }
    }

    public ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        return default;
    }

    private IPEndPoint NextRemote(IPAddress? from) => new(from ?? IPAddress.Loopback, Interlocked.Increment(ref _lastPort) & 0xFFFF);

    private void Offer(IMessageTransport server)
    {
        if (!_waiting.Writer.TryWrite(server))
        {
            throw new InvalidOperationException("The server does not listen any more.");
        }
    }
}
