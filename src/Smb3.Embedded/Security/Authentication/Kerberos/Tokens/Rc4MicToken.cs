using System.Buffers.Binary;
using System.Security.Cryptography;
using Smb3.Embedded.Security.Authentication.Kerberos.Encryption;
using Smb3.Embedded.Security.Cryptography;

#pragma warning disable CA5351 // MD5 is what RC4's type is made of

namespace Smb3.Embedded.Security.Authentication.Kerberos.Tokens;

/// <summary>
/// The token of GSS_GetMIC with RC4 (RFC 4757 7.2), in the frame of the first tokens: 01 01, 11 00, four times FF, the number of the message and
/// its direction, encrypted (8), the checksum (8).
/// </summary>
internal static class Rc4MicToken
{
    private const int HeaderSize = 8;
    private const int SequenceSize = 8;
    private const int ChecksumSize = 8;

    /// <summary>The usage of signatures, which RFC 4121 does not have.</summary>
    private const KeyUsage Signature = (KeyUsage)15;

    private static ReadOnlySpan<byte> Id => [0x01, 0x01];

    private static ReadOnlySpan<byte> Header => [0x01, 0x01, 0x11, 0x00, 0xFF, 0xFF, 0xFF, 0xFF];

    public static byte[] Write(KerberosKey key, uint sequence, ReadOnlySpan<byte> message)
    {
        Span<byte> body = stackalloc byte[SequenceSize + ChecksumSize];
        Checksum(key, message, body[SequenceSize..]);
        Span<byte> plain = stackalloc byte[SequenceSize];
        BinaryPrimitives.WriteUInt32BigEndian(plain, sequence);
        plain[sizeof(uint)..].Fill(0xFF);
        TransformSequence(key, body[SequenceSize..], plain, body);
        return GssFrame.Write(Id, [.. Header[Id.Length..], .. body]);
    }

    public static bool Verify(KerberosKey key, ReadOnlySpan<byte> message, ReadOnlySpan<byte> token)
    {
        if (!GssFrame.TryRead(token, Id, out var offset))
        {
            return false;
        }

        var rest = token[offset..];
        if (rest.Length != HeaderSize - Id.Length + SequenceSize + ChecksumSize || !rest.StartsWith(Header[Id.Length..]))
        {
            return false;
        }

        Span<byte> expected = stackalloc byte[ChecksumSize];
        Checksum(key, message, expected);
        var given = rest[^ChecksumSize..];
        Span<byte> plain = stackalloc byte[SequenceSize];
        TransformSequence(key, given, rest.Slice(HeaderSize - Id.Length, SequenceSize), plain);
        return CryptographicOperations.FixedTimeEquals(expected, given) && !plain[sizeof(uint)..].ContainsAnyExcept((byte)0);
    }

    private static void Checksum(KerberosKey key, ReadOnlySpan<byte> message, Span<byte> checksum)
    {
        Span<byte> whole = stackalloc byte[MD5.HashSizeInBytes];
        key.Sign(Signature, [.. Header, .. message], whole);
        whole[..ChecksumSize].CopyTo(checksum);
    }

    private static void TransformSequence(KerberosKey key, ReadOnlySpan<byte> checksum, ReadOnlySpan<byte> source, Span<byte> target)
    {
        Span<byte> derived = stackalloc byte[MD5.HashSizeInBytes];
        HMACMD5.HashData(key.Value, [0, 0, 0, 0], derived);
        HMACMD5.HashData(derived, checksum, derived);
        Rc4.Transform(derived, source, target[..SequenceSize]);
    }
}
