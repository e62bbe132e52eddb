using System.IO.Pipelines;
using System.Net;
using Smb3.Embedded.Transport.DirectTcp;

namespace Smb3.Embedded.TortureHost;

/// <summary>
/// A connection on which smbtorture can ask that nothing which is sent from then on counts as acknowledged
/// (FSCTL_SMBTORTURE_FORCE_UNACKED_TIMEOUT). The peer goes on to receive all of it.
/// </summary>
internal sealed class DeafenableConnection : IByteStream
{
    private readonly IByteStream _inner;
    private readonly SharedWriter _output;
    private long? _acknowledgedAtLast;

    public DeafenableConnection(IByteStream inner)
    {
        _inner = inner;
        _output = new SharedWriter(inner.Output);
        Input = new DeafeningReader(inner.Input, DeafenAsync);
    }

    public EndPoint LocalEndPoint => _inner.LocalEndPoint;

    public EndPoint RemoteEndPoint => _inner.RemoteEndPoint;

    public PipeReader Input { get; }

    public PipeWriter Output => _output;

    public long? BytesAcknowledged => _acknowledgedAtLast ?? _inner.BytesAcknowledged;

    public bool HasPeerClosed => _inner.HasPeerClosed;

    public void Abort(bool reset = false) => _inner.Abort(reset);

    public async ValueTask DisposeAsync()
    {
        await _inner.DisposeAsync();
        _output.Dispose();
    }

    private async ValueTask DeafenAsync(ReadOnlyMemory<byte> answer)
    {
        // Before the answer, which the server does not count among what it sent.
        var acknowledged = _inner.BytesAcknowledged ?? 0;
        await _output.WriteAsync(answer);
        _acknowledgedAtLast ??= acknowledged;
    }
}
