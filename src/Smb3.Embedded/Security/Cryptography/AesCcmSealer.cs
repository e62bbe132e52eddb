using System.Security.Cryptography;

namespace Smb3.Embedded.Security.Cryptography;

/// <summary>AES-128-CCM and AES-256-CCM, with 11 bytes of nonce and a tag of 16 (MS-SMB2 3.1.4.3).</summary>
internal sealed class AesCcmSealer(ReadOnlySpan<byte> encryptKey, ReadOnlySpan<byte> decryptKey, RandomNumberGenerator random)
    : AeadSealer<AesCcm>(encryptKey, decryptKey, random, static key => new AesCcm(key))
{
    public override int NonceSize => 11;

    protected override void Encrypt(
        AesCcm cipher, ReadOnlySpan<byte> nonce, Span<byte> message, Span<byte> tag, ReadOnlySpan<byte> associatedData) =>
        cipher.Encrypt(nonce, message, message, tag, associatedData);

    protected override void Decrypt(
        AesCcm cipher, ReadOnlySpan<byte> nonce, Span<byte> message, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> associatedData) =>
        cipher.Decrypt(nonce, message, tag, message, associatedData);
}
