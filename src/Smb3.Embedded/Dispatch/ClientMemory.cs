using Smb3.Embedded.Transport;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Io;

namespace Smb3.Embedded.Dispatch;

/// <summary>
/// The buffers of the client that the data of a READ or WRITE goes through instead of the response or the request (MS-SMB2 3.3.5.12,
/// 3.3.5.13), and a buffer of ours as long as what goes through them.
/// </summary>
internal sealed class ClientMemory : IDisposable
{
    private readonly IMessageTransport _transport;
    private readonly RemoteBuffer[] _buffers;
    private readonly int _length;
    private readonly byte[] _bytes;

    private ClientMemory(IMessageTransport transport, RemoteBuffer[] buffers, int length)
    {
        _transport = transport;
        _buffers = buffers;
        _length = length;
        _bytes = transport.Buffers.Rent(length);
    }

    /// <summary>What is placed, or was fetched.</summary>
    public Memory<byte> Data => _bytes.AsMemory(0, _length);

    /// <summary>
    /// The buffers that a request names; <see langword="null"/> when there is no such channel on its connection, or they do not hold
    /// <paramref name="length"/> bytes. What came encrypted is not taken from the client's memory, nor put there, in the clear.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="transport">What it came over.</param>
    /// <param name="channel">The channel that it names.</param>
    /// <param name="channelInfo">The descriptors that it carries.</param>
    /// <param name="length">Bytes that are to go through them.</param>
    public static ClientMemory? TryReach(
        Request request, IMessageTransport transport, Smb2Channel channel, ReadOnlySpan<byte> channelInfo, int length)
    {
        if (transport.RemoteMemory is null
            || channel != Smb2Channel.RdmaV1
            || request.IsEncrypted
            || request.TreeConnect is { EncryptData: true }
            || !BufferDescriptor.TryCount(channelInfo, out var total)
            || total < (ulong)length)
        {
            return null;
        }

        var buffers = new RemoteBuffer[channelInfo.Length / BufferDescriptor.Size];
        for (var i = 0; i < buffers.Length; i++)
        {
            var descriptor = BufferDescriptor.Read(channelInfo[(i * BufferDescriptor.Size)..]);
            buffers[i] = new RemoteBuffer(descriptor.Offset, descriptor.Token, descriptor.Length);
        }

        return new ClientMemory(transport, buffers, length);
    }

    /// <summary>Puts the first <paramref name="count"/> bytes of <see cref="Data"/> there; false: a buffer is not what was said.</summary>
    public ValueTask<bool> PlaceAsync(int count, CancellationToken cancellationToken) =>
        _transport.RemoteMemory!.PlaceAsync(Data[..count], _buffers, cancellationToken);

    /// <summary>Fills <see cref="Data"/>; false: a buffer is not what was said.</summary>
    public ValueTask<bool> FetchAsync(CancellationToken cancellationToken) =>
        _transport.RemoteMemory!.FetchAsync(Data, _buffers, cancellationToken);

    public void Dispose() => _transport.Buffers.Return(_bytes);
}
