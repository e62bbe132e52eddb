using System.Formats.Asn1;
using Smb3.Embedded.Security.Authentication.Kerberos.Encryption;

namespace Smb3.Embedded.Security.Authentication.Kerberos.Messages;

/// <summary>
/// AP-REP (RFC 4120 5.5.2): the service's proof that it could read the ticket, and in the form of RPC the client's that it could read that.
/// </summary>
internal static class ApReply
{
    private const int Version = 5;
    private const int MessageType = 15;
    private const int PartTag = 27;

    /// <summary>Writes one.</summary>
    /// <param name="sessionKey">The ticket's.</param>
    /// <param name="time">The time in the authenticator, without its microseconds.</param>
    /// <param name="microseconds">Those.</param>
    /// <param name="subKey">The key that protects what follows; null: the one that the client has chosen.</param>
    /// <param name="sequence">The number of the service's first message.</param>
    public static byte[] Write(KerberosKey sessionKey, DateTimeOffset time, int microseconds, KerberosKey? subKey, uint sequence)
    {
        var part = new AsnWriter(AsnEncodingRules.DER);
        using (part.PushSequence(KerberosAsn.Application(PartTag)))
        using (part.PushSequence())
        {
            WriteField(part, 0, writer => writer.WriteGeneralizedTime(time, omitFractionalSeconds: true));
            WriteField(part, 1, writer => writer.WriteInteger(microseconds));
            if (subKey is not null)
            {
                WriteField(part, 2, writer => EncryptionKeyValue.Write(writer, subKey));
            }

            WriteField(part, 3, writer => writer.WriteInteger(sequence));
        }

        var reply = new AsnWriter(AsnEncodingRules.DER);
        using (reply.PushSequence(KerberosAsn.Application(MessageType)))
        using (reply.PushSequence())
        {
            WriteField(reply, 0, static writer => writer.WriteInteger(Version));
            WriteField(reply, 1, static writer => writer.WriteInteger(MessageType));
            var cipher = sessionKey.Encrypt(KeyUsage.ApReply, part.Encode());
            WriteField(reply, 2, writer => EncryptedData.Write(writer, sessionKey.Profile.Type, cipher));
        }

        return reply.Encode();
    }

    /// <summary>
    /// The number in the one that a client sends; null when it was not made with the key, or has none. Its time is not looked at: some clients repeat
    /// that of their AP-REQ, others take the present one.
    /// </summary>
    /// <exception cref="AsnContentException">It is none.</exception>
    public static uint? ReadSequence(KerberosKey sessionKey, ReadOnlyMemory<byte> message)
    {
        var fields = KerberosAsn.ReadApplication(message, MessageType);
        fields.ReadField(0).ReadInt32();
        fields.ReadField(1).ReadInt32();
        if (sessionKey.Decrypt(KeyUsage.ApReply, EncryptedData.Read(fields.ReadField(2)).Cipher.Span) is not { } plain)
        {
            return null;
        }

        var part = KerberosAsn.ReadApplication(plain, PartTag);
        part.ReadField(0);
        part.ReadField(1);
        part.ReadOptional(2);
        return part.ReadOptional(3)?.ReadUInt32Loosely();
    }

    private static void WriteField(AsnWriter writer, int number, Action<AsnWriter> content)
    {
        using (writer.PushSequence(KerberosAsn.Context(number)))
        {
            content(writer);
        }
    }
}
