using System.Formats.Asn1;
using Smb3.Embedded.Security.Authentication.Kerberos.Encryption;

namespace Smb3.Embedded.Security.Authentication.Kerberos.Messages;

/// <summary>EncryptionKey (RFC 4120 5.2.9) on the wire.</summary>
internal static class EncryptionKeyValue
{
    public static KerberosKey Read(AsnReader reader)
    {
        var fields = reader.ReadSequence();
        var type = (EncryptionType)fields.ReadField(0).ReadInt32();
        return KerberosKey.Create(type, fields.ReadField(1).ReadOctetString())
            ?? throw new AsnContentException($"A key is of a type that is not known here ({(int)type}), or too long or short for it.");
    }

    public static void Write(AsnWriter writer, KerberosKey key)
    {
        using (writer.PushSequence())
        {
            using (writer.PushSequence(KerberosAsn.Context(0)))
            {
                writer.WriteInteger((int)key.Profile.Type);
            }

            using (writer.PushSequence(KerberosAsn.Context(1)))
            {
                writer.WriteOctetString(key.Value);
            }
        }
    }
}
