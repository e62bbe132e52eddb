using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Wire.Compression;

/// <summary>
/// The header in front of a compressed message. Unchained (MS-SMB2 2.2.42.1): ProtocolId FC 'SMB',
/// OriginalCompressedSegmentSize (4), CompressionAlgorithm (2), Flags (2), Offset (4): that many bytes follow as they are, then the
/// compressed ones. Chained (MS-SMB2 2.2.42.2): ProtocolId, OriginalCompressedSegmentSize, then payloads that each have a
/// <see cref="CompressionPayloadHeader"/>. Which of the two it is was negotiated, and Flags repeats it.
/// </summary>
internal readonly ref struct CompressionTransformHeader
{
    /// <summary>The unchained header.</summary>
    public const int Size = 16;

    /// <summary>What precedes the first payload header of a chained message.</summary>
    public const int ChainedSize = 8;

    /// <summary>FC 'S' 'M' 'B', read as a little-endian number.</summary>
    public const uint ProtocolId = 0x424D53FC;

    public const ushort UnchainedFlag = 0x0000;
    public const ushort ChainedFlag = 0x0001;

    private readonly ReadOnlySpan<byte> _header;

    private CompressionTransformHeader(ReadOnlySpan<byte> header) => _header = header;

    /// <summary>Unchained: the size of the compressed part before compression. Chained: that of the whole message.</summary>
    public uint OriginalCompressedSegmentSize => _header.UInt32(4);

    public Smb2CompressionAlgorithm Algorithm => (Smb2CompressionAlgorithm)_header.UInt16(8);

    public ushort Flags => _header.UInt16(10);

    public bool IsChained => (Flags & ChainedFlag) != 0;

    /// <summary>Unchained: how many bytes follow uncompressed. Inside the frame, because <see cref="TryParse"/> checked it.</summary>
    public int Offset => (int)_header.UInt32(12);

    public static bool TryParse(ReadOnlySpan<byte> frame, out CompressionTransformHeader header)
    {
        header = default;
        if (frame.Length < Size || frame.UInt32(0) != ProtocolId)
        {
            return false;
        }

        var parsed = new CompressionTransformHeader(frame[..Size]);
        if (!parsed.IsChained && frame.UInt32(12) > frame.Length - Size)
        {
            return false;
        }

        header = parsed;
        return true;
    }

    public static void WriteUnchained(Span<byte> header, uint originalSize, Smb2CompressionAlgorithm algorithm, uint offset)
    {
        WriteChained(header, originalSize);
        header.Put(8, (ushort)algorithm);
        header.Put(10, UnchainedFlag);
        header.Put(12, offset);
    }

    /// <summary>Writes <see cref="ChainedSize"/> bytes; the payloads follow.</summary>
    public static void WriteChained(Span<byte> header, uint originalSize)
    {
        header.Put(0, ProtocolId);
        header.Put(4, originalSize);
    }
}
