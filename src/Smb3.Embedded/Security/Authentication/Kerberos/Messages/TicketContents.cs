using System.Formats.Asn1;
using Smb3.Embedded.Security.Authentication.Kerberos.Encryption;

namespace Smb3.Embedded.Security.Authentication.Kerberos.Messages;

/// <summary>EncTicketPart (RFC 4120 5.3): what the KDC says of the client, for the service's eyes.</summary>
internal sealed class TicketContents : IDisposable
{
    private const int Tag = 3;
    private const int InvalidFlag = 7;
    private const int IfRelevant = 1;
    private const int WindowsPac = 128;

    /// <summary>The key that client and service share.</summary>
    public required KerberosKey SessionKey { get; init; }

    public required string ClientRealm { get; init; }

    public required PrincipalName Client { get; init; }

    public required DateTimeOffset Authenticated { get; init; }

    public required DateTimeOffset Starts { get; init; }

    public required DateTimeOffset Ends { get; init; }

    /// <summary>Postdated, and not validated yet.</summary>
    public required bool IsInvalid { get; init; }

    /// <summary>The privilege attribute certificate (MS-PAC); null when there is none.</summary>
    public required byte[]? Pac { get; init; }

    /// <exception cref="AsnContentException">It is none.</exception>
    public static TicketContents Read(ReadOnlyMemory<byte> message)
    {
        var fields = KerberosAsn.ReadApplication(message, Tag);
        var flags = fields.ReadField(0).ReadBitString(out _);
        var key = EncryptionKeyValue.Read(fields.ReadField(1));
        var realm = fields.ReadField(2).ReadKerberosString();
        var client = PrincipalName.Read(fields.ReadField(3));
        fields.ReadField(4); // The realms on the way. Without a PAC of the own KDC no other realm's users are taken: see TicketAccounts.
        var authenticated = fields.ReadField(5).ReadGeneralizedTime();
        var starts = fields.ReadOptional(6)?.ReadGeneralizedTime() ?? authenticated;
        var ends = fields.ReadField(7).ReadGeneralizedTime();
        fields.ReadOptional(8);
        fields.ReadOptional(9);
        return new TicketContents
        {
            SessionKey = key,
            ClientRealm = realm,
            Client = client,
            Authenticated = authenticated,
            Starts = starts,
            Ends = ends,
            IsInvalid = flags.Length > 0 && (flags[0] & (0x80 >> InvalidFlag)) != 0,
            Pac = fields.ReadOptional(10) is { } data ? FindPac(data) : null,
        };
    }

    public void Dispose() => SessionKey.Dispose();

    /// <summary>The PAC lies in an AD-IF-RELEVANT, and KDCs put it first (MS-PAC 2.2).</summary>
    private static byte[]? FindPac(AsnReader authorization)
    {
        for (var entries = authorization.ReadSequence(); entries.HasData;)
        {
            var (type, data) = ReadEntry(entries);
            if (type != IfRelevant)
            {
                continue;
            }

            for (var inner = new AsnReader(data, AsnEncodingRules.BER).ReadSequence(); inner.HasData;)
            {
                (type, data) = ReadEntry(inner);
                if (type == WindowsPac)
                {
                    return data;
                }
            }
        }

        return null;
    }

    private static (int Type, byte[] Data) ReadEntry(AsnReader reader)
    {
        var fields = reader.ReadSequence();
        return (fields.ReadField(0).ReadInt32(), fields.ReadField(1).ReadOctetString());
    }
}
