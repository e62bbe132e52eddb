using Smb3.Embedded.Nt;

namespace Smb3.Embedded;

/// <summary>A user, a group or a domain of a directory: its SID and its name.</summary>
/// <param name="Sid">The SID; of a user or a group: the domain's and a relative identifier.</param>
/// <param name="Name">The name as Windows has it, without the domain (<c>sAMAccountName</c>); of a domain its own short name.</param>
/// <param name="DomainName">The short (NetBIOS) name of its domain.</param>
/// <param name="Use">What it is.</param>
public sealed record SmbAccount(Sid Sid, string Name, string DomainName, SidNameUse Use)
{
    /// <summary>The SID of its domain.</summary>
    internal Sid DomainSid => Use == SidNameUse.Domain ? Sid : Sid.Domain ?? Sid;
}
