using System.Security.Cryptography;

namespace Smb3.Embedded.Security.Authentication.Kerberos.Encryption;

/// <summary>What the types with AES have in common: a random block in front, and ciphertext stealing.</summary>
internal abstract class AesProfile : EncryptionProfile
{
    protected const int ConstantSize = UsageSize + 1;
    protected const byte ForChecksums = 0x99;
    protected const byte ForIntegrity = 0x55;
    protected const byte ForEncryption = 0xAA;

    private const int MaxKeySize = 32;

    public override int Overhead => CipherStealing.BlockSize + ChecksumSize;

    public override byte[] Encrypt(ReadOnlySpan<byte> key, KeyUsage usage, ReadOnlySpan<byte> plain)
    {
        var whole = new byte[CipherStealing.BlockSize + plain.Length];
        RandomNumberGenerator.Fill(whole.AsSpan(0, CipherStealing.BlockSize));
        plain.CopyTo(whole.AsSpan(CipherStealing.BlockSize));
        return Encrypt(key, usage, whole);
    }

    /// <summary>Encrypts what begins with the random block.</summary>
    public byte[] Encrypt(ReadOnlySpan<byte> key, KeyUsage usage, byte[] whole)
    {
        Span<byte> derived = stackalloc byte[MaxKeySize];
        derived = derived[..KeySize];
        Derive(key, usage, ForEncryption, derived);
        var cipher = new byte[whole.Length + ChecksumSize];
        CipherStealing.Encrypt(derived, whole, cipher.AsSpan(0, whole.Length));
        Authenticate(key, usage, whole, cipher.AsSpan(0, whole.Length), cipher.AsSpan(whole.Length));
        CryptographicOperations.ZeroMemory(derived);
        return cipher;
    }

    public override byte[]? Decrypt(ReadOnlySpan<byte> key, KeyUsage usage, ReadOnlySpan<byte> cipher)
    {
        if (cipher.Length < Overhead)
        {
            return null;
        }

        Span<byte> derived = stackalloc byte[MaxKeySize];
        derived = derived[..KeySize];
        Derive(key, usage, ForEncryption, derived);
        var body = cipher[..^ChecksumSize];
        var whole = new byte[body.Length];
        CipherStealing.Decrypt(derived, body, whole);
        CryptographicOperations.ZeroMemory(derived);
        Span<byte> expected = stackalloc byte[ChecksumSize];
        Authenticate(key, usage, whole, body, expected);
        if (!CryptographicOperations.FixedTimeEquals(expected, cipher[^ChecksumSize..]))
        {
            CryptographicOperations.ZeroMemory(whole);
            return null;
        }

        return whole[CipherStealing.BlockSize..];
    }

    /// <summary>Derives the key for one purpose.</summary>
    protected abstract void Derive(ReadOnlySpan<byte> key, KeyUsage usage, byte purpose, Span<byte> derived);

    /// <summary>The checksum that protects a ciphertext; <paramref name="whole"/> is what was encrypted.</summary>
    protected abstract void Authenticate(
        ReadOnlySpan<byte> key, KeyUsage usage, ReadOnlySpan<byte> whole, ReadOnlySpan<byte> cipher, Span<byte> checksum);
}
