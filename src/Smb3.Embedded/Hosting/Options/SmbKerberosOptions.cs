namespace Smb3.Embedded;

/// <summary>Logons with tickets of Kerberos, such as those of Active Directory. On as soon as there is a keytab.</summary>
public sealed class SmbKerberosOptions
{
    /// <summary>
    /// The file with the server's keys (a keytab of MIT's format, version 0x502), for principals such as <c>cifs/files.example.com</c>. It is
    /// read anew when it changes. <see langword="null"/>: no Kerberos. Default <see langword="null"/>.
    /// </summary>
    public string? Keytab { get; set; }

    /// <summary>
    /// How far the clocks of client and server may be apart: 1 second to 1 hour. Default 5 minutes, as everywhere.
    /// </summary>
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Whether tickets and session keys may be RC4's, which can be broken. Needed only for accounts that have no AES keys. Default off.
    /// </summary>
    public bool AllowRc4 { get; set; }
}
