using System.Security.Cryptography;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Security.Cryptography;

/// <summary>
/// Signs and verifies with one key: whole SMB2 messages in place (MS-SMB2 3.1.4.1 and 3.1.5.1), and data that goes by RDMA beside them
/// (MS-SMB2 2.2.43.1). Safe for concurrent use, and without allocation per message; the key is zeroed when the signer is disposed and the
/// last caller has left.
/// </summary>
internal abstract class MessageSigner : IDisposable
{
    /// <summary>No algorithm has a longer nonce.</summary>
    public const int LargestNonce = 12;

    private RundownProtection _rundown;

    /// <summary>Bytes of the nonce that data is signed with; 0 where the algorithm has none.</summary>
    public virtual int NonceSize => 0;

    /// <summary>The key (16 bytes) is copied.</summary>
    public static MessageSigner Create(Smb2SigningAlgorithm algorithm, ReadOnlySpan<byte> key) => algorithm switch
    {
        Smb2SigningAlgorithm.HmacSha256 => new HmacSha256Signer(key),
        Smb2SigningAlgorithm.AesCmac => new AesCmacSigner(key),
        Smb2SigningAlgorithm.AesGmac => new AesGmacSigner(key),
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    };

    /// <summary>
    /// Writes the signature into the header. <paramref name="message"/> is one message of a compound with its padding, from the SMB2
    /// header on; flags and everything else are final.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The key is gone.</exception>
    public void Sign(Span<byte> message)
    {
        ObjectDisposedException.ThrowIf(!_rundown.TryEnter(), this);
        try
        {
            var signature = Smb2Header.SignatureOf(message);
            Span<byte> computed = stackalloc byte[Smb2Header.SignatureSize];
            signature.Clear();
            Compute(message, computed);
            computed.CopyTo(signature);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>
    /// Whether the signature is right, compared in constant time. The signature field is zeroed during the call and then
    /// restored. Also false for what is too short to be a message, and when the key is gone.
    /// </summary>
    public bool Verify(Span<byte> message)
    {
        if (message.Length < Smb2Header.Size || !_rundown.TryEnter())
        {
            return false;
        }

        try
        {
            var signature = Smb2Header.SignatureOf(message);
            Span<byte> received = stackalloc byte[Smb2Header.SignatureSize];
            Span<byte> computed = stackalloc byte[Smb2Header.SignatureSize];
            signature.CopyTo(received);
            signature.Clear();
            Compute(message, computed);
            received.CopyTo(signature);
            return CryptographicOperations.FixedTimeEquals(received, computed);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Signs data that goes beside a message, once for each message.</summary>
    /// <param name="data">The data.</param>
    /// <param name="messageId">The id of the message.</param>
    /// <param name="byServer">Which of the two sides that have the key signs.</param>
    /// <param name="nonce"><see cref="NonceSize"/> bytes for the other side, which no message and no other data is signed with.</param>
    /// <param name="signature">16 bytes for the other side.</param>
    /// <exception cref="ObjectDisposedException">The key is gone.</exception>
    public void SignData(ReadOnlySpan<byte> data, ulong messageId, bool byServer, Span<byte> nonce, Span<byte> signature)
    {
        ObjectDisposedException.ThrowIf(!_rundown.TryEnter(), this);
        try
        {
            WriteNonceOfData(messageId, byServer, nonce);
            Compute(nonce, data, signature);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Whether data that came beside a message has this signature, compared in constant time.</summary>
    public bool VerifyData(ReadOnlySpan<byte> data, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> signature)
    {
        if (nonce.Length != NonceSize || signature.Length != Smb2Header.SignatureSize || !_rundown.TryEnter())
        {
            return false;
        }

        try
        {
            Span<byte> computed = stackalloc byte[Smb2Header.SignatureSize];
            Compute(nonce, data, computed);
            return CryptographicOperations.FixedTimeEquals(signature, computed);
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

    /// <summary>The 16 bytes over something that is signed with a nonce of <see cref="NonceSize"/> bytes.</summary>
    protected abstract void Compute(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> data, Span<byte> signature);

    /// <summary>The nonce of a message.</summary>
    protected virtual void WriteNonce(ReadOnlySpan<byte> message, Span<byte> nonce)
    {
    }

    /// <summary>The nonce of the data beside a message: another one than any message has.</summary>
    protected virtual void WriteNonceOfData(ulong messageId, bool byServer, Span<byte> nonce)
    {
    }

    /// <summary>Zeroes the key; called once, when nobody uses it any more.</summary>
    protected abstract void Release();

    /// <summary>The 16 bytes over a message whose signature field is zero.</summary>
    private void Compute(ReadOnlySpan<byte> message, Span<byte> signature)
    {
        Span<byte> nonce = stackalloc byte[LargestNonce];
        nonce = nonce[..NonceSize];
        WriteNonce(message, nonce);
        Compute(nonce, message, signature);
    }

    private void Leave()
    {
        if (_rundown.Exit())
        {
            Release();
        }
    }
}
