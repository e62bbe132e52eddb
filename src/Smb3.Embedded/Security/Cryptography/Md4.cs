using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Smb3.Embedded.Security.Cryptography;

/// <summary>MD4 (RFC 1320), broken since 1995, but the NT hash of a password is made with it (MS-NLMP 3.3.1).</summary>
internal static class Md4
{
    public const int HashSize = 16;

    private const int BlockSize = 64;
    private const int LengthSize = sizeof(ulong);

    public static void HashData(ReadOnlySpan<byte> source, Span<byte> hash)
    {
        uint a = 0x67452301, b = 0xEFCDAB89, c = 0x98BADCFE, d = 0x10325476;
        var rest = source;
        for (; rest.Length >= BlockSize; rest = rest[BlockSize..])
        {
            Transform(rest, ref a, ref b, ref c, ref d);
        }

        Span<byte> tail = stackalloc byte[2 * BlockSize];
        tail.Clear();
        rest.CopyTo(tail);
        tail[rest.Length] = 0x80;
        tail = tail[..(rest.Length + 1 + LengthSize <= BlockSize ? BlockSize : 2 * BlockSize)];
        BinaryPrimitives.WriteUInt64LittleEndian(tail[^LengthSize..], (ulong)source.Length * 8);
        for (var at = 0; at < tail.Length; at += BlockSize)
        {
            Transform(tail[at..], ref a, ref b, ref c, ref d);
        }

        CryptographicOperations.ZeroMemory(tail);

        BinaryPrimitives.WriteUInt32LittleEndian(hash, a);
        BinaryPrimitives.WriteUInt32LittleEndian(hash[4..], b);
        BinaryPrimitives.WriteUInt32LittleEndian(hash[8..], c);
        BinaryPrimitives.WriteUInt32LittleEndian(hash[12..], d);
    }

    private static void Transform(ReadOnlySpan<byte> block, ref uint a, ref uint b, ref uint c, ref uint d)
    {
        ReadOnlySpan<byte> order2 = [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15];
        ReadOnlySpan<byte> order3 = [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15];
        ReadOnlySpan<byte> shifts = [3, 7, 11, 19, 3, 5, 9, 13, 3, 9, 11, 15];
        Span<uint> x = stackalloc uint[16];
        for (var i = 0; i < x.Length; i++)
        {
            x[i] = BinaryPrimitives.ReadUInt32LittleEndian(block[(i * 4)..]);
        }

        uint a0 = a, b0 = b, c0 = c, d0 = d;
        for (var i = 0; i < 48; i++)
        {
            var round = i / 16;
            var step = i % 16;
            var (mixed, word) = round switch
            {
                0 => ((b & c) | (~b & d), x[step]),
                1 => (((b & c) | (b & d) | (c & d)) + 0x5A827999, x[order2[step]]),
                _ => ((b ^ c ^ d) + 0x6ED9EBA1, x[order3[step]]),
            };
            var next = BitOperations.RotateLeft(a + mixed + word, shifts[(round * 4) + (step % 4)]);
            (a, b, c, d) = (d, next, b, c);
        }

        a += a0;
        b += b0;
        c += c0;
        d += d0;
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(x));
    }
}
