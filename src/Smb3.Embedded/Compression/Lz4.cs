using K4os.Compression.LZ4;

namespace Smb3.Embedded.Compression;

/// <summary>LZ4's block format, which MS-SMB2 3.1.4.4 takes as it is.</summary>
internal static class Lz4
{
    /// <summary>Compresses data.</summary>
    /// <param name="source">The data.</param>
    /// <param name="target">Where it goes. What does not fit is not worth compressing.</param>
    /// <returns>Bytes written; 0: it does not fit.</returns>
    public static int Compress(ReadOnlySpan<byte> source, Span<byte> target) =>
        source.IsEmpty ? 0 : Math.Max(0, LZ4Codec.Encode(source, target, LZ4Level.L00_FAST));

    /// <summary>Decompresses data.</summary>
    /// <param name="source">The compressed data.</param>
    /// <param name="target">Exactly as long as what comes out.</param>
    /// <returns>False: it is not the compressed form of as many bytes.</returns>
    public static bool TryDecompress(ReadOnlySpan<byte> source, Span<byte> target) =>
        source.IsEmpty ? target.IsEmpty : LZ4Codec.Decode(source, target) == target.Length;
}
