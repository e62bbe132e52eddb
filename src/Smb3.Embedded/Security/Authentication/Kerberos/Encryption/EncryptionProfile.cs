using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Smb3.Embedded.Security.Authentication.Kerberos.Encryption;

/// <summary>
/// What an encryption type does with a key (RFC 3961 3): encryption, which also protects against changes, and a keyed checksum. Stateless.
/// </summary>
internal abstract class EncryptionProfile
{
    protected const int UsageSize = sizeof(uint);

    private static readonly EncryptionProfile[] All =
    [
        new AesSha1Profile(EncryptionType.Aes128Sha1), new AesSha1Profile(EncryptionType.Aes256Sha1),
        new AesSha2Profile(EncryptionType.Aes128Sha256), new AesSha2Profile(EncryptionType.Aes256Sha384),
        new Rc4Profile(),
    ];

    public abstract EncryptionType Type { get; }

    /// <summary>The length of a key, in bytes.</summary>
    public abstract int KeySize { get; }

    /// <summary>The number of the checksum that belongs to it, as messages and PACs name it.</summary>
    public abstract int ChecksumType { get; }

    public abstract int ChecksumSize { get; }

    /// <summary>How much longer than its plaintext a ciphertext is.</summary>
    public abstract int Overhead { get; }

    /// <summary>Null for a type that is not known here.</summary>
    public static EncryptionProfile? Of(EncryptionType type) => Array.Find(All, profile => profile.Type == type);

    /// <summary>Null for a checksum that is not known here, or has no key.</summary>
    public static EncryptionProfile? OfChecksum(int checksumType) => Array.Find(All, profile => profile.ChecksumType == checksumType);

    public abstract byte[] Encrypt(ReadOnlySpan<byte> key, KeyUsage usage, ReadOnlySpan<byte> plain);

    /// <summary>Null when the key is another one, or the ciphertext was changed.</summary>
    public abstract byte[]? Decrypt(ReadOnlySpan<byte> key, KeyUsage usage, ReadOnlySpan<byte> cipher);

    /// <summary>Writes <see cref="ChecksumSize"/> bytes.</summary>
    public abstract void Sign(ReadOnlySpan<byte> key, KeyUsage usage, ReadOnlySpan<byte> data, Span<byte> checksum);

    public bool Verify(ReadOnlySpan<byte> key, KeyUsage usage, ReadOnlySpan<byte> data, ReadOnlySpan<byte> checksum)
    {
        Span<byte> expected = stackalloc byte[ChecksumSize];
        Sign(key, usage, data, expected);
        return CryptographicOperations.FixedTimeEquals(expected, checksum);
    }

    /// <summary>The constant that a key for one purpose is derived with: the usage and a byte (RFC 3961 5.3).</summary>
    protected static void WriteConstant(Span<byte> constant, KeyUsage usage, byte purpose)
    {
        BinaryPrimitives.WriteUInt32BigEndian(constant, (uint)usage);
        constant[UsageSize] = purpose;
    }
}
