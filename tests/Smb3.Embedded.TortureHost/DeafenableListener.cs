using System.Net;
using Smb3.Embedded.Transport.DirectTcp;

namespace Smb3.Embedded.TortureHost;

/// <summary>Connections that can be told to look as if the peer acknowledged nothing any more.</summary>
internal sealed class DeafenableListener(IByteStreamListener inner) : IByteStreamListener
{
    public EndPoint EndPoint => inner.EndPoint;

    public async ValueTask<IByteStream?> AcceptAsync(CancellationToken cancellationToken) =>
        await inner.AcceptAsync(cancellationToken) is { } connection ? new DeafenableConnection(connection) : null;

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
