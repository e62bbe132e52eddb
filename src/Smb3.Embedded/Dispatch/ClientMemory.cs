using System.Buffers;
using System.Runtime.CompilerServices;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Cryptography;
using Smb3.Embedded.Transport;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Io;

namespace Smb3.Embedded.Dispatch;

/// <summary>
/// The client's buffers through which the data of a READ or WRITE goes instead of through the response or the request (MS-SMB2 3.3.5.12,
/// 3.3.5.13), and a buffer of ours as long as that data. A <see cref="Request"/> has one for all that it serves one after the other.
/// </summary>
internal sealed class ClientMemory(Request request) : IDisposable
{
    private const int LargestTag = Smb2Header.SignatureSize;

    /// <summary>Descriptors beyond which their list is not kept.</summary>
    private const int MostKept = 64;

    private readonly byte[] _tag = new byte[LargestTag];
    private readonly byte[] _nonce = new byte[MessageSealer.LargestNonce];
    private List<RemoteBuffer> _buffers = new(1);
    private IRemoteMemory? _remote;
    private IMemoryOwner<byte>? _memory;
    private DataProtection _protection;
    private int _length;
    private int _tagLength;
    private int _nonceLength;
    private bool _isWhole;

    /// <summary>The data to be placed, or the data that was fetched.</summary>
    public Memory<byte> Data => _memory!.Memory[.._length];

    /// <summary>The token that the client wants to have closed with the response: the first one (MS-SMB2 2.2.19, MS-SMBD 3.1.4.2).</summary>
    public uint? Invalidates { get; private set; }

    /// <summary>Bytes of the SMB2_RDMA_TRANSFORM that tells the client how the data that was placed is protected; 0: there is none.</summary>
    public int TransformSize => _protection.IsNone || _length == 0 ? 0 : RdmaTransform.SizeOf(Crypto, 0);

    private RdmaCryptoTransform Crypto => new(_protection.Type, _tag.AsSpan(0, _tagLength), _nonce.AsSpan(0, _nonceLength));

    /// <summary>
    /// Takes the buffers that a READ names; false when there is no such channel on its connection, they do not hold
    /// <paramref name="length"/> bytes, or the data must be protected and can only go in a message.
    /// </summary>
    /// <param name="remote">How the client's memory is reached.</param>
    /// <param name="channel">The channel that the request names.</param>
    /// <param name="channelInfo">What the request says of it.</param>
    /// <param name="length">Bytes that are to go through the buffers.</param>
    public bool TryReachToPlace(IRemoteMemory remote, Smb2Channel channel, ReadOnlySpan<byte> channelInfo, int length) =>
        DataProtection.TryChoose(request, out _protection) && TryTake(remote, channel, channelInfo, length);

    /// <summary>The same for a WRITE, which says itself how its data is protected, and whose first buffer may not be empty.</summary>
    public bool TryReachToFetch(IRemoteMemory remote, Smb2Channel channel, ReadOnlySpan<byte> channelInfo, int length)
    {
        if (channel != Smb2Channel.RdmaTransform)
        {
            _protection = default;
            return DataProtection.MayBePlain(request) && BeginsWithSome(channelInfo) && TryTake(remote, channel, channelInfo, length);
        }

        if (!RdmaTransform.TryParse(channelInfo, out var transform)
            || !DataProtection.TryFind(request, transform.Crypto.Type, out _protection))
        {
            return false;
        }

        Keep(transform.Crypto);
        return BeginsWithSome(transform.Descriptors) && TryTake(remote, transform.Channel, transform.Descriptors, length);
    }

    /// <summary>
    /// Puts the first <paramref name="count"/> bytes of <see cref="Data"/> there, protected if they must be, and then has no other bytes than
    /// those; false when a buffer is not as the client described it.
    /// </summary>
    public ValueTask<bool> PlaceAsync(int count)
    {
        _length = count;
        if (!_protection.IsNone && count > 0)
        {
            (_tagLength, _nonceLength) = (LargestTag, _protection.NonceSize);
            _protection.Protect(Data.Span, request.MessageId, _nonce.AsSpan(0, _nonceLength), _tag);
        }

        return _remote!.PlaceAsync(_memory!, count, _buffers);
    }

    /// <summary>Writes the transform of what was placed.</summary>
    /// <param name="target"><see cref="TransformSize"/> bytes.</param>
    public void WriteTransform(Span<byte> target) => RdmaTransform.Write(target, Crypto, Smb2Channel.None, default);

    /// <summary>
    /// Fills <see cref="Data"/> from there. What is fetched is verified here, where the client cannot change it any more.
    /// </summary>
    /// <returns>
    /// INVALID_PARAMETER when a buffer is not as the client described it; AUTH_TAG_MISMATCH or INVALID_SIGNATURE when the data is not what
    /// the client has protected, or cannot be.
    /// </returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<NtStatus> FetchAsync()
    {
        if (!_protection.IsNone && !_isWhole)
        {
            return _protection.Failure;
        }

        if (!await _remote!.FetchAsync(_memory!, _length, _buffers).ConfigureAwait(false))
        {
            return NtStatus.InvalidParameter;
        }

        return _protection.TryOpen(Data.Span, _nonce.AsSpan(0, _nonceLength), _tag.AsSpan(0, _tagLength))
            ? NtStatus.Success
            : _protection.Failure;
    }

    public void Dispose()
    {
        _memory?.Dispose();
        _memory = null;
        _remote = null;
        _protection = default;
        if (_buffers.Capacity > MostKept)
        {
            _buffers = new List<RemoteBuffer>(1);
        }
    }

    private bool TryTake(IRemoteMemory remote, Smb2Channel channel, ReadOnlySpan<byte> descriptors, int length)
    {
        if (!IsServed(channel, request.Connection.Negotiated!.Dialect)
            || !RdmaBufferDescriptor.TryCount(descriptors, out var total)
            || total < (ulong)length)
        {
            return false;
        }

        _buffers.Clear();
        for (var at = 0; at < descriptors.Length; at += RdmaBufferDescriptor.Size)
        {
            var descriptor = RdmaBufferDescriptor.Read(descriptors[at..]);
            _buffers.Add(new RemoteBuffer(descriptor.Offset, descriptor.Token, descriptor.Length));
        }

        Invalidates = channel == Smb2Channel.RdmaV1Invalidate ? _buffers[0].Token : null;
        _remote = remote;
        _length = length;
        _memory = remote.Rent(length);
        return true;
    }

    private static bool BeginsWithSome(ReadOnlySpan<byte> descriptors) =>
        descriptors.Length >= RdmaBufferDescriptor.Size && RdmaBufferDescriptor.Read(descriptors).Length > 0;

    private void Keep(RdmaCryptoTransform crypto)
    {
        _isWhole = crypto.Signature.Length == LargestTag && crypto.Nonce.Length == _protection.NonceSize;
        if (_isWhole)
        {
            (_tagLength, _nonceLength) = (crypto.Signature.Length, crypto.Nonce.Length);
            crypto.Signature.CopyTo(_tag);
            crypto.Nonce.CopyTo(_nonce);
        }
    }

    /// <summary>SMB 3.0 knows only the plain channel (MS-SMB2 2.2.19).</summary>
    private static bool IsServed(Smb2Channel channel, Smb2Dialect dialect) => channel switch
    {
        Smb2Channel.RdmaV1 => true,
        Smb2Channel.RdmaV1Invalidate => dialect >= Smb2Dialect.Smb302,
        _ => false,
    };
}
