using System.Security.Cryptography;

namespace Smb3.Embedded.Security.Cryptography;

/// <summary>Seals with an authenticated cipher of the platform, with one primitive for each message in progress.</summary>
internal abstract class AeadSealer<TCipher> : MessageSealer
    where TCipher : class, IDisposable
{
    private readonly byte[] _encryptKey;
    private readonly byte[] _decryptKey;
    private readonly PrimitivePool<TCipher> _encrypting;
    private readonly PrimitivePool<TCipher> _decrypting;

    protected AeadSealer(
        ReadOnlySpan<byte> encryptKey, ReadOnlySpan<byte> decryptKey, RandomNumberGenerator random, Func<byte[], TCipher> create)
        : base(random)
    {
        _encryptKey = GC.AllocateArray<byte>(encryptKey.Length, pinned: true);
        _decryptKey = GC.AllocateArray<byte>(decryptKey.Length, pinned: true);
        encryptKey.CopyTo(_encryptKey);
        decryptKey.CopyTo(_decryptKey);
        _encrypting = new PrimitivePool<TCipher>(() => create(_encryptKey));
        _decrypting = new PrimitivePool<TCipher>(() => create(_decryptKey));
    }

    protected abstract void Encrypt(
        TCipher cipher, ReadOnlySpan<byte> nonce, Span<byte> message, Span<byte> tag, ReadOnlySpan<byte> associatedData);

    /// <exception cref="AuthenticationTagMismatchException">The message is not what was sealed.</exception>
    protected abstract void Decrypt(
        TCipher cipher, ReadOnlySpan<byte> nonce, Span<byte> message, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> associatedData);

    protected sealed override void Encrypt(ReadOnlySpan<byte> nonce, Span<byte> message, Span<byte> tag, ReadOnlySpan<byte> associatedData)
    {
        var cipher = _encrypting.Rent();
        try
        {
            Encrypt(cipher, nonce, message, tag, associatedData);
        }
        finally
        {
            _encrypting.Return(cipher);
        }
    }

    protected sealed override bool TryDecrypt(
        ReadOnlySpan<byte> nonce, Span<byte> message, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> associatedData)
    {
        var cipher = _decrypting.Rent();
        try
        {
            Decrypt(cipher, nonce, message, tag, associatedData);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            // The platform has no other way to say so; the connection ends with it, so this happens rarely.
            return false;
        }
        finally
        {
            _decrypting.Return(cipher);
        }
    }

    protected sealed override void Release()
    {
        _encrypting.Dispose();
        _decrypting.Dispose();
        CryptographicOperations.ZeroMemory(_encryptKey);
        CryptographicOperations.ZeroMemory(_decryptKey);
    }
}
