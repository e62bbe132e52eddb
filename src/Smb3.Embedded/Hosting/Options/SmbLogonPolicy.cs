namespace Smb3.Embedded;

/// <summary>
/// What some users, or all from some networks or at some end points, must do to log on. A logon must satisfy every policy that is about it; where none is, only the other
/// settings count.
/// </summary>
public sealed class SmbLogonPolicy
{
    /// <summary>Where it is about: addresses and networks such as <c>192.0.2.0/24</c> that clients come from. Empty: everywhere.</summary>
    public IList<string> Networks { get; } = [];

    /// <summary>
    /// Where it is about on the server's side: addresses, networks or ports of the server that clients connect to, such as <c>192.0.2.1</c>,
    /// <c>192.0.2.1:4450</c>, <c>[2001:db8::1]:445</c>, <c>192.0.2.0/24</c> or <c>*:4450</c>. Empty: all.
    /// </summary>
    public IList<string> EndPoints { get; } = [];

    /// <summary>Whom it is about: users by name, or <c>DOMAIN\user</c>. With <see cref="Groups"/> empty too: everybody.</summary>
    public IList<string> Users { get; } = [];

    /// <summary>Whom it is about: members of groups, by the name that the user store has, or by the SID of a domain's group.</summary>
    public IList<string> Groups { get; } = [];

    /// <summary>What they may log on with: <c>Kerberos</c>, <c>NTLM</c>. Empty: either.</summary>
    public IList<string> Mechanisms { get; } = [];

    /// <summary>Whether all messages of their sessions are encrypted; who cannot is refused.</summary>
    public bool RequireEncryption { get; set; }
}
