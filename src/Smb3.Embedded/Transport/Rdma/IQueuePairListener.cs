using System.Net;

namespace Smb3.Embedded.Transport.Rdma;

/// <summary>Accepts RDMA connections at one end point until it is disposed.</summary>
internal interface IQueuePairListener : IAsyncDisposable
{
    /// <summary>Where it listens; the real port when port 0 was asked for.</summary>
    EndPoint EndPoint { get; }

    /// <summary>Waits for the next connection; <see langword="null"/> once the listener has ended.</summary>
    /// <param name="firstReceive">The size of the one buffer that is posted before the peer may send, in bytes.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<IQueuePair?> AcceptAsync(int firstReceive, CancellationToken cancellationToken);
}
