using System.Security.Cryptography;

namespace Smb3.Embedded.Storage.Layers.Encryption;

/// <summary>
/// The keys of a store. Each file has keys of its own, made of one of them and of the salt in the file's header, so that the same data at the same place of
/// two files does not look the same. The header also has the number of the key, and a check that tells whether its salt is what it was.
/// </summary>
internal sealed class FileKeyring
{
    /// <summary>What of a header is not zeros.</summary>
    public const int HeaderLength = CheckOffset + CheckLength;

    public const int KeyIdOffset = 8;
    public const int SaltOffset = 16;
    public const int CheckOffset = 48;

    private const int KeyLength = 32;
    private const int CheckLength = 16;

    private readonly (byte[] Id, byte[] Key)[] _keys;

    /// <param name="keys">The first encrypts.</param>
    public FileKeyring(IEnumerable<ReadOnlyMemory<byte>> keys) => _keys = [.. keys.Select(static key => (IdOf(key), key.ToArray()))];

    /// <summary>What every header begins with.</summary>
    public static ReadOnlySpan<byte> Magic => "smb3xts1"u8;

    /// <summary>Keys for a file that gets its first data.</summary>
    public FileCipher New()
    {
        var (id, key) = _keys[0];
        var header = new byte[HeaderLength];
        Magic.CopyTo(header);
        id.CopyTo(header, KeyIdOffset);
        RandomNumberGenerator.Fill(header.AsSpan(SaltOffset, CheckOffset - SaltOffset));
        var made = Derive(key, header);
        made.AsSpan(XtsAes.KeyLength).CopyTo(header.AsSpan(CheckOffset));
        return new FileCipher(header, made[..XtsAes.KeyLength]);
    }

    /// <summary>The keys of a file; <see langword="null"/>: it was not encrypted with any of these.</summary>
    /// <param name="header">What it begins with.</param>
    public FileCipher? Find(ReadOnlySpan<byte> header)
    {
        if (header.Length < HeaderLength || !header.StartsWith(Magic))
        {
            return null;
        }

        foreach (var (id, key) in _keys)
        {
            if (header.Slice(KeyIdOffset, id.Length).SequenceEqual(id))
            {
                var made = Derive(key, header);
                return CryptographicOperations.FixedTimeEquals(made.AsSpan(XtsAes.KeyLength), header[CheckOffset..HeaderLength])
                    ? new FileCipher(header[..HeaderLength].ToArray(), made[..XtsAes.KeyLength]) : null;
            }
        }

        return null;
    }

    /// <summary>Whether a file that is shorter than a header is the beginning of one, whose writing was cut off: it has no data yet.</summary>
    /// <param name="begin">What it begins with.</param>
    public static bool IsCutOff(ReadOnlySpan<byte> begin) => begin.Length < Magic.Length ? Magic.StartsWith(begin) : begin.StartsWith(Magic);

    private static byte[] IdOf(ReadOnlyMemory<byte> key) => key.Length == KeyLength
        ? HKDF.Expand(HashAlgorithmName.SHA256, key.ToArray(), SaltOffset - KeyIdOffset, "Smb3.Embedded file key id"u8.ToArray())
        : throw new ArgumentException($"A key has {KeyLength} bytes, as RandomNumberGenerator.GetBytes({KeyLength}) makes them, and not {key.Length}.", nameof(key));

    private static byte[] Derive(byte[] key, ReadOnlySpan<byte> header)
    {
        var made = new byte[XtsAes.KeyLength + CheckLength];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, made, header[SaltOffset..CheckOffset], "Smb3.Embedded file data"u8);
        return made;
    }
}
