using System.Net;

namespace Smb3.Embedded.Transport;

/// <summary>Accepts connections at one end point until it is disposed.</summary>
internal interface ITransportListener : IAsyncDisposable
{
    /// <summary>Where it listens; the real port when port 0 was asked for.</summary>
    EndPoint EndPoint { get; }

    /// <summary>Where its connections take their buffers from.</summary>
    BufferPool Buffers { get; }

    /// <summary>Has it refuse connections; <see langword="null"/>: that cannot be done.</summary>
    IRefusal? Refusal => null;

    /// <summary>Waits for the next connection; <see langword="null"/> once the listener has ended.</summary>
    ValueTask<IMessageTransport?> AcceptAsync(CancellationToken cancellationToken);
}
