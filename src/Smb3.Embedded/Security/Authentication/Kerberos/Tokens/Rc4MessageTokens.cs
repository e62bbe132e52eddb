using System.Buffers.Binary;
using System.Security.Cryptography;
using Smb3.Embedded.Security.Authentication.Kerberos.Encryption;
using Smb3.Embedded.Security.Cryptography;

#pragma warning disable CA5351 // MD5 is what RC4's type is made of

namespace Smb3.Embedded.Security.Authentication.Kerberos.Tokens;

/// <summary>
/// The tokens with RC4 (RFC 4757 7.2 and 7.3), in the frame of the first tokens, whose length does not count what is sealed (MS-KILE 3.4.5.1): what it is
/// (2 bytes), how it is signed (2) and sealed (2), FF FF, the number of the message and whose it is, encrypted (8), the checksum (8), and of a sealed
/// one a random start (8), encrypted with the secret. The number has 32 bits.
/// </summary>
/// <param name="key">The key; the caller zeroes it.</param>
/// <param name="isAcceptor">Whose tokens are written; the other side's are read.</param>
internal sealed class Rc4MessageTokens(KerberosKey key, bool isAcceptor) : IMessageTokens
{
    private const int FrameSize = 13;
    private const int HeaderSize = 8;
    private const int SequenceSize = 8;
    private const int ChecksumSize = 8;
    private const int ConfounderSize = 8;

    /// <summary>The usages that RFC 4757 has for these, which are not those of RFC 4121.</summary>
    private const KeyUsage SealUsage = (KeyUsage)13;

    private const KeyUsage SignUsage = (KeyUsage)15;

    public int MicSize => FrameSize + HeaderSize + SequenceSize + ChecksumSize;

    public int SealSize => MicSize + ConfounderSize;

    private static ReadOnlySpan<byte> MicHeader => [0x01, 0x01, 0x11, 0x00, 0xFF, 0xFF, 0xFF, 0xFF];

    private static ReadOnlySpan<byte> SealHeader => [0x02, 0x01, 0x11, 0x00, 0x10, 0x00, 0xFF, 0xFF];

    public void WriteMic(ulong sequence, ReadOnlySpan<byte> message, Span<byte> mic)
    {
        Span<byte> body = stackalloc byte[SequenceSize + ChecksumSize];
        Checksum(SignUsage, MicHeader, message, body[SequenceSize..]);
        Number(isAcceptor, sequence, body);
        TransformNumber(body[SequenceSize..], body);
        Frame(MicHeader, body, mic);
    }

    public bool VerifyMic(ulong sequence, ReadOnlySpan<byte> message, ReadOnlySpan<byte> mic)
    {
        if (!TryUnframe(mic, MicHeader, MicSize, out var body))
        {
            return false;
        }

        Span<byte> expected = stackalloc byte[ChecksumSize];
        Checksum(SignUsage, MicHeader, message, expected);
        return Agrees(sequence, body, expected);
    }

    public void Seal(ulong sequence, Span<byte> message, Range secret, Span<byte> token)
    {
        Span<byte> body = stackalloc byte[SequenceSize + ChecksumSize + ConfounderSize];
        var confounder = body[^ConfounderSize..];
        RandomNumberGenerator.Fill(confounder);
        Checksum(SealUsage, SealHeader, [.. confounder, .. message], body.Slice(SequenceSize, ChecksumSize));
        Transform(sequence, confounder, message[secret]);
        Number(isAcceptor, sequence, body);
        TransformNumber(body.Slice(SequenceSize, ChecksumSize), body);
        Frame(SealHeader, body, token);
    }

    public bool Open(ulong sequence, Span<byte> message, Range secret, ReadOnlySpan<byte> token)
    {
        if (!TryUnframe(token, SealHeader, SealSize, out var body))
        {
            return false;
        }

        Span<byte> confounder = stackalloc byte[ConfounderSize];
        Span<byte> expected = stackalloc byte[ChecksumSize];
        body[^ConfounderSize..].CopyTo(confounder);
        var whole = message.ToArray();
        Transform(sequence, confounder, whole.AsSpan()[secret]);
        Checksum(SealUsage, SealHeader, [.. confounder, .. whole], expected);
        var isRight = Agrees(sequence, body[..^ConfounderSize], expected);
        if (isRight)
        {
            whole.AsSpan()[secret].CopyTo(message[secret]);
        }

        CryptographicOperations.ZeroMemory(whole);
        return isRight;
    }

    /// <summary>The number, and whose it is: zeros of the initiator, FF of the acceptor.</summary>
    private static void Number(bool byAcceptor, ulong sequence, Span<byte> number)
    {
        BinaryPrimitives.WriteUInt32BigEndian(number, (uint)sequence);
        number[sizeof(uint)..SequenceSize].Fill(byAcceptor ? (byte)0xFF : (byte)0);
    }

    private static void Frame(ReadOnlySpan<byte> header, ReadOnlySpan<byte> body, Span<byte> token) =>
        GssFrame.Write(header[..GssFrame.IdSize], [.. header[GssFrame.IdSize..], .. body]).CopyTo(token);

    private static bool TryUnframe(ReadOnlySpan<byte> token, ReadOnlySpan<byte> header, int size, out ReadOnlySpan<byte> body)
    {
        body = default;
        if (token.Length != size || !GssFrame.TryRead(token, header[..GssFrame.IdSize], out var offset) || offset != FrameSize + GssFrame.IdSize)
        {
            return false;
        }

        var rest = token[(offset - GssFrame.IdSize)..];
        body = rest[HeaderSize..];
        return rest.StartsWith(header);
    }

    /// <summary>Whether number, side and checksum are what they should be.</summary>
    private bool Agrees(ulong sequence, ReadOnlySpan<byte> body, ReadOnlySpan<byte> checksum)
    {
        Span<byte> expected = stackalloc byte[SequenceSize + ChecksumSize];
        Number(!isAcceptor, sequence, expected);
        TransformNumber(checksum, expected);
        checksum.CopyTo(expected[SequenceSize..]);
        return CryptographicOperations.FixedTimeEquals(expected, body);
    }

    private void Checksum(KeyUsage usage, ReadOnlySpan<byte> header, ReadOnlySpan<byte> message, Span<byte> checksum)
    {
        Span<byte> whole = stackalloc byte[MD5.HashSizeInBytes];
        key.Sign(usage, [.. header, .. message], whole);
        whole[..ChecksumSize].CopyTo(checksum);
    }

    private void TransformNumber(ReadOnlySpan<byte> checksum, Span<byte> number)
    {
        Span<byte> derived = stackalloc byte[MD5.HashSizeInBytes];
        HMACMD5.HashData(key.Value, [0, 0, 0, 0], derived);
        HMACMD5.HashData(derived, checksum, derived);
        Rc4.Transform(derived, number[..SequenceSize], number[..SequenceSize]);
    }

    /// <summary>Encrypts or decrypts the random start, and what follows it, under a key of the message's number alone.</summary>
    private void Transform(ulong sequence, Span<byte> confounder, Span<byte> secret)
    {
        Span<byte> derived = stackalloc byte[MD5.HashSizeInBytes];
        Span<byte> number = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(number, (uint)sequence);
        for (var i = 0; i < derived.Length; i++)
        {
            derived[i] = (byte)(key.Value[i] ^ 0xF0);
        }

        HMACMD5.HashData(derived, [0, 0, 0, 0], derived);
        HMACMD5.HashData(derived, number, derived);
        var stream = new Rc4(derived);
        stream.Transform(confounder, confounder);
        stream.Transform(secret, secret);
        stream.Clear();
        CryptographicOperations.ZeroMemory(derived);
    }
}
