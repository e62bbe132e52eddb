using System.Security.Cryptography;

namespace Smb3.Embedded.Security.Authentication.Kerberos.Encryption;

/// <summary>What the types with AES have in common: a random block in front, and ciphertext stealing.</summary>
internal abstract class AesProfile : EncryptionProfile
{
    protected const int ConstantSize = UsageSize + 1;
    protected const byte ForChecksums = 0x99;
    protected const byte ForIntegrity = 0x55;
    protected const byte ForEncryption = 0xAA;

    private const int MaxKeySize = 32;

    public override int Overhead => CipherStealing.BlockSize + ChecksumSize;

    /// <summary>Whether the checksum is that of the ciphertext, and not of the plaintext.</summary>
    protected abstract bool SignsCiphertext { get; }

    public override byte[] Encrypt(ReadOnlySpan<byte> key, KeyUsage usage, ReadOnlySpan<byte> plain)
    {
        var whole = new byte[CipherStealing.BlockSize + plain.Length];
        RandomNumberGenerator.Fill(whole.AsSpan(0, CipherStealing.BlockSize));
        plain.CopyTo(whole.AsSpan(CipherStealing.BlockSize));
        return Encrypt(key, usage, whole);
    }

    /// <summary>Encrypts what begins with the random block.</summary>
    public byte[] Encrypt(ReadOnlySpan<byte> key, KeyUsage usage, byte[] whole)
    {
        var cipher = new byte[whole.Length + ChecksumSize];
        whole.CopyTo(cipher);
        Seal(key, usage, cipher.AsSpan(0, whole.Length), [], cipher.AsSpan(whole.Length));
        return cipher;
    }

    public override byte[]? Decrypt(ReadOnlySpan<byte> key, KeyUsage usage, ReadOnlySpan<byte> cipher)
    {
        if (cipher.Length < Overhead)
        {
            return null;
        }

        var whole = cipher[..^ChecksumSize].ToArray();
        var isRight = Open(key, usage, whole, [], cipher[^ChecksumSize..]);
        var plain = isRight ? whole[CipherStealing.BlockSize..] : null;
        CryptographicOperations.ZeroMemory(whole);
        return plain;
    }

    /// <summary>
    /// Encrypts a message in place, which begins with the random block, except for parts of it that are only signed: associated data
    /// (MS-KILE 3.4.5.4.1). What is encrypted is one text, the checksum is that of all in its order.
    /// </summary>
    /// <param name="key">The base key.</param>
    /// <param name="usage">What for.</param>
    /// <param name="message">The message.</param>
    /// <param name="open">The parts that are not encrypted, in order.</param>
    /// <param name="checksum">Takes <see cref="EncryptionProfile.ChecksumSize"/> bytes.</param>
    public void Seal(ReadOnlySpan<byte> key, KeyUsage usage, Span<byte> message, ReadOnlySpan<Range> open, Span<byte> checksum)
    {
        if (!SignsCiphertext)
        {
            Authenticate(key, usage, message, checksum);
        }

        Transform(key, usage, message, open, encrypts: true);
        if (SignsCiphertext)
        {
            Authenticate(key, usage, message, checksum);
        }
    }

    /// <summary>The reverse, for at least one block that is encrypted; says whether the checksum is right.</summary>
    public bool Open(ReadOnlySpan<byte> key, KeyUsage usage, Span<byte> message, ReadOnlySpan<Range> open, ReadOnlySpan<byte> checksum)
    {
        Span<byte> expected = stackalloc byte[ChecksumSize];
        if (SignsCiphertext)
        {
            Authenticate(key, usage, message, expected);
        }

        Transform(key, usage, message, open, encrypts: false);
        if (!SignsCiphertext)
        {
            Authenticate(key, usage, message, expected);
        }

        return CryptographicOperations.FixedTimeEquals(expected, checksum);
    }

    /// <summary>Derives the key for one purpose.</summary>
    protected abstract void Derive(ReadOnlySpan<byte> key, KeyUsage usage, byte purpose, Span<byte> derived);

    /// <summary>The checksum that protects a message, in plain or encrypted as <see cref="SignsCiphertext"/> says.</summary>
    protected abstract void Authenticate(ReadOnlySpan<byte> key, KeyUsage usage, ReadOnlySpan<byte> message, Span<byte> checksum);

    private void Transform(ReadOnlySpan<byte> key, KeyUsage usage, Span<byte> message, ReadOnlySpan<Range> open, bool encrypts)
    {
        var secret = open.IsEmpty ? message : Gather(message, open);
        Span<byte> derived = stackalloc byte[MaxKeySize];
        derived = derived[..KeySize];
        Derive(key, usage, ForEncryption, derived);
        if (encrypts)
        {
            CipherStealing.Encrypt(derived, secret, secret);
        }
        else
        {
            CipherStealing.Decrypt(derived, secret, secret);
        }

        CryptographicOperations.ZeroMemory(derived);
        if (!open.IsEmpty)
        {
            Scatter(secret, message, open);
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    /// <summary>What is encrypted of a message, without what stands between.</summary>
    private static byte[] Gather(ReadOnlySpan<byte> message, ReadOnlySpan<Range> open)
    {
        var length = message.Length;
        foreach (var part in open)
        {
            length -= part.GetOffsetAndLength(message.Length).Length;
        }

        var secret = new byte[length];
        var (from, to) = (0, 0);
        foreach (var part in open)
        {
            var (offset, count) = part.GetOffsetAndLength(message.Length);
            message[from..offset].CopyTo(secret.AsSpan(to));
            to += offset - from;
            from = offset + count;
        }

        message[from..].CopyTo(secret.AsSpan(to));
        return secret;
    }

    private static void Scatter(ReadOnlySpan<byte> secret, Span<byte> message, ReadOnlySpan<Range> open)
    {
        var from = 0;
        foreach (var part in open)
        {
            var (offset, length) = part.GetOffsetAndLength(message.Length);
            secret[..(offset - from)].CopyTo(message[from..]);
            secret = secret[(offset - from)..];
            from = offset + length;
        }

        secret.CopyTo(message[from..]);
    }
}
