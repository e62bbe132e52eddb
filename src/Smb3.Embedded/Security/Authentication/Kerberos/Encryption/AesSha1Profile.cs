using System.Security.Cryptography;

#pragma warning disable CA5350 // SHA-1 is what these types are made of; as a keyed hash it is not broken

namespace Smb3.Embedded.Security.Authentication.Kerberos.Encryption;

/// <summary>aes128-cts-hmac-sha1-96 and aes256-cts-hmac-sha1-96 (RFC 3962).</summary>
internal sealed class AesSha1Profile(EncryptionType type) : AesProfile
{
    private const int MaxKeySize = 32;

    public override EncryptionType Type => type;

    public override int KeySize => type == EncryptionType.Aes128Sha1 ? 16 : 32;

    public override int ChecksumType => type == EncryptionType.Aes128Sha1 ? 15 : 16;

    public override int ChecksumSize => 12;

    protected override bool SignsCiphertext => false;

    public override void Sign(ReadOnlySpan<byte> key, KeyUsage usage, ReadOnlySpan<byte> data, Span<byte> checksum) =>
        Hash(key, usage, ForChecksums, data, checksum);

    protected override void Authenticate(ReadOnlySpan<byte> key, KeyUsage usage, ReadOnlySpan<byte> message, Span<byte> checksum) =>
        Hash(key, usage, ForIntegrity, message, checksum);

    /// <summary>DK (RFC 3961 5.1): the folded constant is encrypted again and again until there are enough bytes.</summary>
    protected override void Derive(ReadOnlySpan<byte> key, KeyUsage usage, byte purpose, Span<byte> derived)
    {
        Span<byte> constant = stackalloc byte[ConstantSize];
        WriteConstant(constant, usage, purpose);
        Span<byte> block = stackalloc byte[CipherStealing.BlockSize];
        Folding.Fold(constant, block);
        using var aes = Aes.Create();
        aes.SetKey(key);
        for (var at = 0; at < derived.Length; at += block.Length)
        {
            aes.EncryptEcb(block, block, PaddingMode.None);
            block.CopyTo(derived[at..]);
        }
    }

    private void Hash(ReadOnlySpan<byte> key, KeyUsage usage, byte purpose, ReadOnlySpan<byte> data, Span<byte> checksum)
    {
        Span<byte> derived = stackalloc byte[MaxKeySize];
        derived = derived[..KeySize];
        Derive(key, usage, purpose, derived);
        Span<byte> hash = stackalloc byte[HMACSHA1.HashSizeInBytes];
        HMACSHA1.HashData(derived, data, hash);
        hash[..ChecksumSize].CopyTo(checksum);
        CryptographicOperations.ZeroMemory(derived);
    }
}
