using System.Security.Cryptography;

namespace Smb3.Embedded.Security.Cryptography;

/// <summary>AES-128-CCM and AES-256-CCM, with 11 bytes of nonce and a tag of 16 (MS-SMB2 section 3.1.4.3).</summary>
internal sealed class AesCcmSealer : MessageSealer
{
    private readonly byte[] _encryptKey;
    private readonly byte[] _decryptKey;
    private readonly PrimitivePool<AesCcm> _encrypting;
    private readonly PrimitivePool<AesCcm> _decrypting;

    public AesCcmSealer(ReadOnlySpan<byte> encryptKey, ReadOnlySpan<byte> decryptKey, RandomNumberGenerator random)
        : base(random)
    {
        _encryptKey = GC.AllocateArray<byte>(encryptKey.Length, pinned: true);
        _decryptKey = GC.AllocateArray<byte>(decryptKey.Length, pinned: true);
        encryptKey.CopyTo(_encryptKey);
        decryptKey.CopyTo(_decryptKey);
        _encrypting = new PrimitivePool<AesCcm>(() => new AesCcm(_encryptKey));
        _decrypting = new PrimitivePool<AesCcm>(() => new AesCcm(_decryptKey));
    }

    protected override int NonceSize => 11;

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
