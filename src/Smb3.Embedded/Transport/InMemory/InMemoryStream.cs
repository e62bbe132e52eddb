using System.IO.Pipelines;
using System.Net;
using Smb3.Embedded.Transport.DirectTcp;

namespace Smb3.Embedded.Transport.InMemory;

/// <summary>One end of a stream of bytes within the process.</summary>
internal sealed class InMemoryStream : IByteStream
{
    // Large enough that a megabyte in transit takes no more segments than the pools keep.
    private const int SegmentSize = 1 << 15;

    private readonly Pipe _incoming;
    private readonly Pipe _outgoing;
    private int _closed;

    private InMemoryStream(EndPoint local, EndPoint remote, Pipe incoming, Pipe outgoing)
    {
        LocalEndPoint = local;
        RemoteEndPoint = remote;
        _incoming = incoming;
        _outgoing = outgoing;
    }

    public EndPoint LocalEndPoint { get; }

    public EndPoint RemoteEndPoint { get; }

    public long? BytesAcknowledged => null;

    public bool HasPeerClosed => false;

    public PipeReader Input => _incoming.Reader;

    public PipeWriter Output => _outgoing.Writer;

    /// <summary>Makes both ends of a stream.</summary>
    /// <param name="client">Where the client is.</param>
    /// <param name="server">Where the server is.</param>
    /// <param name="scheduler">Where either end continues once the other has written; <see langword="null"/> for the thread pool.</param>
    public static (InMemoryStream Client, InMemoryStream Server) CreatePair(EndPoint client, EndPoint server, PipeScheduler? scheduler)
    {
        var options = new PipeOptions(
            readerScheduler: scheduler,
            writerScheduler: scheduler,
            pauseWriterThreshold: 1 << 20,
            resumeWriterThreshold: 1 << 19,
            minimumSegmentSize: SegmentSize,
            useSynchronizationContext: false);
        var toServer = new Pipe(options);
        var toClient = new Pipe(options);
        return (new InMemoryStream(client, server, toClient, toServer), new InMemoryStream(server, client, toServer, toClient));
    }

    public void Abort(bool reset = false)
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0)
        {
            // Both directions end: our own read wakes up, and so does the peer's.
            _incoming.Writer.CancelPendingFlush();
            _incoming.Reader.CancelPendingRead();
            _outgoing.Writer.CancelPendingFlush();
            _outgoing.Writer.Complete();
        }
    }

    public ValueTask DisposeAsync()
    {
        Abort();
        _incoming.Reader.Complete();
        return default;
    }
}
