using System.Net;

namespace Smb3.Embedded.Transport;

/// <summary>
/// One connection as the rooms above see it: whole messages in and out. How they are kept apart in transit is up to the transport: Direct
/// TCP puts a length in front of each (MS-SMB2 2.1), RDMA has messages of its own (MS-SMBD). There is one receiver and one sender; anyone
/// may abort.
/// </summary>
internal interface IMessageTransport : IAsyncDisposable
{
    EndPoint LocalEndPoint { get; }

    EndPoint RemoteEndPoint { get; }

    /// <summary>The pool for the bytes of its messages, shared by all connections of the same listener.</summary>
    BufferPool Buffers { get; }

    /// <summary>The peer's memory, where the transport can reach it.</summary>
    IRemoteMemory? RemoteMemory { get; }

    /// <summary>Bytes in front of each message that is sent, where the transport writes what it needs.</summary>
    int Headroom { get; }

    /// <summary>The longest message that it can carry.</summary>
    int LargestMessage { get; }

    /// <summary>Whether the message after the last one has already arrived whole.</summary>
    bool HasNext { get; }

    /// <summary>
    /// How much of what was sent the peer's transport has acknowledged, in bytes of messages and their headroom;
    /// <see langword="null"/> where that cannot be seen.
    /// </summary>
    long? BytesAcknowledged { get; }

    /// <summary>
    /// Whether the peer has closed, which may be known before all that it sent has been received; <see langword="false"/> where that cannot
    /// be seen.
    /// </summary>
    bool HasPeerClosed { get; }

    /// <summary>Receives the next message.</summary>
    /// <param name="longest">
    /// The longest message that is currently accepted, in bytes: called when a message has begun, because the peer may have authenticated
    /// while it was being waited for. Nothing is kept of a longer one.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<(ReceiveOutcome Outcome, ReceivedMessage? Message)> ReceiveAsync(Func<int> longest, CancellationToken cancellationToken);

    /// <summary>
    /// Sends messages in this order, with the transport's headroom in front of each; the list and its memory belong to the caller again
    /// once this completes.
    /// </summary>
    /// <returns>Whether more can be sent.</returns>
    ValueTask<bool> SendAsync(IReadOnlyList<OutboundFrame> frames);

    /// <summary>Tears the connection down at once; both directions end. May be called more than once, from any thread.</summary>
    /// <param name="reset">
    /// Whether the peer is told by a reset, which reaches it even where it no longer acknowledges what is under way.
    /// </param>
    void Abort(bool reset = false);
}

/// <summary>Why <see cref="IMessageTransport.ReceiveAsync"/> returned.</summary>
internal enum ReceiveOutcome
{
    /// <summary>A message is there.</summary>
    Message,

    /// <summary>The peer closed, or the connection broke.</summary>
    Ended,

    /// <summary>A message announced itself as longer than is allowed; none of it was buffered.</summary>
    TooLong,

    /// <summary>What keeps messages apart was malformed.</summary>
    Malformed,
}
