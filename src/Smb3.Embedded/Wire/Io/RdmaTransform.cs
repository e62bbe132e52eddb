namespace Smb3.Embedded.Wire.Io;

/// <summary>
/// SMB2_RDMA_TRANSFORM (MS-SMB2 2.2.43): how the data is protected that goes by RDMA, beside a READ response or a WRITE request.
/// <code>
///  0 RdmaDescriptorOffset   2 RdmaDescriptorLength   4 Channel   8 TransformCount   10 Reserved (6)   16 SMB2_RDMA_CRYPTO_TRANSFORM
/// </code>
/// It has one transform: no more may be there of either type, nor one of each (MS-SMB2 3.3.5.13).
/// </summary>
internal readonly ref struct RdmaTransform
{
    private const int FixedSize = 16;

    private RdmaTransform(RdmaCryptoTransform crypto, Smb2Channel channel, ReadOnlySpan<byte> descriptors)
    {
        Crypto = crypto;
        Channel = channel;
        Descriptors = descriptors;
    }

    public RdmaCryptoTransform Crypto { get; }

    /// <summary>What the descriptors are.</summary>
    public Smb2Channel Channel { get; }

    public ReadOnlySpan<byte> Descriptors { get; }

    /// <summary>Takes one apart; false also when the descriptors are not behind the transform, at the first multiple of 8.</summary>
    public static bool TryParse(ReadOnlySpan<byte> source, out RdmaTransform transform)
    {
        transform = default;
        if (source.Length < FixedSize
            || source.UInt16(8) != 1
            || !RdmaCryptoTransform.TryParse(source[FixedSize..], out var crypto))
        {
            return false;
        }

        var channel = (Smb2Channel)source.UInt32(4);
        if (channel == Smb2Channel.None)
        {
            // The fields of the descriptors mean nothing then.
            transform = new RdmaTransform(crypto, channel, default);
            return true;
        }

        var offset = source.UInt16(0);
        var length = source.UInt16(2);
        if (offset != LittleEndian.Align8(FixedSize + crypto.Size) || offset + length > source.Length)
        {
            return false;
        }

        transform = new RdmaTransform(crypto, channel, source.Slice(offset, length));
        return true;
    }

    /// <summary>Bytes that <see cref="Write"/> writes.</summary>
    public static int SizeOf(RdmaCryptoTransform crypto, int descriptors) => LittleEndian.Align8(FixedSize + crypto.Size) + descriptors;

    /// <summary>Writes one; a response has neither a channel nor descriptors.</summary>
    public static void Write(Span<byte> target, RdmaCryptoTransform crypto, Smb2Channel channel, ReadOnlySpan<byte> descriptors)
    {
        var size = SizeOf(crypto, descriptors.Length);
        target[..size].Clear();
        if (channel != Smb2Channel.None)
        {
            target.Put(0, (ushort)(size - descriptors.Length));
            target.Put(2, (ushort)descriptors.Length);
        }

        target.Put(4, (uint)channel);
        target.Put(8, (ushort)1);
        crypto.Write(target[FixedSize..]);
        descriptors.CopyTo(target[(size - descriptors.Length)..]);
    }
}
