using System.Net;

namespace Smb3.Embedded.Transport.Rdma;

/// <summary>
/// One reliable RDMA connection: what a provider has to offer so that SMB Direct can be spoken over it. Everything that is posted is carried
/// out in order, and the first operation that fails ends the pair: both ends then see its end and nothing else. Any thread may call.
/// </summary>
internal interface IQueuePair : IAsyncDisposable
{
    EndPoint LocalEndPoint { get; }

    EndPoint RemoteEndPoint { get; }

    /// <summary>Registered memory, at least <paramref name="size"/> bytes, which are not cleared.</summary>
    RegisteredBuffer Rent(int size);

    /// <summary>Makes a buffer available to the next SEND of the peer. A SEND that finds none, or is longer, ends the pair.</summary>
    /// <param name="buffer">The buffer; it belongs to the pair until <see cref="ReceiveAsync"/> hands it out again.</param>
    /// <returns>False when the pair has ended; the buffer has then been given back.</returns>
    bool TryPostReceive(RegisteredBuffer buffer);

    /// <summary>Waits for the next SEND of the peer. One caller at a time.</summary>
    /// <returns>What arrived; its buffer belongs to the caller. <see langword="null"/> once the pair has ended.</returns>
    ValueTask<ReceivedSend?> ReceiveAsync();

    /// <summary>Posts a SEND; waits only for room in the send queue.</summary>
    /// <param name="buffer">What is sent; it belongs to the pair from now on, which gives it back when it has left.</param>
    /// <param name="length">Bytes of it.</param>
    /// <param name="invalidate">A token of the peer's memory that is closed when the SEND arrives.</param>
    /// <returns>False when the pair has ended.</returns>
    ValueTask<bool> SendAsync(RegisteredBuffer buffer, int length, uint? invalidate);

    /// <summary>Writes into the peer's memory; completes when the data is there, or can no longer get there.</summary>
    /// <param name="source">Where the data is; it must not be given back before this completes.</param>
    /// <param name="start">Where the data begins in it.</param>
    /// <param name="target">The peer's memory; its length is that of the data.</param>
    /// <returns>False when the pair has ended, as it does when the memory is not as the peer described it.</returns>
    ValueTask<bool> WriteAsync(RegisteredBuffer source, int start, RemoteBuffer target);

    /// <summary>Reads from the peer's memory; completes when the data is here, or nothing will write to the buffer any more.</summary>
    /// <param name="destination">Where the data goes; it must not be given back before this completes.</param>
    /// <param name="start">Where it goes in it.</param>
    /// <param name="source">The peer's memory; its length is that of the data.</param>
    /// <returns>False when the pair has ended, as it does when the memory is not as the peer described it.</returns>
    ValueTask<bool> ReadAsync(RegisteredBuffer destination, int start, RemoteBuffer source);

    /// <summary>
    /// Ends the pair. SENDs that were posted may still arrive, as the last bytes of a socket do that is closed; the peer then sees the end.
    /// </summary>
    void Disconnect();
}
