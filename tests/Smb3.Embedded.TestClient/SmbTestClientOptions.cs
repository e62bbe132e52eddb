using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.TestClient;

/// <summary>What a client offers, and its habits.</summary>
internal sealed record SmbTestClientOptions
{
    public static readonly Smb2Dialect[] AllDialects =
        [Smb2Dialect.Smb202, Smb2Dialect.Smb210, Smb2Dialect.Smb300, Smb2Dialect.Smb302, Smb2Dialect.Smb311];

    public Guid ClientGuid { get; init; } = Guid.NewGuid();

    public IReadOnlyList<Smb2Dialect> Dialects { get; init; } = AllDialects;

    public Smb2SecurityMode SecurityMode { get; init; } = Smb2SecurityMode.SigningEnabled;

    public Smb2Capabilities Capabilities { get; init; } = Smb2Capabilities.Encryption | Smb2Capabilities.LargeMtu
        | Smb2Capabilities.MultiChannel | Smb2Capabilities.Leasing | Smb2Capabilities.DirectoryLeasing | Smb2Capabilities.PersistentHandles;

    public IReadOnlyList<Smb2Cipher> Ciphers { get; init; } =
        [Smb2Cipher.Aes128Gcm, Smb2Cipher.Aes128Ccm, Smb2Cipher.Aes256Gcm, Smb2Cipher.Aes256Ccm];

    public IReadOnlyList<Smb2SigningAlgorithm> SigningAlgorithms { get; init; } =
        [Smb2SigningAlgorithm.AesGmac, Smb2SigningAlgorithm.AesCmac, Smb2SigningAlgorithm.HmacSha256];

    /// <summary>How data that goes by RDMA can be protected; nothing is said of it when there is none.</summary>
    public IReadOnlyList<Smb2RdmaTransform> RdmaTransforms { get; init; } = [];

    /// <summary>How messages can be compressed, the most wanted first; nothing is said of it when there is none.</summary>
    public IReadOnlyList<Smb2CompressionAlgorithm> Compression { get; init; } = [];

    /// <summary>Whether a compressed message may be made of several payloads.</summary>
    public bool ChainsCompression { get; init; } = true;

    /// <summary>Credits that a request asks for when a test does not say.</summary>
    public ushort CreditsWanted { get; init; } = 64;

    /// <summary>Whether the POSIX extensions are offered.</summary>
    public bool Posix { get; init; }
}
