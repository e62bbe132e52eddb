namespace Smb3.Embedded;

/// <summary>How a directory describes users and groups.</summary>
public enum LdapSchema
{
    /// <summary>As it says itself: Active Directory says that it is one.</summary>
    Auto,

    /// <summary>Active Directory, and Samba's: <c>objectSid</c> and <c>sAMAccountName</c>.</summary>
    ActiveDirectory,

    /// <summary>RFC 2307: <c>posixAccount</c> and <c>posixGroup</c>, with <c>sambaSID</c> or without.</summary>
    Posix,
}
