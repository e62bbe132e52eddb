using System.Security.Cryptography;

namespace Smb3.Embedded.Security.Authentication.Kerberos.Encryption;

/// <summary>aes128-cts-hmac-sha256-128 and aes256-cts-hmac-sha384-192 (RFC 8009).</summary>
internal sealed class AesSha2Profile(EncryptionType type) : AesProfile
{
    public override EncryptionType Type => type;

    public override int KeySize => IsSmall ? 16 : 32;

    public override int ChecksumType => IsSmall ? 19 : 20;

    public override int ChecksumSize => IsSmall ? 16 : 24;

    protected override bool SignsCiphertext => true;

    private bool IsSmall => type == EncryptionType.Aes128Sha256;

    private HashAlgorithmName Hash => IsSmall ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA384;

    public override void Sign(ReadOnlySpan<byte> key, KeyUsage usage, ReadOnlySpan<byte> data, Span<byte> checksum)
    {
        using var hash = Begin(key, usage, ForChecksums);
        hash.AppendData(data);
        Finish(hash, checksum);
    }

    /// <summary>Over the cipher state, which is zeros, and the message.</summary>
    protected override void Authenticate(ReadOnlySpan<byte> key, KeyUsage usage, ReadOnlySpan<byte> message, Span<byte> checksum)
    {
        Span<byte> state = stackalloc byte[CipherStealing.BlockSize];
        state.Clear();
        using var hash = Begin(key, usage, ForIntegrity);
        hash.AppendData(state);
        hash.AppendData(message);
        Finish(hash, checksum);
    }

    /// <summary>KDF-HMAC-SHA2 (RFC 8009 3), which is the counter mode of SP 800-108 without a context.</summary>
    protected override void Derive(ReadOnlySpan<byte> key, KeyUsage usage, byte purpose, Span<byte> derived)
    {
        Span<byte> label = stackalloc byte[ConstantSize];
        WriteConstant(label, usage, purpose);
        SP800108HmacCounterKdf.DeriveBytes(key, Hash, label, default, derived);
    }

    private IncrementalHash Begin(ReadOnlySpan<byte> key, KeyUsage usage, byte purpose)
    {
        Span<byte> derived = stackalloc byte[ChecksumSize];
        Derive(key, usage, purpose, derived);
        var hash = IncrementalHash.CreateHMAC(Hash, derived);
        CryptographicOperations.ZeroMemory(derived);
        return hash;
    }

    private void Finish(IncrementalHash hash, Span<byte> checksum)
    {
        Span<byte> whole = stackalloc byte[SHA384.HashSizeInBytes];
        hash.GetHashAndReset(whole);
        whole[..ChecksumSize].CopyTo(checksum);
    }
}
