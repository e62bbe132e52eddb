using System.Buffers.Binary;
using Smb3.Embedded.Security.Authentication.Kerberos.Encryption;

namespace Smb3.Embedded.Security.Authentication.Kerberos.Tokens;

/// <summary>
/// The token of GSS_GetMIC with AES (RFC 4121 4.2.6.1), big-endian: 04 04, flags (1), five times FF, the number of the message (8), the checksum
/// of the message and these sixteen bytes.
/// </summary>
internal static class MicToken
{
    private const int HeaderSize = 16;
    private const int SequenceOffset = 8;

    [Flags]
    private enum TokenFlags : byte
    {
        None = 0,
        SentByAcceptor = 1,
        AcceptorSubKey = 4,
    }

    private static ReadOnlySpan<byte> Id => [0x04, 0x04];

    /// <summary>That of the server.</summary>
    public static byte[] Write(KerberosKey key, bool isAcceptorKey, ulong sequence, ReadOnlySpan<byte> message)
    {
        var token = new byte[HeaderSize + key.Profile.ChecksumSize];
        Id.CopyTo(token);
        token[2] = (byte)(TokenFlags.SentByAcceptor | (isAcceptorKey ? TokenFlags.AcceptorSubKey : TokenFlags.None));
        token.AsSpan(3, 5).Fill(0xFF);
        BinaryPrimitives.WriteUInt64BigEndian(token.AsSpan(SequenceOffset), sequence);
        key.Sign(KeyUsage.AcceptorSign, [.. message, .. token.AsSpan(0, HeaderSize)], token.AsSpan(HeaderSize));
        return token;
    }

    /// <summary>Whether it is right, and the client's.</summary>
    public static bool Verify(KerberosKey key, bool isAcceptorKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> token)
    {
        if (token.Length != HeaderSize + key.Profile.ChecksumSize
            || !token.StartsWith(Id)
            || token[2] != (byte)(isAcceptorKey ? TokenFlags.AcceptorSubKey : TokenFlags.None)
            || token.Slice(3, 5).ContainsAnyExcept((byte)0xFF))
        {
            return false;
        }

        return key.Verify(KeyUsage.InitiatorSign, [.. message, .. token[..HeaderSize]], token[HeaderSize..]);
    }
}
