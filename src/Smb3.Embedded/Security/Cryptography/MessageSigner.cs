using System.Security.Cryptography;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Security.Cryptography;

/// <summary>
/// Signs and verifies whole SMB2 messages in place with one key (MS-SMB2 3.1.4.1 and 3.1.5.1). Safe for concurrent
/// use, and without allocation per message; the key is zeroed when the signer is disposed and the last caller has left.
/// </summary>
internal abstract class MessageSigner : IDisposable
{
    private RundownProtection _rundown;

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

    public void Dispose()
    {
        if (_rundown.Close())
        {
            Release();
        }
    }

    /// <summary>The 16 bytes over a message whose signature field is zero.</summary>
    protected abstract void Compute(ReadOnlySpan<byte> message, Span<byte> signature);

    /// <summary>Zeroes the key; called once, when nobody uses it any more.</summary>
    protected abstract void Release();

    private void Leave()
    {
        if (_rundown.Exit())
        {
            Release();
        }
    }
}
