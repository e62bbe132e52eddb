using System.Net;

namespace Smb3.Embedded.Transport.DirectTcp;

/// <summary>Accepts streams of bytes and speaks Direct TCP over them.</summary>
internal sealed class DirectTcpListener(IByteStreamListener streams) : ITransportListener
{
    public EndPoint EndPoint => streams.EndPoint;

    public BufferPool Buffers { get; } = new();

    public IRefusal? Refusal => streams.Refusal;

    public async ValueTask<IMessageTransport?> AcceptAsync(CancellationToken cancellationToken) =>
        await streams.AcceptAsync(cancellationToken).ConfigureAwait(false) is { } stream ? new DirectTcpTransport(stream, Buffers) : null;

    public ValueTask DisposeAsync() => streams.DisposeAsync();
}
