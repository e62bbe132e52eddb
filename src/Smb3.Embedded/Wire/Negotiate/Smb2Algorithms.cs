namespace Smb3.Embedded.Wire.Negotiate;

/// <summary>HashAlgorithms (MS-SMB2 2.2.3.1.1).</summary>
internal enum Smb2HashAlgorithm : ushort
{
    None = 0,
    Sha512 = 0x0001,
}

/// <summary>Ciphers (MS-SMB2 2.2.3.1.2).</summary>
internal enum Smb2Cipher : ushort
{
    None = 0,
    Aes128Ccm = 0x0001,
    Aes128Gcm = 0x0002,
    Aes256Ccm = 0x0003,
    Aes256Gcm = 0x0004,
}

/// <summary>CompressionAlgorithms (MS-SMB2 2.2.3.1.3).</summary>
internal enum Smb2CompressionAlgorithm : ushort
{
    None = 0x0000,
    Lznt1 = 0x0001,
    Lz77 = 0x0002,
    Lz77Huffman = 0x0003,
    PatternV1 = 0x0004,
    Lz4 = 0x0005,
}

/// <summary>Flags of the compression capabilities (MS-SMB2 2.2.3.1.3).</summary>
[Flags]
internal enum Smb2CompressionFlags : uint
{
    None = 0,
    Chained = 0x00000001,
}

/// <summary>Flags of the transport capabilities (MS-SMB2 2.2.3.1.5).</summary>
[Flags]
internal enum Smb2TransportFlags : uint
{
    None = 0,
    AcceptTransportLevelSecurity = 0x00000001,
}

/// <summary>RDMATransformIds (MS-SMB2 2.2.3.1.6).</summary>
internal enum Smb2RdmaTransform : ushort
{
    None = 0x0000,
    Encryption = 0x0001,
    Signing = 0x0002,
}

/// <summary>A set of RDMATransformIds.</summary>
[Flags]
internal enum Smb2RdmaTransforms
{
    None = 0,
    Encryption = 1,
    Signing = 2,
}

/// <summary>SigningAlgorithms (MS-SMB2 2.2.3.1.7).</summary>
internal enum Smb2SigningAlgorithm : ushort
{
    HmacSha256 = 0x0000,
    AesCmac = 0x0001,
    AesGmac = 0x0002,
}
