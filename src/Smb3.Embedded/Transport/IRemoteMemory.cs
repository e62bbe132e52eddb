using System.Buffers;

namespace Smb3.Embedded.Transport;

/// <summary>
/// The peer's memory, where a transport reaches it: READ places its data there and WRITE fetches it from there, apart from the messages
/// (MS-SMB2 3.3.5.12, 3.3.5.13). Over a transport without one, the response and the request carry the data.
/// </summary>
internal interface IRemoteMemory
{
    /// <summary>Memory of ours that the transport moves data to and from, at least <paramref name="length"/> bytes, which are not cleared.</summary>
    IMemoryOwner<byte> Rent(int length);

    /// <summary>Puts data into the peer's buffers, one after the other.</summary>
    /// <param name="data">Memory from <see cref="Rent"/> that begins with it.</param>
    /// <param name="count">Bytes of it; no more than the buffers together.</param>
    /// <param name="buffers">Buffers that the peer has offered.</param>
    /// <returns>
    /// Whether all of it is there; false when a buffer is not as the peer described it, after which the connection may be over.
    /// </returns>
    /// <remarks>There is no way to end this early but to abort the connection: the memory is in use until it completes.</remarks>
    ValueTask<bool> PlaceAsync(IMemoryOwner<byte> data, int count, IReadOnlyList<RemoteBuffer> buffers);

    /// <summary>Fills memory from the peer's buffers, one after the other; otherwise as <see cref="PlaceAsync"/>.</summary>
    ValueTask<bool> FetchAsync(IMemoryOwner<byte> destination, int count, IReadOnlyList<RemoteBuffer> buffers);
}

/// <summary>A piece of the peer's memory that it has opened to us.</summary>
/// <param name="Offset">Where it begins within what the token names.</param>
/// <param name="Token">What the peer calls it.</param>
/// <param name="Length">Bytes.</param>
internal readonly record struct RemoteBuffer(ulong Offset, uint Token, uint Length);
