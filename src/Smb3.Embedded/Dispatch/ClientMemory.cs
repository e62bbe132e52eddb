using System.Buffers;
using Smb3.Embedded.Transport;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Io;

namespace Smb3.Embedded.Dispatch;

/// <summary>
/// The client's buffers through which the data of a READ or WRITE goes instead of through the response or the request (MS-SMB2 3.3.5.12,
/// 3.3.5.13), and a buffer of ours as long as that data.
/// </summary>
internal sealed class ClientMemory : IDisposable
{
    private readonly IMessageTransport _transport;
    private readonly RemoteBuffer[] _buffers;
    private readonly int _length;
    private readonly IMemoryOwner<byte> _memory;

    private ClientMemory(IMessageTransport transport, RemoteBuffer[] buffers, int length)
    {
        _transport = transport;
        _buffers = buffers;
        _length = length;
        _memory = transport.RemoteMemory!.Rent(length);
    }

    /// <summary>The data to be placed, or the data that was fetched.</summary>
    public Memory<byte> Data => _memory.Memory[.._length];

    /// <summary>
    /// The buffers that a request names; <see langword="null"/> when there is no such channel on its connection, or they do not hold
    /// <paramref name="length"/> bytes. The data of an encrypted request is never moved from or to the client's memory in the clear.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="transport">The transport that the request came over.</param>
    /// <param name="channel">The channel that the request names.</param>
    /// <param name="channelInfo">The descriptors that the request carries.</param>
    /// <param name="length">Bytes that are to go through the buffers.</param>
    public static ClientMemory? TryReach(
        Request request, IMessageTransport transport, Smb2Channel channel, ReadOnlySpan<byte> channelInfo, int length)
    {
        if (transport.RemoteMemory is null
            || !IsServed(channel, request.Connection.Negotiated!.Dialect)
            || request.IsEncrypted
            || request.TreeConnect is { EncryptData: true }
            || !RdmaBufferDescriptor.TryCount(channelInfo, out var total)
            || total < (ulong)length)
        {
            return null;
        }

        var buffers = new RemoteBuffer[channelInfo.Length / RdmaBufferDescriptor.Size];
        for (var i = 0; i < buffers.Length; i++)
        {
            var descriptor = RdmaBufferDescriptor.Read(channelInfo[(i * RdmaBufferDescriptor.Size)..]);
            buffers[i] = new RemoteBuffer(descriptor.Offset, descriptor.Token, descriptor.Length);
        }

        return new ClientMemory(transport, buffers, length) { Invalidates = channel == Smb2Channel.RdmaV1Invalidate ? buffers[0].Token : null };
    }

    /// <summary>The token that the client wants to have closed with the response: the first one (MS-SMB2 2.2.19, MS-SMBD 3.1.4.2).</summary>
    public uint? Invalidates { get; private init; }

    /// <summary>
    /// Puts the first <paramref name="count"/> bytes of <see cref="Data"/> there; false when a buffer is not as the client described it.
    /// </summary>
    public ValueTask<bool> PlaceAsync(int count) => _transport.RemoteMemory!.PlaceAsync(_memory, count, _buffers);

    /// <summary>Fills <see cref="Data"/> from there; false when a buffer is not as the client described it.</summary>
    public ValueTask<bool> FetchAsync() => _transport.RemoteMemory!.FetchAsync(_memory, _length, _buffers);

    public void Dispose() => _memory.Dispose();

    /// <summary>SMB 3.0 knows only the plain channel (MS-SMB2 2.2.19).</summary>
    private static bool IsServed(Smb2Channel channel, Smb2Dialect dialect) => channel switch
    {
        Smb2Channel.RdmaV1 => true,
        Smb2Channel.RdmaV1Invalidate => dialect >= Smb2Dialect.Smb302,
        _ => false,
    };
}
