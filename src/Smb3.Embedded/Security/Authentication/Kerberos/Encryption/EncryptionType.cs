namespace Smb3.Embedded.Security.Authentication.Kerberos.Encryption;

/// <summary>The encryption types that a key can be for (RFC 3961 8 and the registry of Kerberos parameters).</summary>
internal enum EncryptionType
{
    None = 0,

    /// <summary>RFC 3962.</summary>
    Aes128Sha1 = 17,

    /// <summary>RFC 3962.</summary>
    Aes256Sha1 = 18,

    /// <summary>RFC 8009.</summary>
    Aes128Sha256 = 19,

    /// <summary>RFC 8009.</summary>
    Aes256Sha384 = 20,

    /// <summary>RFC 4757; broken, and taken only when the host says so.</summary>
    Rc4 = 23,
}
