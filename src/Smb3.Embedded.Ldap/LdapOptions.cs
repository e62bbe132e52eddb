using Smb3.Embedded.Nt;

namespace Smb3.Embedded;

/// <summary>Where a directory is, and how it is read.</summary>
public sealed class LdapOptions
{
    /// <summary>The servers, <c>ldap://HOST[:PORT]</c> or <c>ldaps://HOST[:PORT]</c>; the first that answers is used. At least one.</summary>
    public IList<string> Servers { get; } = [];

    /// <summary>Whether a connection by <c>ldap://</c> is encrypted before anything else is said (RFC 4511 4.14). Default off.</summary>
    public bool StartTls { get; set; }

    /// <summary>
    /// A folder with certificates of authorities (in OpenSSL's form, with hashes as names) that servers' certificates are checked against.
    /// <see langword="null"/>: those of the system.
    /// </summary>
    public string? CaDirectory { get; set; }

    /// <summary>Whether the process authenticates with its ticket of Kerberos (GSSAPI). Default off.</summary>
    public bool Kerberos { get; set; }

    /// <summary>Whom it reads as: a distinguished name, or in Active Directory <c>user@domain</c>. <see langword="null"/>: nobody (anonymous).</summary>
    public string? BindName { get; set; }

    /// <summary>The password of <see cref="BindName"/>. <see cref="PasswordFile"/> keeps it out of configuration.</summary>
    public string? Password { get; set; }

    /// <summary>A file whose first line is the password; read for each connection.</summary>
    public string? PasswordFile { get; set; }

    /// <summary>Below which entry users and groups are. <see langword="null"/>: the directory's (first) naming context.</summary>
    public string? BaseDn { get; set; }

    /// <summary>How users and groups are described. Default <see cref="LdapSchema.Auto"/>.</summary>
    public LdapSchema Schema { get; set; }

    /// <summary>
    /// The short name of the domain. <see langword="null"/>: Active Directory's own; for others the <c>sambaDomainName</c>, else the first part of
    /// <see cref="BaseDn"/>.
    /// </summary>
    public string? DomainName { get; set; }

    /// <summary>
    /// For RFC 2307: the SID under which users and groups without a <c>sambaSID</c> have theirs. <see langword="null"/>: <c>S-1-22-1-uid</c> and
    /// <c>S-1-22-2-gid</c>.
    /// </summary>
    public Sid? DomainSid { get; set; }

    /// <summary>The most connections to the directory; each has a thread. 1 to 16. Default 2.</summary>
    public int MaxConnections { get; set; } = 2;

    /// <summary>How long one question to the directory may take. 100 milliseconds to 1 minute. Default 3 seconds.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(3);
}
