using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Hosting.Inspection;

/// <summary>What MS-SMB2 calls algorithms.</summary>
internal static class AlgorithmNames
{
    /// <summary>The name of a compression algorithm (MS-SMB2 2.2.3.1.3).</summary>
    public static string Of(Smb2CompressionAlgorithm algorithm) => algorithm switch
    {
        Smb2CompressionAlgorithm.Lznt1 => "LZNT1",
        Smb2CompressionAlgorithm.Lz77 => "LZ77",
        Smb2CompressionAlgorithm.Lz77Huffman => "LZ77+Huffman",
        Smb2CompressionAlgorithm.PatternV1 => "Pattern_V1",
        Smb2CompressionAlgorithm.Lz4 => "LZ4",
        _ => "NONE",
    };
}
