using System.Buffers.Binary;
using System.Security.Cryptography;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Security.Cryptography;

/// <summary>
/// Encrypts and decrypts in place: transformed messages (MS-SMB2 2.2.41, 3.1.4.3 and 3.3.5.2.1.1), and data that goes by RDMA beside them
/// (MS-SMB2 2.2.43.1). Safe for concurrent use; the keys are zeroed when the sealer is disposed and the last caller has left.
/// </summary>
/// <remarks>
/// There must be only one sealer per key, because it keeps nonces from repeating, of messages and data together: eight bytes count up from a
/// random start, the others are random and fixed. No allocation per message, except the few bytes of the platform's own AES-CCM.
/// </remarks>
internal abstract class MessageSealer : IDisposable
{
    /// <summary>No cipher has a longer nonce.</summary>
    public const int LargestNonce = 12;

    private readonly byte[] _fixedNonce = new byte[LargestNonce - sizeof(ulong)];
    private ulong _counter;
    private RundownProtection _rundown;

    protected MessageSealer(RandomNumberGenerator random)
    {
        Span<byte> start = stackalloc byte[sizeof(ulong)];
        random.GetBytes(start);
        random.GetBytes(_fixedNonce);
        _counter = BinaryPrimitives.ReadUInt64LittleEndian(start);
    }

    /// <summary>11 with CCM, 12 with GCM; the rest of the header's 16 bytes is zero.</summary>
    public abstract int NonceSize { get; }

    /// <summary>The keys (16 or 32 bytes, as the cipher has it) are copied.</summary>
    public static MessageSealer Create(
        Smb2Cipher cipher,
        ReadOnlySpan<byte> encryptKey,
        ReadOnlySpan<byte> decryptKey,
        RandomNumberGenerator random)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(encryptKey.Length, KeySizeOf(cipher));
        ArgumentOutOfRangeException.ThrowIfNotEqual(decryptKey.Length, KeySizeOf(cipher));
        return cipher switch
        {
            Smb2Cipher.Aes128Ccm or Smb2Cipher.Aes256Ccm => new AesCcmSealer(encryptKey, decryptKey, random),
            Smb2Cipher.Aes128Gcm or Smb2Cipher.Aes256Gcm => new AesGcmSealer(encryptKey, decryptKey, random),
            _ => throw new ArgumentOutOfRangeException(nameof(cipher)),
        };
    }

    /// <summary>In bytes; 0 for no cipher and for unknown ones.</summary>
    public static int KeySizeOf(Smb2Cipher cipher) => cipher switch
    {
        Smb2Cipher.Aes128Ccm or Smb2Cipher.Aes128Gcm => 16,
        Smb2Cipher.Aes256Ccm or Smb2Cipher.Aes256Gcm => 32,
        _ => 0,
    };

    /// <summary>
    /// Writes the transform header into the first 52 bytes and replaces the plaintext behind them (whole message or compound).
    /// </summary>
    /// <exception cref="ObjectDisposedException">The key is gone.</exception>
    public void Seal(Span<byte> transformAndMessage, ulong sessionId)
    {
        ObjectDisposedException.ThrowIf(!_rundown.TryEnter(), this);
        try
        {
            Span<byte> nonce = stackalloc byte[LargestNonce];
            nonce = nonce[..NonceSize];
            WriteNextNonce(nonce);

            var message = transformAndMessage[Smb2TransformHeader.Size..];
            var header = transformAndMessage[..Smb2TransformHeader.Size];
            Smb2TransformHeader.Write(header, nonce, (uint)message.Length, sessionId);
            Encrypt(nonce, message, Smb2TransformHeader.SignatureOf(header), header[Smb2TransformHeader.AssociatedDataOffset..]);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>
    /// Replaces the ciphertext behind the transform header by the plaintext. False: not a well-formed transformed message, not from the
    /// holder of the key, or the key is gone; the content is then lost.
    /// </summary>
    public bool TryOpen(Span<byte> transformAndMessage)
    {
        if (!Smb2TransformHeader.TryParse(transformAndMessage, out var header)
            || header.Flags != Smb2TransformHeader.Encrypted
            || header.OriginalMessageSize != (uint)(transformAndMessage.Length - Smb2TransformHeader.Size)
            || !_rundown.TryEnter())
        {
            return false;
        }

        try
        {
            return TryDecrypt(
                header.Nonce[..NonceSize], transformAndMessage[Smb2TransformHeader.Size..], header.Signature, header.AssociatedData);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Replaces data that goes beside the messages by its ciphertext.</summary>
    /// <param name="data">The data.</param>
    /// <param name="nonce"><see cref="NonceSize"/> bytes for the other side.</param>
    /// <param name="tag">16 bytes for the other side.</param>
    /// <exception cref="ObjectDisposedException">The key is gone.</exception>
    public void SealData(Span<byte> data, Span<byte> nonce, Span<byte> tag)
    {
        ObjectDisposedException.ThrowIf(!_rundown.TryEnter(), this);
        try
        {
            WriteNextNonce(nonce);
            Encrypt(nonce, data, tag, default);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>
    /// Replaces ciphertext that came beside the messages by the data. False: it is not from the holder of the key, or the key is gone; the
    /// content is then lost.
    /// </summary>
    public bool TryOpenData(Span<byte> data, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> tag)
    {
        if (nonce.Length != NonceSize || tag.Length != Smb2TransformHeader.SignatureSize || !_rundown.TryEnter())
        {
            return false;
        }

        try
        {
            return TryDecrypt(nonce, data, tag, default);
        }
        finally
        {
            Leave();
        }
    }

    public void Dispose()
    {
        if (_rundown.Close())
        {
            Release();
        }
    }

    protected abstract void Encrypt(ReadOnlySpan<byte> nonce, Span<byte> message, Span<byte> tag, ReadOnlySpan<byte> associatedData);

    protected abstract bool TryDecrypt(
        ReadOnlySpan<byte> nonce, Span<byte> message, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> associatedData);

    /// <summary>Zeroes the keys; called once, when nobody uses them.</summary>
    protected abstract void Release();

    private void WriteNextNonce(Span<byte> nonce)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(nonce, Interlocked.Increment(ref _counter));
        _fixedNonce.AsSpan(0, nonce.Length - sizeof(ulong)).CopyTo(nonce[sizeof(ulong)..]);
    }

    private void Leave()
    {
        if (_rundown.Exit())
        {
            Release();
        }
    }
}
