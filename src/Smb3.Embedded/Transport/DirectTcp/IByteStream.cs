using System.IO.Pipelines;
using System.Net;

namespace Smb3.Embedded.Transport.DirectTcp;

/// <summary>
/// A duplex stream of bytes that carries Direct TCP frames (MS-SMB2 2.1). Disposing it closes it; <see cref="Abort"/> tears it down
/// at once from any thread, and both ends of the pipe then complete.
/// </summary>
internal interface IByteStream : IDuplexPipe, IAsyncDisposable
{
    EndPoint LocalEndPoint { get; }

    EndPoint RemoteEndPoint { get; }

    /// <summary>
    /// How many of the bytes that were sent the peer's transport has acknowledged; <see langword="null"/> where that cannot be seen.
    /// </summary>
    long? BytesAcknowledged { get; }

    /// <summary>
    /// Whether the peer has closed, which may be known before all that it sent has been received; <see langword="false"/> where that cannot
    /// be seen.
    /// </summary>
    bool HasPeerClosed { get; }

    /// <param name="reset">
    /// Whether the peer is told by a reset, which reaches it even where it no longer acknowledges what is under way.
    /// </param>
    void Abort(bool reset = false);
}

/// <summary>
/// An input that can also be read into memory of the caller's choosing, so that the payload of a large frame is received straight
/// into the buffer that the frame lives in.
/// </summary>
internal interface IDirectInput
{
    /// <summary>Receives into <paramref name="buffer"/>; only legal while the pipe holds no unread bytes. Zero at the end.</summary>
    ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken);
}
