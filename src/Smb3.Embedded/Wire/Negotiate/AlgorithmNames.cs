namespace Smb3.Embedded.Wire.Negotiate;

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

    /// <summary>The name of a cipher (MS-SMB2 2.2.3.1.2).</summary>
    public static string Of(Smb2Cipher cipher) => cipher switch
    {
        Smb2Cipher.Aes128Ccm => "AES-128-CCM",
        Smb2Cipher.Aes128Gcm => "AES-128-GCM",
        Smb2Cipher.Aes256Ccm => "AES-256-CCM",
        Smb2Cipher.Aes256Gcm => "AES-256-GCM",
        _ => string.Empty,
    };

    /// <summary>The name of a signing algorithm (MS-SMB2 2.2.3.1.7).</summary>
    public static string Of(Smb2SigningAlgorithm algorithm) => algorithm switch
    {
        Smb2SigningAlgorithm.HmacSha256 => "HMAC-SHA256",
        Smb2SigningAlgorithm.AesCmac => "AES-CMAC",
        Smb2SigningAlgorithm.AesGmac => "AES-GMAC",
        _ => string.Empty,
    };
}
