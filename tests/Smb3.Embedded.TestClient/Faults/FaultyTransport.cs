using System.IO.Pipelines;
using System.Net;
using Smb3.Embedded.Transport.DirectTcp;

namespace Smb3.Embedded.TestClient.Faults;

/// <summary>
/// A proxy between a client and the server, over a socket or in memory. Each direction can be blocked at any byte, a frame can be
/// delivered twice, and the connection can be cut. What a client sent before it gave up is still delivered when the block ends.
/// </summary>
internal sealed class FaultyTransport : IByteStream
{
    private readonly IByteStream _server;
    private readonly Pipe _outgoing = new(new PipeOptions(useSynchronizationContext: false));

    // Without a limit: a client that has gone does not keep what it sent from arriving.
    private readonly Pipe _incoming = new(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));

    /// <param name="server">The connection to the server, which belongs to the proxy from now on.</param>
    public FaultyTransport(IByteStream server)
    {
        _server = server;
        ToServer = new FaultyDirection(_outgoing.Reader, server.Output);
        ToClient = new FaultyDirection(server.Input, _incoming.Writer);
        Ended = RunAsync();
    }

    /// <summary>What the client sends.</summary>
    public FaultyDirection ToServer { get; }

    /// <summary>What the server sends.</summary>
    public FaultyDirection ToClient { get; }

    /// <summary>Completes when both directions have ended.</summary>
    public Task Ended { get; }

    public EndPoint LocalEndPoint => _server.LocalEndPoint;

    public EndPoint RemoteEndPoint => _server.RemoteEndPoint;

    public long? BytesAcknowledged => _server.BytesAcknowledged;

    public bool HasPeerClosed => _server.HasPeerClosed;

    public PipeReader Input => _incoming.Reader;

    public PipeWriter Output => _outgoing.Writer;

    /// <summary>Cuts the connection: both ends see it end, and what is under way is lost.</summary>
    public void Cut()
    {
        _server.Abort(); // ends its reads and writes; a socket's cannot be cancelled otherwise
        ToServer.Cut();
        ToClient.Cut();
        _outgoing.Reader.CancelPendingRead();
    }

    public void Abort(bool reset = false) => Cut();

    /// <summary>The client goes; what it sent may still arrive.</summary>
    public async ValueTask DisposeAsync()
    {
        await _outgoing.Writer.CompleteAsync();
        _incoming.Reader.CancelPendingRead();
    }

    private async Task RunAsync()
    {
        var up = Task.Run(ToServer.PumpAsync);
        var down = Task.Run(ToClient.PumpAsync);
        var first = await Task.WhenAny(up, down);
        if (first == down)
        {
            await _incoming.Writer.CompleteAsync();
            await _outgoing.Writer.CompleteAsync();
            ToServer.Cut();
        }

        await up;
        _server.Abort();
        ToClient.Cut();
        await down;
        await _server.DisposeAsync();
        await _incoming.Writer.CompleteAsync();
    }
}
