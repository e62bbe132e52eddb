using Smb3.Embedded.Security.Directory;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Sessions;

/// <summary>Whether messages are encrypted.</summary>
internal enum EncryptionPolicy
{
    /// <summary>Never; the capability is not offered.</summary>
    Off,

    /// <summary>Offered, and used where the client or the share asks for it.</summary>
    Auto,

    /// <summary>Every session is encrypted, and clients that cannot encrypt are refused.</summary>
    Required,
}

/// <summary>How the server was configured: worked out and validated once, when it is built, and never changed but for the limits.</summary>
internal sealed record ServerSettings
{
    public Guid ServerGuid { get; init; } = Guid.NewGuid();

    public string ServerName { get; init; } = "SMB3";

    public string DomainName { get; init; } = "WORKGROUP";

    /// <summary>Whether lists of the server's accounts are for administrators alone.</summary>
    public bool OnlyAdministratorsSeeAccounts { get; init; }

    /// <summary>What some logons must satisfy.</summary>
    public IReadOnlyList<LogonPolicy> LogonPolicies { get; init; } = [];

    /// <summary>Where accounts are that are not the server's own; <see langword="null"/>: nowhere.</summary>
    public DirectoryAccounts? Directory { get; init; }

    public string Comment { get; init; } = string.Empty;

    /// <summary>What macOS clients are told; empty: nothing.</summary>
    public string AppleModel { get; init; } = "Xserve";

    public Smb2Dialect MinDialect { get; init; } = Smb2Dialect.Smb202;

    public Smb2Dialect MaxDialect { get; init; } = Smb2Dialect.Smb311;

    public bool SigningRequired { get; init; }

    public EncryptionPolicy Encryption { get; init; } = EncryptionPolicy.Auto;

    /// <summary>Ciphers that are offered, the most wanted first.</summary>
    public IReadOnlyList<Smb2Cipher> Ciphers { get; init; } =
        [Smb2Cipher.Aes128Gcm, Smb2Cipher.Aes256Gcm, Smb2Cipher.Aes128Ccm, Smb2Cipher.Aes256Ccm];

    /// <summary>Signing algorithms that are offered, the most wanted first.</summary>
    public IReadOnlyList<Smb2SigningAlgorithm> SigningAlgorithms { get; init; } =
        [Smb2SigningAlgorithm.AesGmac, Smb2SigningAlgorithm.AesCmac, Smb2SigningAlgorithm.HmacSha256];

    /// <summary>Whether messages may be compressed, where a client asks for it.</summary>
    public bool Compression { get; init; } = true;

    /// <summary>Whether sessions may have channels on several connections.</summary>
    public bool MultiChannel { get; init; } = true;

    /// <summary>
    /// Whether the break of an oplock goes out again over another channel when the client's transport does not acknowledge it, as
    /// MS-SMB2 3.3.4.6 has it. Windows sends it once, over the newest channel.
    /// </summary>
    public bool RetryOplockBreaks { get; init; }

    /// <summary>Whether clients may negotiate the POSIX extensions: some share has them.</summary>
    public bool PosixExtensions { get; init; }

    public bool AllowAnonymous { get; init; }

    /// <summary>Whether an unknown user becomes a guest (unsigned, not encrypted) instead of being refused.</summary>
    public bool AllowGuest { get; init; }

    public ServerLimits Limits { get; init; } = new();

    /// <summary>How long a client has to answer a break.</summary>
    public TimeSpan BreakTimeout { get; init; } = TimeSpan.FromSeconds(35);

    /// <summary>How long a request may take before its client is told STATUS_PENDING.</summary>
    public TimeSpan InterimResponseDelay { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How long a durable open waits for its client, when the client leaves that to the server.</summary>
    public TimeSpan DurableTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// The longest time-out that a client can ask for (MS-SMB2 3.3.5.9.10), and the one that a client that cannot ask gets.
    /// </summary>
    public TimeSpan MaxDurableTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>MaxResiliencyTimeout (MS-SMB2 3.3.1.5).</summary>
    public TimeSpan MaxResilientTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a stopping server waits for requests that are still running.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(10);

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
