using System.Security.Cryptography;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Security.Cryptography;

/// <summary>AES-128-GCM and AES-256-GCM, with 12 bytes of nonce and a tag of 16 (MS-SMB2 section 3.1.4.3).</summary>
internal sealed class AesGcmSealer : MessageSealer
{
    private readonly byte[] _encryptKey;
    private readonly byte[] _decryptKey;
    private readonly PrimitivePool<AesGcm> _encrypting;
    private readonly PrimitivePool<AesGcm> _decrypting;

    public AesGcmSealer(ReadOnlySpan<byte> encryptKey, ReadOnlySpan<byte> decryptKey, RandomNumberGenerator random)
        : base(random)
    {
        _encryptKey = GC.AllocateArray<byte>(encryptKey.Length, pinned: true);
        _decryptKey = GC.AllocateArray<byte>(decryptKey.Length, pinned: true);
        encryptKey.CopyTo(_encryptKey);
        decryptKey.CopyTo(_decryptKey);
        _encrypting = new PrimitivePool<AesGcm>(() => new AesGcm(_encryptKey, Smb2TransformHeader.SignatureSize));
        _decrypting = new PrimitivePool<AesGcm>(() => new AesGcm(_decryptKey, Smb2TransformHeader.SignatureSize));
    }

    protected override int NonceSize => 12;

    protected override void Encrypt(ReadOnlySpan<byte> nonce, Span<byte> message, Span<byte> tag, ReadOnlySpan<byte> associatedData)
    {
        var cipher = _encrypting.Rent();
        try
        {
            cipher.Encrypt(nonce, message, message, tag, associatedData);
        }
        finally
        {
            _encrypting.Return(cipher);
        }
    }

    protected override bool TryDecrypt(
        ReadOnlySpan<byte> nonce, Span<byte> message, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> associatedData)
    {
        var cipher = _decrypting.Rent();
        try
        {
            cipher.Decrypt(nonce, message, tag, message, associatedData);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            // The platform has no other way to say so; the connection ends with it, so it is not a path to tread often.
            return false;
        }
        finally
        {
            _decrypting.Return(cipher);
        }
    }

    protected override void Release()
    {
        _encrypting.Dispose();
        _decrypting.Dispose();
        CryptographicOperations.ZeroMemory(_encryptKey);
        CryptographicOperations.ZeroMemory(_decryptKey);
    }
}
