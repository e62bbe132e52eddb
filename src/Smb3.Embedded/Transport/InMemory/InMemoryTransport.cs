using System.IO.Pipelines;
using System.Net;
using System.Threading.Channels;

namespace Smb3.Embedded.Transport.InMemory;

/// <summary>A transport without a network: tests and in-process clients connect to it directly.</summary>
/// <param name="scheduler">Where either end goes on when the other has written; <see langword="null"/>: on the thread pool.</param>
internal sealed class InMemoryTransport(PipeScheduler? scheduler = null) : ITransportListener
{
    // Large enough that a megabyte under way is a number of segments that the pools keep.
    private const int SegmentSize = 1 << 15;

    private readonly Channel<ITransportConnection> _waiting = Channel.CreateUnbounded<ITransportConnection>();
    private int _lastPort;

    public EndPoint EndPoint { get; } = new IPEndPoint(IPAddress.Loopback, 0);

    /// <summary>Connects; the returned end is the client's.</summary>
    /// <exception cref="InvalidOperationException">The listener has ended.</exception>
    public ITransportConnection Connect(IPAddress? from = null)
    {
        var port = Interlocked.Increment(ref _lastPort);
        var remote = new IPEndPoint(from ?? IPAddress.Loopback, port & 0xFFFF);
        var options = new PipeOptions(
            readerScheduler: scheduler,
            writerScheduler: scheduler,
            pauseWriterThreshold: 1 << 20,
            resumeWriterThreshold: 1 << 19,
            minimumSegmentSize: SegmentSize,
            useSynchronizationContext: false);
        var toServer = new Pipe(options);
        var toClient = new Pipe(options);
        var server = new End(EndPoint, remote, toServer.Reader, toClient.Writer, toServer, toClient);
        if (!_waiting.Writer.TryWrite(server))
        {
            throw new InvalidOperationException("The server does not listen any more.");
        }

        return new End(remote, EndPoint, toClient.Reader, toServer.Writer, toClient, toServer);
    }

    public async ValueTask<ITransportConnection?> AcceptAsync(CancellationToken cancellationToken)
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

    private sealed class End(EndPoint local, EndPoint remote, PipeReader input, PipeWriter output, Pipe incoming, Pipe outgoing)
        : ITransportConnection
    {
        private int _closed;

        public EndPoint LocalEndPoint => local;

        public EndPoint RemoteEndPoint => remote;

        public long? BytesAcknowledged => null;

        public PipeReader Input => input;

        public PipeWriter Output => output;

        public void Abort(bool reset = false)
        {
            if (Interlocked.Exchange(ref _closed, 1) == 0)
            {
                // Both directions end: our own read wakes up, and so does the peer's.
                incoming.Writer.CancelPendingFlush();
                incoming.Reader.CancelPendingRead();
                outgoing.Writer.CancelPendingFlush();
                outgoing.Writer.Complete();
            }
        }

        public ValueTask DisposeAsync()
        {
            Abort();
            input.Complete();
            return default;
        }
    }
}
