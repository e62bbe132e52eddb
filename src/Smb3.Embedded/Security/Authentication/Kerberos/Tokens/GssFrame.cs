using Smb3.Embedded.Security.Authentication.Gss;
using Smb3.Embedded.Security.Authentication.Spnego;

namespace Smb3.Embedded.Security.Authentication.Kerberos.Tokens;

/// <summary>The frame of Kerberos' first tokens (RFC 4121 4.1): [APPLICATION 0], the mechanism, two bytes that say what it is, the message.</summary>
internal static class GssFrame
{
    public const int IdSize = 2;

    private const int Room = 32;

    public static ReadOnlySpan<byte> ApRequestId => [0x01, 0x00];

    public static ReadOnlySpan<byte> ApReplyId => [0x02, 0x00];

    /// <summary>Whether a token is this mechanism's.</summary>
    public static bool TryRead(ReadOnlySpan<byte> token, ReadOnlySpan<byte> id, out int messageOffset)
    {
        messageOffset = 0;
        var outer = new DerReader(token);
        if (!outer.TryRead(DerReader.Application0, out var frame) || !outer.IsAtEnd)
        {
            return false;
        }

        var inner = new DerReader(frame);
        if (!inner.TryRead(DerReader.ObjectIdentifier, out var oid)
            || !(oid.SequenceEqual(GssOid.Kerberos) || oid.SequenceEqual(GssOid.MsKerberos))
            || !inner.Rest.StartsWith(id))
        {
            return false;
        }

        messageOffset = token.Length - inner.Rest.Length + IdSize;
        return true;
    }

    public static byte[] Write(ReadOnlySpan<byte> id, ReadOnlySpan<byte> message)
    {
        var writer = new DerWriter(new byte[message.Length + Room]);
        var end = writer.Position;
        writer.Prepend(message);
        writer.Prepend(id);
        writer.Prepend(DerReader.ObjectIdentifier, GssOid.Kerberos);
        writer.Wrap(DerReader.Application0, end);
        return writer.ToArray();
    }
}
