namespace Smb3.Embedded.Transport;

/// <summary>
/// The peer's memory, where a transport reaches it: READ places its data there and WRITE fetches it from there, apart from the messages
/// (MS-SMB2 3.3.5.12, 3.3.5.13). Over a transport without one, the response and the request carry the data.
/// </summary>
internal interface IRemoteMemory
{
    /// <summary>Puts <paramref name="data"/> into the peer's buffers, one after the other.</summary>
    /// <param name="data">What is put there; no longer than the buffers together.</param>
    /// <param name="buffers">Buffers that the peer has offered.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether all of it is there; false when a buffer is not as the peer described it.</returns>
    ValueTask<bool> PlaceAsync(ReadOnlyMemory<byte> data, IReadOnlyList<RemoteBuffer> buffers, CancellationToken cancellationToken);

    /// <summary>Fills <paramref name="destination"/> from the peer's buffers, one after the other.</summary>
    /// <param name="destination">Where the data goes; no longer than the buffers together.</param>
    /// <param name="buffers">Buffers that the peer has offered.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether it is full; false when a buffer is not as the peer described it.</returns>
    ValueTask<bool> FetchAsync(Memory<byte> destination, IReadOnlyList<RemoteBuffer> buffers, CancellationToken cancellationToken);
}

/// <summary>A piece of the peer's memory that it has opened to us.</summary>
/// <param name="Offset">Where it begins within what the token names.</param>
/// <param name="Token">What the peer calls it.</param>
/// <param name="Length">Bytes.</param>
internal readonly record struct RemoteBuffer(ulong Offset, uint Token, uint Length);
