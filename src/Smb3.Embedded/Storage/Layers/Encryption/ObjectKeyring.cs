using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Smb3.Embedded.Storage.Layers.Encryption;

/// <summary>
/// The keys of a store. Each object has a key of its own, made of one of them and of a salt, so that no two chunks are ever encrypted with the same key and
/// nonce, however often an object is put.
/// </summary>
internal sealed class ObjectKeyring
{
    private const int KeyLength = 32;

    private readonly (byte[] Id, byte[] Key)[] _keys;

    /// <param name="keys">The first encrypts.</param>
    public ObjectKeyring(IEnumerable<ReadOnlyMemory<byte>> keys) => _keys = [.. keys.Select(static key => (IdOf(key), key.ToArray()))];

    /// <summary>What is needed to encrypt an object that is to be put.</summary>
    /// <param name="length">The length of its data.</param>
    public SealedObject New(long length)
    {
        var (id, key) = _keys[0];
        var header = new byte[SealedObject.HeaderLength];
        SealedObject.Magic.CopyTo(header);
        id.CopyTo(header, SealedObject.KeyIdOffset);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(SealedObject.LengthOffset), length);
        RandomNumberGenerator.Fill(header.AsSpan(SealedObject.SaltOffset));
        return new SealedObject(header, KeyOf(key, header));
    }

    /// <summary>What is needed to decrypt an object; <see langword="null"/>: it was not encrypted with any of the keys.</summary>
    /// <param name="header">What it begins with.</param>
    public SealedObject? Find(byte[] header)
    {
        if (!header.AsSpan().StartsWith(SealedObject.Magic) || BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(SealedObject.LengthOffset)) < 0)
        {
            return null;
        }

        foreach (var (id, key) in _keys)
        {
            if (header.AsSpan(SealedObject.KeyIdOffset, id.Length).SequenceEqual(id))
            {
                return new SealedObject(header, KeyOf(key, header));
            }
        }

        return null;
    }

    private static byte[] IdOf(ReadOnlyMemory<byte> key) => key.Length == KeyLength
        ? HKDF.Expand(HashAlgorithmName.SHA256, key.ToArray(), SealedObject.LengthOffset - SealedObject.KeyIdOffset, "Smb3.Embedded object key id"u8.ToArray())
        : throw new ArgumentException($"A key has {KeyLength} bytes, as RandomNumberGenerator.GetBytes({KeyLength}) makes them, and not {key.Length}.", nameof(key));

    private static byte[] KeyOf(byte[] key, byte[] header) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, KeyLength, header[SealedObject.SaltOffset..], "Smb3.Embedded object data"u8.ToArray());
}
