using Smb3.Embedded.TestClient;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.LoadTest.Driving;

/// <summary>How the messages of a run are protected.</summary>
internal sealed record Guard(string Name, Smb2SigningAlgorithm? Signing = null, Smb2Cipher Cipher = Smb2Cipher.None)
{
    public static readonly Guard Plain = new("plain");

    public static readonly IReadOnlyList<Guard> All =
    [
        Plain,
        new("hmac", Smb2SigningAlgorithm.HmacSha256),
        new("cmac", Smb2SigningAlgorithm.AesCmac),
        new("gmac", Smb2SigningAlgorithm.AesGmac),
        new("gcm128", Cipher: Smb2Cipher.Aes128Gcm),
        new("gcm256", Cipher: Smb2Cipher.Aes256Gcm),
        new("ccm128", Cipher: Smb2Cipher.Aes128Ccm),
        new("ccm256", Cipher: Smb2Cipher.Aes256Ccm),
    ];

    public bool Signs => Signing is not null;

    public bool Seals => Cipher != Smb2Cipher.None;

    /// <summary>A client that offers nothing else, so that the server has no choice. HMAC is what SMB 2.1 has.</summary>
    public SmbTestClientOptions Options(Guid client) => new()
    {
        ClientGuid = client,
        Dialects = Signing == Smb2SigningAlgorithm.HmacSha256
            ? [Smb2Dialect.Smb202, Smb2Dialect.Smb210]
            : SmbTestClientOptions.AllDialects,
        Ciphers = Seals ? [Cipher] : [Smb2Cipher.Aes128Gcm],
        SigningAlgorithms = Signing is { } algorithm ? [algorithm] : [Smb2SigningAlgorithm.AesGmac, Smb2SigningAlgorithm.AesCmac],
        CreditsWanted = 512,
    };
}
