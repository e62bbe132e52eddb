using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;

namespace Smb3.Embedded.Security.Users;

/// <summary>Makes the tokens of users. Those of whom a mechanism knows only names, and their groups, get SIDs.</summary>
internal interface ISecurityTokenFactory
{
    /// <summary>The token of one logon.</summary>
    /// <param name="identity">Who it is: an account, a guest or an anonymous client.</param>
    /// <param name="mechanism">The name of the mechanism.</param>
    /// <param name="expiry">When the user must authenticate again; null: never.</param>
    SecurityToken Create(SmbIdentity identity, string mechanism, DateTimeOffset? expiry = null);

    /// <summary>The token of a user whose SIDs a domain has told.</summary>
    /// <param name="identity">The names.</param>
    /// <param name="mechanism">The name of the mechanism.</param>
    /// <param name="user">The user's SID.</param>
    /// <param name="primaryGroup">The SID of the user's primary group.</param>
    /// <param name="groups">The groups that the user is in there.</param>
    /// <param name="expiry">When the user must authenticate again.</param>
    SecurityToken Create(
        SmbIdentity identity, string mechanism, Sid user, Sid primaryGroup, IReadOnlyList<TokenGroup> groups, DateTimeOffset expiry);
}
