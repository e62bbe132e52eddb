using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Smb3.Embedded.Storage.Layers.Encryption;

/// <summary>
/// An encrypted object: a header, and the data in chunks, each followed by its tag. The header says with which key and salt, and how long the data is; every
/// chunk is authenticated with it and with its number, so that none can be cut off, moved, or taken from another object. No data is one empty chunk.
/// </summary>
/// <param name="header">The header.</param>
/// <param name="key">The key of this object.</param>
internal sealed class SealedObject(byte[] header, byte[] key)
{
    /// <summary>Bytes of data in a chunk; the last may have less.</summary>
    public const int ChunkLength = 1 << 16;

    /// <summary>Bytes that a whole chunk takes up.</summary>
    public const int SealedChunkLength = ChunkLength + TagLength;

    public const int TagLength = 16;
    public const int KeyIdOffset = 8;
    public const int LengthOffset = 16;
    public const int SaltOffset = 24;
    public const int HeaderLength = 56;

    private const int NonceLength = 12;

    /// <summary>What every header begins with.</summary>
    public static ReadOnlySpan<byte> Magic => "smb3aes1"u8;

    public ReadOnlyMemory<byte> Header => header;

    /// <summary>Bytes of data.</summary>
    public long Length { get; } = BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(LengthOffset));

    /// <summary>Bytes that the object takes up.</summary>
    public long SealedLength => Length > long.MaxValue / 2 ? long.MaxValue : HeaderLength + Length + (TagLength * Math.Max(1, (Length + ChunkLength - 1) / ChunkLength));

    /// <summary>Bytes of data in an object of a length; 0 when there is no such object.</summary>
    public static long LengthOf(long sealedLength)
    {
        var chunks = sealedLength - HeaderLength;
        return Math.Max(0, chunks - (TagLength * ((chunks + SealedChunkLength - 1) / SealedChunkLength)));
    }

    /// <summary>Where a chunk begins in the object.</summary>
    public static long PlaceOf(long chunk) => HeaderLength + (chunk * SealedChunkLength);

    /// <summary>Bytes of data in a chunk.</summary>
    public int LengthOfChunk(long chunk) => (int)Math.Clamp(Length - (chunk * ChunkLength), 0, ChunkLength);

    /// <summary>What works on the chunks. For one caller at a time, who disposes it.</summary>
    public AesGcm Cipher() => new(key, TagLength);

    /// <summary>Encrypts a chunk.</summary>
    public void Seal(AesGcm cipher, long chunk, ReadOnlySpan<byte> data, Span<byte> sealedChunk)
    {
        Span<byte> nonce = stackalloc byte[NonceLength];
        cipher.Encrypt(NonceOf(chunk, nonce), data, sealedChunk[..data.Length], sealedChunk.Slice(data.Length, TagLength), header);
    }

    /// <summary>Decrypts a chunk, unless anything of it, or of the header, is not what was encrypted.</summary>
    public bool TryOpen(AesGcm cipher, long chunk, ReadOnlySpan<byte> sealedChunk, Span<byte> data)
    {
        Span<byte> nonce = stackalloc byte[NonceLength];
        try
        {
            cipher.Decrypt(NonceOf(chunk, nonce), sealedChunk[..data.Length], sealedChunk.Slice(data.Length, TagLength), data, header);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    private static ReadOnlySpan<byte> NonceOf(long chunk, Span<byte> nonce)
    {
        nonce.Clear();
        BinaryPrimitives.WriteInt64BigEndian(nonce[(NonceLength - sizeof(long))..], chunk);
        return nonce;
    }
}
