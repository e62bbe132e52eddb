using System.Security.Cryptography;

namespace Smb3.Embedded.Security.Authentication.Kerberos.Encryption;

/// <summary>
/// AES in CBC mode with ciphertext stealing, from an initial vector of zeros (RFC 3962 5): the last two blocks change places, always, and the
/// one that is last then is cut to the length of the data.
/// </summary>
internal static class CipherStealing
{
    public const int BlockSize = 16;

    private static ReadOnlySpan<byte> Zeros => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    /// <summary>Encrypts at least one block.</summary>
    public static void Encrypt(ReadOnlySpan<byte> key, ReadOnlySpan<byte> plain, Span<byte> cipher)
    {
        using var aes = Aes.Create();
        aes.SetKey(key);
        var blocks = (plain.Length + BlockSize - 1) / BlockSize;
        var padded = new byte[blocks * BlockSize];
        plain.CopyTo(padded);
        aes.EncryptCbc(padded, Zeros, padded, PaddingMode.None);
        if (blocks > 1)
        {
            var last = padded.AsSpan(padded.Length - BlockSize);
            var before = padded.AsSpan(padded.Length - (2 * BlockSize), BlockSize);
            var at = (blocks - 2) * BlockSize;
            padded.AsSpan(0, at).CopyTo(cipher);
            last.CopyTo(cipher[at..]);
            before[..(cipher.Length - at - BlockSize)].CopyTo(cipher[(at + BlockSize)..]);
        }
        else
        {
            padded.CopyTo(cipher);
        }
    }

    /// <summary>Decrypts at least one block.</summary>
    public static void Decrypt(ReadOnlySpan<byte> key, ReadOnlySpan<byte> cipher, Span<byte> plain)
    {
        using var aes = Aes.Create();
        aes.SetKey(key);
        if (cipher.Length == BlockSize)
        {
            aes.DecryptCbc(cipher, Zeros, plain, PaddingMode.None);
            return;
        }

        var blocks = (cipher.Length + BlockSize - 1) / BlockSize;
        var at = (blocks - 2) * BlockSize;
        var rest = cipher.Length - at - BlockSize;
        var padded = new byte[blocks * BlockSize];
        cipher[..at].CopyTo(padded);

        // The whole block of the two was encrypted last: what the other one lacks is in it.
        Span<byte> decrypted = stackalloc byte[BlockSize];
        aes.DecryptEcb(cipher.Slice(at, BlockSize), decrypted, PaddingMode.None);
        cipher[(at + BlockSize)..].CopyTo(padded.AsSpan(at));
        decrypted[rest..].CopyTo(padded.AsSpan(at + rest));
        cipher.Slice(at, BlockSize).CopyTo(padded.AsSpan(at + BlockSize));
        aes.DecryptCbc(padded, Zeros, padded, PaddingMode.None);
        padded.AsSpan(0, plain.Length).CopyTo(plain);
        CryptographicOperations.ZeroMemory(padded);
    }
}
