namespace Smb3.Embedded.Wire;

/// <summary>
/// The header in front of an encrypted message (MS-SMB2 2.2.41).
/// <code>
///  0 ProtocolId FD 'SMB'   4 Signature (16)   20 Nonce (16)
/// 36 OriginalMessageSize  40 Reserved        42 Flags (3.0: EncryptionAlgorithm)   44 SessionId
/// </code>
/// </summary>
internal readonly ref struct Smb2TransformHeader
{
    public const int Size = 52;
    public const int SignatureOffset = 4;
    public const int SignatureSize = 16;
    public const int NonceOffset = 20;
    public const int NonceSize = 16;

    /// <summary>Where the bytes begin that the signature covers besides the message: the nonce and everything after it.</summary>
    public const int AssociatedDataOffset = NonceOffset;

    /// <summary>FD 'S' 'M' 'B', read as a little-endian number.</summary>
    public const uint ProtocolId = 0x424D53FD;

    /// <summary>The one value that Flags may have: the message is encrypted.</summary>
    public const ushort Encrypted = 0x0001;

    private readonly ReadOnlySpan<byte> _header;

    private Smb2TransformHeader(ReadOnlySpan<byte> header) => _header = header;

    public ReadOnlySpan<byte> Signature => _header.Slice(SignatureOffset, SignatureSize);

    /// <summary>Sixteen bytes, of which CCM uses the first 11 and GCM the first 12.</summary>
    public ReadOnlySpan<byte> Nonce => _header.Slice(NonceOffset, NonceSize);

    public ReadOnlySpan<byte> AssociatedData => _header[AssociatedDataOffset..];

    public uint OriginalMessageSize => _header.UInt32(36);

    public ushort Flags => _header.UInt16(42);

    public ulong SessionId => _header.UInt64(44);

    public static bool TryParse(ReadOnlySpan<byte> frame, out Smb2TransformHeader header)
    {
        if (frame.Length < Size || frame.UInt32(0) != ProtocolId)
        {
            header = default;
            return false;
        }

        header = new Smb2TransformHeader(frame[..Size]);
        return true;
    }

    /// <summary>Writes everything but the signature. <paramref name="nonce"/> may be shorter than its field; the rest is zero.</summary>
    public static void Write(Span<byte> header, ReadOnlySpan<byte> nonce, uint originalMessageSize, ulong sessionId)
    {
        header[..Size].Clear();
        header.Put(0, ProtocolId);
        nonce.CopyTo(header.Slice(NonceOffset, NonceSize));
        header.Put(36, originalMessageSize);
        header.Put(42, Encrypted);
        header.Put(44, sessionId);
    }

    /// <summary>The sixteen bytes of the signature, to be filled in place.</summary>
    public static Span<byte> SignatureOf(Span<byte> header) => header.Slice(SignatureOffset, SignatureSize);
}
