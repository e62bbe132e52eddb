using System.Net.Sockets;

namespace Smb3.Embedded.Transport.Tcp.Lines;

/// <summary>
/// A connected socket as the pipes use it: with one receiver and one sender; anyone may abort. A broken connection is reported by a
/// <see cref="SocketException"/> or an <see cref="ObjectDisposedException"/>.
/// </summary>
internal interface ISocketLine
{
    /// <summary>Completes when there is something to receive; no buffer is needed until then.</summary>
    ValueTask WaitForDataAsync(CancellationToken cancellationToken);

    /// <summary>Receives what is there, waiting for the first byte. Zero at the end.</summary>
    ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>Sends a part of <paramref name="data"/>, at once if the socket takes it.</summary>
    ValueTask<int> SendAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken);

    /// <summary>Ends both directions and every wait. May be called more than once.</summary>
    void Abort();
}
