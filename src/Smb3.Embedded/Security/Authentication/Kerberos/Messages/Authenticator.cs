using System.Formats.Asn1;
using Smb3.Embedded.Security.Authentication.Kerberos.Encryption;

namespace Smb3.Embedded.Security.Authentication.Kerberos.Messages;

/// <summary>Authenticator (RFC 4120 5.5.1): the client's proof that it has the session key, now.</summary>
internal sealed class Authenticator : IDisposable
{
    private const int Tag = 2;
    private const int VersionNumber = 5;

    public required string ClientRealm { get; init; }

    public required PrincipalName Client { get; init; }

    /// <summary>The number of the checksum's type; 0 when there is none.</summary>
    public required int ChecksumType { get; init; }

    public required byte[] Checksum { get; init; }

    public required DateTimeOffset Time { get; init; }

    public required int Microseconds { get; init; }

    public required KerberosKey? SubKey { get; init; }

    public required uint Sequence { get; init; }

    /// <exception cref="AsnContentException">It is none.</exception>
    public static Authenticator Read(ReadOnlyMemory<byte> message)
    {
        var fields = KerberosAsn.ReadApplication(message, Tag);
        if (fields.ReadField(0).ReadInt32() != VersionNumber)
        {
            throw new AsnContentException("Not an authenticator of Kerberos 5.");
        }

        var realm = fields.ReadField(1).ReadKerberosString();
        var client = PrincipalName.Read(fields.ReadField(2));
        var checksum = fields.ReadOptional(3)?.ReadSequence();
        return new Authenticator
        {
            ClientRealm = realm,
            Client = client,
            ChecksumType = checksum?.ReadField(0).ReadInt32() ?? 0,
            Checksum = checksum?.ReadField(1).ReadOctetString() ?? [],
            Microseconds = fields.ReadField(4).ReadInt32(),
            Time = fields.ReadField(5).ReadGeneralizedTime(),
            SubKey = fields.ReadOptional(6) is { } key ? EncryptionKeyValue.Read(key) : null,

            // Some senders take it for a signed number (RFC 4120 5.5.1).
            Sequence = fields.ReadOptional(7)?.ReadUInt32Loosely() ?? 0,
        };
    }

    public void Dispose() => SubKey?.Dispose();
}
