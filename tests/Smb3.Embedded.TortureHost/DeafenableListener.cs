using System.Net;
using Smb3.Embedded.Transport;

namespace Smb3.Embedded.TortureHost;

/// <summary>Connections that can be told to look as if the peer acknowledged nothing any more.</summary>
internal sealed class DeafenableListener(ITransportListener inner) : ITransportListener
{
    public EndPoint EndPoint => inner.EndPoint;

    public async ValueTask<ITransportConnection?> AcceptAsync(CancellationToken cancellationToken) =>
        await inner.AcceptAsync(cancellationToken) is { } connection ? new DeafenableConnection(connection) : null;

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
