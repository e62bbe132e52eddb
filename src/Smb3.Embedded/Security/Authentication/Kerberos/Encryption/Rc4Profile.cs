using System.Buffers.Binary;
using System.Security.Cryptography;
using Smb3.Embedded.Security.Cryptography;

#pragma warning disable CA5351 // MD5 is what RC4's type is made of

namespace Smb3.Embedded.Security.Authentication.Kerberos.Encryption;

/// <summary>rc4-hmac (RFC 4757): keys are NT hashes, which is why it is only taken where the host says so.</summary>
internal sealed class Rc4Profile : EncryptionProfile
{
    private const int ConfounderSize = 8;
    private const int HashSize = MD5.HashSizeInBytes;

    public override EncryptionType Type => EncryptionType.Rc4;

    public override int KeySize => HashSize;

    /// <summary>KERB_CHECKSUM_HMAC_MD5.</summary>
    public override int ChecksumType => -138;

    public override int ChecksumSize => HashSize;

    public override int Overhead => HashSize + ConfounderSize;

    public override byte[] Encrypt(ReadOnlySpan<byte> key, KeyUsage usage, ReadOnlySpan<byte> plain)
    {
        var whole = new byte[ConfounderSize + plain.Length];
        RandomNumberGenerator.Fill(whole.AsSpan(0, ConfounderSize));
        plain.CopyTo(whole.AsSpan(ConfounderSize));
        var cipher = new byte[HashSize + whole.Length];
        Span<byte> usageKey = stackalloc byte[HashSize];
        Span<byte> contentKey = stackalloc byte[HashSize];
        DeriveUsage(key, usage, usageKey);
        HMACMD5.HashData(usageKey, whole, cipher);
        HMACMD5.HashData(usageKey, cipher.AsSpan(0, HashSize), contentKey);
        Rc4.Transform(contentKey, whole, cipher.AsSpan(HashSize));
        return cipher;
    }

    public override byte[]? Decrypt(ReadOnlySpan<byte> key, KeyUsage usage, ReadOnlySpan<byte> cipher)
    {
        if (cipher.Length < Overhead)
        {
            return null;
        }

        Span<byte> usageKey = stackalloc byte[HashSize];
        Span<byte> contentKey = stackalloc byte[HashSize];
        Span<byte> expected = stackalloc byte[HashSize];
        DeriveUsage(key, usage, usageKey);
        HMACMD5.HashData(usageKey, cipher[..HashSize], contentKey);
        var whole = new byte[cipher.Length - HashSize];
        Rc4.Transform(contentKey, cipher[HashSize..], whole);
        HMACMD5.HashData(usageKey, whole, expected);
        return CryptographicOperations.FixedTimeEquals(expected, cipher[..HashSize]) ? whole[ConfounderSize..] : null;
    }

    public override void Sign(ReadOnlySpan<byte> key, KeyUsage usage, ReadOnlySpan<byte> data, Span<byte> checksum)
    {
        Span<byte> signingKey = stackalloc byte[HashSize];
        HMACMD5.HashData(key, "signaturekey\0"u8, signingKey);
        Span<byte> salt = stackalloc byte[UsageSize];
        WriteUsage(salt, usage);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        hash.AppendData(salt);
        hash.AppendData(data);
        Span<byte> digest = stackalloc byte[HashSize];
        hash.GetHashAndReset(digest);
        HMACMD5.HashData(signingKey, digest, checksum);
    }

    private static void DeriveUsage(ReadOnlySpan<byte> key, KeyUsage usage, Span<byte> derived)
    {
        Span<byte> salt = stackalloc byte[UsageSize];
        WriteUsage(salt, usage);
        HMACMD5.HashData(key, salt, derived);
    }

    /// <summary>Microsoft's numbers differ from RFC 4120's for two usages (RFC 4757 3), neither of which a server meets.</summary>
    private static void WriteUsage(Span<byte> salt, KeyUsage usage) => BinaryPrimitives.WriteUInt32LittleEndian(salt, (uint)usage);
}
