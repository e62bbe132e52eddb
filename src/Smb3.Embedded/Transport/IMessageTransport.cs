using System.Net;

namespace Smb3.Embedded.Transport;

/// <summary>
/// One connection as the rooms above see it: whole messages in and out. How they are kept apart on the way is its own business: Direct TCP
/// puts a length in front of each (MS-SMB2 2.1), RDMA has messages of its own (MS-SMBD). One receives, one sends, anybody may abort.
/// </summary>
internal interface IMessageTransport : IAsyncDisposable
{
    EndPoint LocalEndPoint { get; }

    EndPoint RemoteEndPoint { get; }

    /// <summary>Where the bytes of its messages come from, and of all connections of the same listener.</summary>
    BufferPool Buffers { get; }

    /// <summary>The peer's memory, where the transport reaches it.</summary>
    IRemoteMemory? RemoteMemory { get; }

    /// <summary>Bytes in front of each message that is sent, for the transport to write what it needs there.</summary>
    int Headroom { get; }

    /// <summary>The longest message that it can carry.</summary>
    int LargestMessage { get; }

    /// <summary>Whether the message behind the last one is there already, whole.</summary>
    bool HasNext { get; }

    /// <summary>
    /// How much of what was sent the peer's transport has acknowledged, in bytes of messages and their headroom;
    /// <see langword="null"/> where that cannot be seen.
    /// </summary>
    long? BytesAcknowledged { get; }

    /// <summary>Receives the next message.</summary>
    /// <param name="longest">
    /// The longest message that is accepted as of now, in bytes: asked for when one has begun, as a peer may have authenticated while its
    /// next message was waited for. Nothing is kept of one that is longer.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<(ReceiveOutcome Outcome, ReceivedMessage? Message)> ReceiveAsync(Func<int> longest, CancellationToken cancellationToken);

    /// <summary>
    /// Sends messages in this order, with the transport's headroom in front of each; the list and its memory are the caller's again when it
    /// completes.
    /// </summary>
    /// <returns>Whether more can be sent.</returns>
    ValueTask<bool> SendAsync(IReadOnlyList<Memory<byte>> messages);

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

    /// <summary>What keeps messages apart was not as it must be.</summary>
    Malformed,
}
