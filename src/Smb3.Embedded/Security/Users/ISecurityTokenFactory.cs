namespace Smb3.Embedded.Security.Users;

/// <summary>Makes the tokens of users of whom a mechanism knows only names: it gives them and their groups SIDs.</summary>
internal interface ISecurityTokenFactory
{
    /// <summary>The token of one logon.</summary>
    /// <param name="identity">Who it is: an account, a guest or an anonymous client.</param>
    /// <param name="mechanism">The name of the mechanism.</param>
    SecurityToken Create(SmbIdentity identity, string mechanism);
}
