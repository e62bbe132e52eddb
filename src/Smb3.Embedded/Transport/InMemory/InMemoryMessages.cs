using System.Net;
using System.Threading.Channels;

namespace Smb3.Embedded.Transport.InMemory;

/// <summary>
/// One end of an in-process connection that hands messages over whole: no byte stream, no headroom, nothing in front of a message. The
/// server's end reaches the memory that the client has opened.
/// </summary>
internal sealed class InMemoryMessages : IMessageTransport
{
    /// <summary>Messages in transit in one direction; a sender waits for a receiver that does not take them.</summary>
    private const int Capacity = 16;

    private readonly Channel<PooledMessage> _incoming;
    private readonly Channel<PooledMessage> _outgoing;

    private InMemoryMessages(
        EndPoint local,
        EndPoint remote,
        BufferPool buffers,
        Channel<PooledMessage> incoming,
        Channel<PooledMessage> outgoing,
        IRemoteMemory? remoteMemory)
    {
        LocalEndPoint = local;
        RemoteEndPoint = remote;
        Buffers = buffers;
        RemoteMemory = remoteMemory;
        _incoming = incoming;
        _outgoing = outgoing;
    }

    public EndPoint LocalEndPoint { get; }

    public EndPoint RemoteEndPoint { get; }

    public BufferPool Buffers { get; }

    public IRemoteMemory? RemoteMemory { get; }

    public int Headroom => 0;

    public int LargestMessage => 1 << 24;

    public bool HasNext => _incoming.Reader.TryPeek(out _);

    public long? BytesAcknowledged => null;

    public bool HasPeerClosed => false;

    /// <summary>Makes both ends of a connection.</summary>
    /// <param name="client">Where the client is.</param>
    /// <param name="server">Where the server is.</param>
    /// <param name="buffers">Where messages in transit take their bytes from.</param>
    /// <param name="clientMemory">What the client has opened to the server.</param>
    public static (InMemoryMessages Client, InMemoryMessages Server) CreatePair(
        EndPoint client, EndPoint server, BufferPool buffers, IRemoteMemory clientMemory)
    {
        var toServer = Channel.CreateBounded<PooledMessage>(Capacity);
        var toClient = Channel.CreateBounded<PooledMessage>(Capacity);
        return (
            new InMemoryMessages(client, server, buffers, toClient, toServer, remoteMemory: null),
            new InMemoryMessages(server, client, buffers, toServer, toClient, clientMemory));
    }

    public async ValueTask<(ReceiveOutcome Outcome, ReceivedMessage? Message)> ReceiveAsync(
        Func<int> longest, CancellationToken cancellationToken)
    {
        PooledMessage message;
        try
        {
            message = await _incoming.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ChannelClosedException or OperationCanceledException)
        {
            return (ReceiveOutcome.Ended, null);
        }

        if (message.Length <= longest())
        {
            return (ReceiveOutcome.Message, message);
        }

        message.Dispose();
        return (ReceiveOutcome.TooLong, null);
    }

    public async ValueTask<bool> SendAsync(IReadOnlyList<OutboundFrame> frames)
    {
        for (var i = 0; i < frames.Count; i++)
        {
            var bytes = frames[i].Bytes;
            var buffer = Buffers.Rent(bytes.Length);
            bytes.CopyTo(buffer);
            var message = new PooledMessage(Buffers, buffer, bytes.Length);
            try
            {
                await _outgoing.Writer.WriteAsync(message).ConfigureAwait(false);
            }
            catch (ChannelClosedException)
            {
                message.Dispose();
                return false;
            }
        }

        return true;
    }

    public void Abort(bool reset = false)
    {
        // What the peer has sent is lost to us, but what we have sent may still be received, as when a socket is closed.
        _outgoing.Writer.TryComplete();
        _incoming.Writer.TryComplete();
        while (_incoming.Reader.TryRead(out var message))
        {
            message.Dispose();
        }
    }

    public ValueTask DisposeAsync()
    {
        Abort();
        return default;
    }
}
