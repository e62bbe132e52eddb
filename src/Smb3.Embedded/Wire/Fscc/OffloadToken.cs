using System.Buffers.Binary;

namespace Smb3.Embedded.Wire.Fscc;

/// <summary>
/// STORAGE_OFFLOAD_TOKEN (MS-FSCC 2.1.11), whose two numbers are big-endian:
/// <code>
///  0 TokenType (4)   4 Reserved (2)   6 TokenIdLength (2)   8 TokenId (504)
/// </code>
/// </summary>
internal static class OffloadToken
{
    public const int Size = 512;

    /// <summary>Bytes of the ids that this server gives; the rest of TokenId is zero.</summary>
    public const int IdSize = 32;

    /// <summary>STORAGE_OFFLOAD_TOKEN_TYPE_ZERO_DATA: stands for as many zeros as are wanted.</summary>
    public const uint ZeroData = 0xFFFF0001;

    /// <summary>The type of this server's own tokens: any that is not well-known.</summary>
    private const uint Own = 0x534D4233;

    private const int IdOffset = 8;

    public static bool IsZeroData(ReadOnlySpan<byte> token) => BinaryPrimitives.ReadUInt32BigEndian(token) == ZeroData;

    /// <summary>The id in a token that this server may have made.</summary>
    public static bool TryGetId(ReadOnlySpan<byte> token, out ReadOnlySpan<byte> id)
    {
        id = token.Slice(IdOffset, IdSize);
        return BinaryPrimitives.ReadUInt32BigEndian(token) == Own && !token[(IdOffset + IdSize)..Size].ContainsAnyExcept((byte)0);
    }

    public static void WriteZeroData(Span<byte> token) => Write(token, ZeroData, []);

    public static void WriteId(Span<byte> token, ReadOnlySpan<byte> id) => Write(token, Own, id);

    private static void Write(Span<byte> token, uint type, ReadOnlySpan<byte> id)
    {
        token[..Size].Clear();
        BinaryPrimitives.WriteUInt32BigEndian(token, type);
        BinaryPrimitives.WriteUInt16BigEndian(token[6..], Size - IdOffset);
        id.CopyTo(token[IdOffset..]);
    }
}
