using System.Security.Cryptography;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Security.Cryptography;

/// <summary>AES-128-GCM and AES-256-GCM, with 12 bytes of nonce and a tag of 16 (MS-SMB2 3.1.4.3).</summary>
internal sealed class AesGcmSealer(ReadOnlySpan<byte> encryptKey, ReadOnlySpan<byte> decryptKey, RandomNumberGenerator random)
    : AeadSealer<AesGcm>(encryptKey, decryptKey, random, static key => new AesGcm(key, Smb2TransformHeader.SignatureSize))
{
    public override int NonceSize => 12;

    protected override void Encrypt(
        AesGcm cipher, ReadOnlySpan<byte> nonce, Span<byte> message, Span<byte> tag, ReadOnlySpan<byte> associatedData) =>
        cipher.Encrypt(nonce, message, message, tag, associatedData);

    protected override void Decrypt(
        AesGcm cipher, ReadOnlySpan<byte> nonce, Span<byte> message, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> associatedData) =>
        cipher.Decrypt(nonce, message, tag, message, associatedData);
}
