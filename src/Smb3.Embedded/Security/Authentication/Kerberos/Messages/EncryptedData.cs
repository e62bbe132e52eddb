using System.Formats.Asn1;
using Smb3.Embedded.Security.Authentication.Kerberos.Encryption;

namespace Smb3.Embedded.Security.Authentication.Kerberos.Messages;

/// <summary>EncryptedData (RFC 4120 5.2.9).</summary>
/// <param name="Type">What it is encrypted with.</param>
/// <param name="Version">The version of the key; null where the sender does not say.</param>
/// <param name="Cipher">The ciphertext.</param>
internal readonly record struct EncryptedData(EncryptionType Type, uint? Version, ReadOnlyMemory<byte> Cipher)
{
    public static EncryptedData Read(AsnReader reader)
    {
        var fields = reader.ReadSequence();
        var type = (EncryptionType)fields.ReadField(0).ReadInt32();

        // A read-only domain controller's number in the high half makes it negative for some senders.
        uint? version = fields.ReadOptional(1) is { } number ? number.ReadUInt32Loosely() : null;
        return new EncryptedData(type, version, fields.ReadField(2).ReadOctetString());
    }

    public static void Write(AsnWriter writer, EncryptionType type, ReadOnlySpan<byte> cipher)
    {
        using (writer.PushSequence())
        {
            using (writer.PushSequence(KerberosAsn.Context(0)))
            {
                writer.WriteInteger((int)type);
            }

            using (writer.PushSequence(KerberosAsn.Context(2)))
            {
                writer.WriteOctetString(cipher);
            }
        }
    }
}
