namespace Smb3.Embedded;

/// <summary>
/// Signing algorithms that 3.1.1 negotiates; 2.x always signs with HMAC-SHA256, 3.0 and 3.0.2 with AES-CMAC. As text:
/// <c>HMAC-SHA256</c>, <c>AES-CMAC</c>, <c>AES-GMAC</c>.
/// </summary>
public enum SmbSigningAlgorithm
{
    /// <summary>HMAC-SHA256.</summary>
    HmacSha256 = 0,

    /// <summary>AES-128-CMAC.</summary>
    AesCmac = 1,

    /// <summary>AES-128-GMAC: the fastest.</summary>
    AesGmac = 2,
}
