namespace Smb3.Embedded;

/// <summary>Ciphers of SMB 3. Dialects 3.0 and 3.0.2 know AES-128-CCM only. As text: <c>AES-128-GCM</c> and so on.</summary>
public enum SmbCipher
{
    /// <summary>AES-128-CCM.</summary>
    Aes128Ccm = 1,

    /// <summary>AES-128-GCM.</summary>
    Aes128Gcm = 2,

    /// <summary>AES-256-CCM.</summary>
    Aes256Ccm = 3,

    /// <summary>AES-256-GCM.</summary>
    Aes256Gcm = 4,
}
