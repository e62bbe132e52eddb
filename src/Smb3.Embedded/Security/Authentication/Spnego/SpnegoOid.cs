namespace Smb3.Embedded.Security.Authentication.Spnego;

/// <summary>Object identifiers, as the content of their DER element.</summary>
internal static class SpnegoOid
{
    /// <summary>1.3.6.1.5.5.2 (RFC 4178).</summary>
    public static ReadOnlySpan<byte> Spnego => [0x2B, 0x06, 0x01, 0x05, 0x05, 0x02];

    /// <summary>1.3.6.1.4.1.311.2.2.10 (MS-NLMP section 1.9).</summary>
    public static ReadOnlySpan<byte> Ntlm => [0x2B, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0A];
}
