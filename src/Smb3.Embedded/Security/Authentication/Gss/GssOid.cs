namespace Smb3.Embedded.Security.Authentication.Gss;

/// <summary>Object identifiers, as the content of their DER element.</summary>
internal static class GssOid
{
    /// <summary>1.3.6.1.5.5.2 (RFC 4178).</summary>
    public static ReadOnlySpan<byte> Spnego => [0x2B, 0x06, 0x01, 0x05, 0x05, 0x02];

    /// <summary>1.3.6.1.4.1.311.2.2.10 (MS-NLMP 1.9).</summary>
    public static ReadOnlySpan<byte> Ntlm => [0x2B, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0A];

    /// <summary>1.2.840.113554.1.2.2 (RFC 4121).</summary>
    public static ReadOnlySpan<byte> Kerberos => [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 0x01, 0x02, 0x02];

    /// <summary>1.2.840.48018.1.2.2: Kerberos by the number that Windows 2000 gave it by mistake (MS-SPNG 3.1.5.2).</summary>
    public static ReadOnlySpan<byte> MsKerberos => [0x2A, 0x86, 0x48, 0x82, 0xF7, 0x12, 0x01, 0x02, 0x02];

    /// <summary>1.3.6.1.4.1.311.2.2.30 (MS-NEGOEX).</summary>
    public static ReadOnlySpan<byte> NegoEx => [0x2B, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x1E];

    public static string NameOf(ReadOnlySpan<byte> oid) =>
        oid.SequenceEqual(Ntlm) ? "NTLM"
        : oid.StartsWith(Kerberos) || oid.StartsWith(MsKerberos) ? "Kerberos"
        : oid.SequenceEqual(NegoEx) ? "NEGOEX"
        : "a mechanism that is not known here";
}
