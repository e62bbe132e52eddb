using System.Formats.Asn1;

namespace Smb3.Embedded.Security.Authentication.Kerberos.Messages;

/// <summary>AP-REQ (RFC 4120 5.5.1) with the open part of its ticket (5.3).</summary>
internal sealed class ApRequest
{
    private const int Version = 5;
    private const int MessageType = 14;
    private const int TicketTag = 1;

    public required string Realm { get; init; }

    /// <summary>The service that the ticket is for.</summary>
    public required PrincipalName Service { get; init; }

    public required EncryptedData Ticket { get; init; }

    public required EncryptedData Authenticator { get; init; }

    /// <summary>Whether a message begins as one does.</summary>
    public static bool IsOne(ReadOnlySpan<byte> message) => Asn1Tag.TryDecode(message, out var tag, out _) && tag == KerberosAsn.Application(MessageType);

    /// <exception cref="AsnContentException">It is none.</exception>
    public static ApRequest Read(ReadOnlyMemory<byte> message)
    {
        var fields = KerberosAsn.ReadApplication(message, MessageType);
        Expect(fields.ReadField(0), Version);
        Expect(fields.ReadField(1), MessageType);
        fields.ReadField(2).ReadBitString(out _); // Whether it is mutual is said in GSS.
        var ticket = KerberosAsn.ReadApplication(fields.ReadField(3), TicketTag);
        Expect(ticket.ReadField(0), Version);
        return new ApRequest
        {
            Realm = ticket.ReadField(1).ReadKerberosString(),
            Service = PrincipalName.Read(ticket.ReadField(2)),
            Ticket = EncryptedData.Read(ticket.ReadField(3)),
            Authenticator = EncryptedData.Read(fields.ReadField(4)),
        };
    }

    private static void Expect(AsnReader reader, int value)
    {
        if (reader.ReadInt32() != value)
        {
            throw new AsnContentException("Not an AP-REQ of Kerberos 5.");
        }
    }
}
