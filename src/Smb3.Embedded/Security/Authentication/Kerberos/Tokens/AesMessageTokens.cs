using System.Buffers.Binary;
using System.Security.Cryptography;
using Smb3.Embedded.Security.Authentication.Kerberos.Encryption;

namespace Smb3.Embedded.Security.Authentication.Kerberos.Tokens;

/// <summary>
/// The tokens with AES (RFC 4121 4.2.6), big-endian. Both begin with sixteen bytes: what it is (2), flags (1), FF, two numbers of a sealed one, which
/// are FF too in a MIC (4), the number of the message (8). A MIC ends with the checksum of the message and these bytes. Of a sealed message,
/// <code>
/// E(confounder (16) | secret | filler (EC) | the sixteen bytes, RRC = 0) | checksum
/// </code>
/// is turned to the right by RRC + EC bytes (not by RRC alone, MS-KILE 3.4.5.4.1), which leaves the secret in its place and puts all else before it.
/// </summary>
/// <param name="key">The key; the caller zeroes it.</param>
/// <param name="isAcceptorKey">Whether the acceptor has chosen it.</param>
/// <param name="isAcceptor">Whose tokens are written; the other side's are read.</param>
internal sealed class AesMessageTokens(KerberosKey key, bool isAcceptorKey, bool isAcceptor) : IMessageTokens
{
    private const int HeaderSize = 16;
    private const int ExtraCountOffset = 4;
    private const int RotationOffset = 6;
    private const int SequenceOffset = 8;

    /// <summary>The random block in front. What is sent has as much filler: Windows takes no less (MS-KILE 3.4.5.4.1).</summary>
    private const int BlockSize = CipherStealing.BlockSize;

    private readonly AesProfile _profile = (AesProfile)key.Profile;

    [Flags]
    private enum TokenFlags : byte
    {
        None = 0,
        SentByAcceptor = 1,
        Sealed = 2,
        AcceptorSubKey = 4,
    }

    public int MicSize => HeaderSize + _profile.ChecksumSize;

    public int SealSize => HeaderSize + BlockSize + Rotation + BlockSize;

    private static ReadOnlySpan<byte> MicId => [0x04, 0x04];

    private static ReadOnlySpan<byte> SealId => [0x05, 0x04];

    /// <summary>What there must be in RRC, for the secret to stay in its place: the repeated header and the checksum.</summary>
    private int Rotation => HeaderSize + _profile.ChecksumSize;

    public void WriteMic(ulong sequence, ReadOnlySpan<byte> message, Span<byte> mic)
    {
        WriteMicHeader(mic, isAcceptor, sequence);
        key.Sign(Usage(isAcceptor, seals: false), [.. message, .. mic[..HeaderSize]], mic[HeaderSize..]);
    }

    public bool VerifyMic(ulong sequence, ReadOnlySpan<byte> message, ReadOnlySpan<byte> mic)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        WriteMicHeader(header, !isAcceptor, sequence);
        return mic.Length == MicSize
            && mic.StartsWith(header)
            && key.Verify(Usage(!isAcceptor, seals: false), [.. message, .. header], mic[HeaderSize..]);
    }

    public void Seal(ulong sequence, Span<byte> message, Range secret, Span<byte> token)
    {
        WriteSealHeader(token, isAcceptor, sequence, BlockSize, Rotation);
        var whole = new byte[BlockSize + message.Length + BlockSize + HeaderSize];
        RandomNumberGenerator.Fill(whole.AsSpan(0, BlockSize));
        message.CopyTo(whole.AsSpan(BlockSize));
        WriteSealHeader(whole.AsSpan(^HeaderSize..), isAcceptor, sequence, BlockSize, 0);
        Span<byte> checksum = token.Slice(HeaderSize + BlockSize + HeaderSize, _profile.ChecksumSize);
        _profile.Seal(key.Value, Usage(isAcceptor, seals: true), whole, OpenParts(message.Length, secret), checksum);
        whole.AsSpan(BlockSize, message.Length)[secret].CopyTo(message[secret]);
        whole.AsSpan(BlockSize + message.Length).CopyTo(token[HeaderSize..]);
        whole.AsSpan(0, BlockSize).CopyTo(token[^BlockSize..]);
    }

    public bool Open(ulong sequence, Span<byte> message, Range secret, ReadOnlySpan<byte> token)
    {
        var filler = token.Length - HeaderSize - Rotation - BlockSize;
        Span<byte> header = stackalloc byte[HeaderSize];
        if (filler is < 0 or > ushort.MaxValue)
        {
            return false;
        }

        WriteSealHeader(header, !isAcceptor, sequence, filler, Rotation);
        if (!token.StartsWith(header))
        {
            return false;
        }

        var whole = new byte[BlockSize + message.Length + filler + HeaderSize];
        token[^BlockSize..].CopyTo(whole);
        message.CopyTo(whole.AsSpan(BlockSize));
        token.Slice(HeaderSize, filler + HeaderSize).CopyTo(whole.AsSpan(BlockSize + message.Length));
        WriteSealHeader(header, !isAcceptor, sequence, filler, 0);
        var checksum = token.Slice(HeaderSize + filler + HeaderSize, _profile.ChecksumSize);
        var isRight = _profile.Open(key.Value, Usage(!isAcceptor, seals: true), whole, OpenParts(message.Length, secret), checksum)
            && whole.AsSpan(^HeaderSize..).SequenceEqual(header);
        if (isRight)
        {
            whole.AsSpan(BlockSize, message.Length)[secret].CopyTo(message[secret]);
        }

        CryptographicOperations.ZeroMemory(whole);
        return isRight;
    }

    private static KeyUsage Usage(bool byAcceptor, bool seals) => (byAcceptor, seals) switch
    {
        (true, true) => KeyUsage.AcceptorSeal,
        (true, false) => KeyUsage.AcceptorSign,
        (false, true) => KeyUsage.InitiatorSeal,
        _ => KeyUsage.InitiatorSign,
    };

    /// <summary>What is before and behind the secret, where the message follows the random block.</summary>
    private static Range[] OpenParts(int length, Range secret)
    {
        var (offset, count) = secret.GetOffsetAndLength(length);
        return [BlockSize..(BlockSize + offset), (BlockSize + offset + count)..(BlockSize + length)];
    }

    private TokenFlags Flags(bool byAcceptor) =>
        (byAcceptor ? TokenFlags.SentByAcceptor : TokenFlags.None) | (isAcceptorKey ? TokenFlags.AcceptorSubKey : TokenFlags.None);

    private void WriteMicHeader(Span<byte> header, bool byAcceptor, ulong sequence)
    {
        MicId.CopyTo(header);
        header[2] = (byte)Flags(byAcceptor);
        header[3..SequenceOffset].Fill(0xFF);
        BinaryPrimitives.WriteUInt64BigEndian(header[SequenceOffset..], sequence);
    }

    private void WriteSealHeader(Span<byte> header, bool byAcceptor, ulong sequence, int filler, int rotation)
    {
        SealId.CopyTo(header);
        header[2] = (byte)(Flags(byAcceptor) | TokenFlags.Sealed);
        header[3] = 0xFF;
        BinaryPrimitives.WriteUInt16BigEndian(header[ExtraCountOffset..], (ushort)filler);
        BinaryPrimitives.WriteUInt16BigEndian(header[RotationOffset..], (ushort)rotation);
        BinaryPrimitives.WriteUInt64BigEndian(header[SequenceOffset..], sequence);
    }
}
