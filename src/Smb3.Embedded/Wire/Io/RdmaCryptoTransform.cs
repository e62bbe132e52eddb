namespace Smb3.Embedded.Wire.Io;

/// <summary>TransformType of an SMB2_RDMA_CRYPTO_TRANSFORM (MS-SMB2 2.2.43.1).</summary>
internal enum RdmaTransformType : ushort
{
    None = 0x0000,
    Encryption = 0x0001,
    Signing = 0x0002,
}

/// <summary>
/// SMB2_RDMA_CRYPTO_TRANSFORM (MS-SMB2 2.2.43.1): TransformType (2), SignatureLength (2), NonceLength (2), Reserved (2), Signature, Nonce.
/// </summary>
internal readonly ref struct RdmaCryptoTransform
{
    private const int FixedSize = 8;

    public RdmaCryptoTransform(RdmaTransformType type, ReadOnlySpan<byte> signature, ReadOnlySpan<byte> nonce)
    {
        Type = type;
        Signature = signature;
        Nonce = nonce;
    }

    public RdmaTransformType Type { get; }

    public ReadOnlySpan<byte> Signature { get; }

    public ReadOnlySpan<byte> Nonce { get; }

    /// <summary>Bytes of it, without the padding behind.</summary>
    public int Size => FixedSize + Signature.Length + Nonce.Length;

    public static bool TryParse(ReadOnlySpan<byte> source, out RdmaCryptoTransform transform)
    {
        transform = default;
        if (source.Length < FixedSize)
        {
            return false;
        }

        var signature = source.UInt16(2);
        var nonce = source.UInt16(4);
        if (signature + nonce > source.Length - FixedSize)
        {
            return false;
        }

        transform = new RdmaCryptoTransform(
            (RdmaTransformType)source.UInt16(0), source.Slice(FixedSize, signature), source.Slice(FixedSize + signature, nonce));
        return true;
    }

    public void Write(Span<byte> target)
    {
        target.Put(0, (ushort)Type);
        target.Put(2, (ushort)Signature.Length);
        target.Put(4, (ushort)Nonce.Length);
        target.Put(6, (ushort)0);
        Signature.CopyTo(target[FixedSize..]);
        Nonce.CopyTo(target[(FixedSize + Signature.Length)..]);
    }
}
