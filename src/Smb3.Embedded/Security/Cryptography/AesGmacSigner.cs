using System.Security.Cryptography;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Security.Cryptography;

/// <summary>
/// SMB 3.1.1 with the signing capability: AES-128-GMAC, which is GCM without a plaintext. The nonce is built from the message (MS-SMB2
/// 3.1.4.1): 8 bytes MessageId, then a bit for the server and a bit for CANCEL, which reuses the id of the request that it cancels.
/// </summary>
internal sealed class AesGmacSigner : MessageSigner
{
    private const byte SentByServer = 0x01;
    private const byte IsCancel = 0x02;
    private const byte IsData = 0x80;

    private readonly byte[] _key;
    private readonly PrimitivePool<AesGcm> _pool;

    public AesGmacSigner(ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeyDerivation.KeySize);
        _key = GC.AllocateArray<byte>(key.Length, pinned: true);
        key.CopyTo(_key);
        _pool = new PrimitivePool<AesGcm>(() => new AesGcm(_key, Smb2Header.SignatureSize));
    }

    public override int NonceSize => 12;

    protected override void Compute(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> data, Span<byte> signature)
    {
        var gcm = _pool.Rent();
        try
        {
            gcm.Encrypt(nonce, default, default, signature, data);
        }
        finally
        {
            _pool.Return(gcm);
        }
    }

    protected override void WriteNonce(ReadOnlySpan<byte> message, Span<byte> nonce)
    {
        const int CommandOffset = 12;
        const int FlagsOffset = 16;
        const int MessageIdOffset = 24;

        nonce.Clear();
        message.Slice(MessageIdOffset, sizeof(ulong)).CopyTo(nonce);
        if (((Smb2HeaderFlags)message.UInt32(FlagsOffset) & Smb2HeaderFlags.ServerToRedirector) != 0)
        {
            nonce[sizeof(ulong)] |= SentByServer;
        }

        if ((Smb2Command)message.UInt16(CommandOffset) == Smb2Command.Cancel)
        {
            nonce[sizeof(ulong)] |= IsCancel;
        }
    }

    /// <remarks>
    /// MS-SMB2 2.2.43.1 leaves the nonce to whoever signs, and the key is that of the messages. Two signatures under one nonce would give
    /// the key of the code away, so this one has a bit that no message has.
    /// </remarks>
    protected override void WriteNonceOfData(ulong messageId, bool byServer, Span<byte> nonce)
    {
        nonce.Clear();
        nonce.Put(0, messageId);
        nonce[sizeof(ulong)] = byServer ? SentByServer : (byte)0;
        nonce[^1] = IsData;
    }

    protected override void Release()
    {
        _pool.Dispose();
        CryptographicOperations.ZeroMemory(_key);
    }
}
