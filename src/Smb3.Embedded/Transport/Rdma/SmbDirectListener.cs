using System.Net;

namespace Smb3.Embedded.Transport.Rdma;

/// <summary>Accepts RDMA connections and speaks SMB Direct over them.</summary>
internal sealed class SmbDirectListener(IQueuePairListener pairs, SmbDirectSettings settings) : ITransportListener
{
    public EndPoint EndPoint => pairs.EndPoint;

    public BufferPool Buffers { get; } = new();

    public async ValueTask<IMessageTransport?> AcceptAsync(CancellationToken cancellationToken) =>
        await pairs.AcceptAsync(settings.MaxReceiveSize, cancellationToken).ConfigureAwait(false) is { } pair
            ? SmbDirectTransport.Accept(pair, settings, Buffers)
            : null;

    public ValueTask DisposeAsync() => pairs.DisposeAsync();
}
