using System.Net;

namespace Smb3.Embedded.Transport.DirectTcp;

/// <summary>Accepts streams of bytes at one end point until it is disposed.</summary>
internal interface IByteStreamListener : IAsyncDisposable
{
    /// <summary>Where it listens; the real port when port 0 was asked for.</summary>
    EndPoint EndPoint { get; }

    /// <summary>Has it refuse connections; <see langword="null"/>: that cannot be done.</summary>
    IRefusal? Refusal => null;

    /// <summary>Waits for the next stream; <see langword="null"/> once the listener has ended.</summary>
    ValueTask<IByteStream?> AcceptAsync(CancellationToken cancellationToken);
}
