using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Ldap;

/// <summary>How the questions are asked of one kind of directory. Made for one connection, and blocks as that does.</summary>
internal interface ISchema
{
    /// <summary>The account of a SID, or null.</summary>
    SmbAccount? Find(Sid sid);

    /// <summary>The account of a name, or null.</summary>
    SmbAccount? Find(string? domain, string name);

    /// <summary>The groups of a user; null when there is no such user.</summary>
    IReadOnlyList<Sid>? FindGroups(Sid user);
}
