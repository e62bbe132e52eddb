using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Wire.Compression;

/// <summary>
/// One payload of a chained message (MS-SMB2 2.2.42.2.1): CompressionAlgorithm (2), Flags (2), Length (4), and for the LZ
/// algorithms OriginalPayloadSize (4), which Length counts. The payload follows.
/// </summary>
internal readonly ref struct CompressionPayloadHeader
{
    public const int Size = 8;
    public const int OriginalSizeSize = 4;

    /// <summary>The payload of <see cref="Smb2CompressionAlgorithm.PatternV1"/>: Pattern (1), Reserved (3), Repetitions (4).</summary>
    public const int PatternSize = 8;

    private CompressionPayloadHeader(Smb2CompressionAlgorithm algorithm, uint originalSize, ReadOnlySpan<byte> payload)
    {
        Algorithm = algorithm;
        OriginalSize = originalSize;
        Payload = payload;
    }

    public Smb2CompressionAlgorithm Algorithm { get; }

    /// <summary>What the payload becomes; not checked against anything but the wire's own numbers.</summary>
    public uint OriginalSize { get; }

    public ReadOnlySpan<byte> Payload { get; }

    /// <summary>Only of <see cref="Smb2CompressionAlgorithm.PatternV1"/>.</summary>
    public byte Pattern => Payload[0];

    /// <summary>Whether the algorithm's payload begins with its original size.</summary>
    public static bool HasOriginalSize(Smb2CompressionAlgorithm algorithm) => algorithm is Smb2CompressionAlgorithm.Lznt1
        or Smb2CompressionAlgorithm.Lz77 or Smb2CompressionAlgorithm.Lz77Huffman or Smb2CompressionAlgorithm.Lz4;

    /// <summary>Takes the first payload off <paramref name="chain"/>; <paramref name="rest"/> is what follows it.</summary>
    public static bool TryParse(ReadOnlySpan<byte> chain, out CompressionPayloadHeader header, out ReadOnlySpan<byte> rest)
    {
        header = default;
        rest = default;
        if (chain.Length < Size || chain.UInt32(4) > chain.Length - Size)
        {
            return false;
        }

        var algorithm = (Smb2CompressionAlgorithm)chain.UInt16(0);
        var payload = chain.Slice(Size, (int)chain.UInt32(4));
        var originalSize = (uint)payload.Length;
        if (HasOriginalSize(algorithm))
        {
            if (payload.Length < OriginalSizeSize)
            {
                return false;
            }

            originalSize = payload.UInt32(0);
            payload = payload[OriginalSizeSize..];
        }
        else if (algorithm == Smb2CompressionAlgorithm.PatternV1)
        {
            if (payload.Length != PatternSize)
            {
                return false;
            }

            originalSize = payload.UInt32(4);
        }

        header = new CompressionPayloadHeader(algorithm, originalSize, payload);
        rest = chain[(Size + (int)chain.UInt32(4))..];
        return true;
    }

    /// <summary>Writes the header (8 bytes, or 12 with an original size) and returns its length.</summary>
    public static int Write(Span<byte> target, Smb2CompressionAlgorithm algorithm, bool first, int payloadLength, uint originalSize)
    {
        var withSize = HasOriginalSize(algorithm);
        target.Put(0, (ushort)algorithm);
        target.Put(2, first ? CompressionTransformHeader.ChainedFlag : CompressionTransformHeader.UnchainedFlag);
        target.Put(4, (uint)(payloadLength + (withSize ? OriginalSizeSize : 0)));
        if (!withSize)
        {
            return Size;
        }

        target.Put(Size, originalSize);
        return Size + OriginalSizeSize;
    }
}
