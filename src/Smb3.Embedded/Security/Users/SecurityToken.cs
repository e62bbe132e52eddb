using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;

namespace Smb3.Embedded.Security.Users;

/// <summary>
/// Who stands behind a session, as one logon has shown it: made once, by the mechanism that authenticated the user out of what it has
/// (names of a user store, the PAC of a ticket), and kept by the session. Also the one place where two users are compared.
/// </summary>
internal sealed class SecurityToken
{
    /// <summary>The names, as hooks and logs see them.</summary>
    public required SmbIdentity Identity { get; init; }

    /// <summary>The SIDs of the user and of the groups that the user is in.</summary>
    public required AuthorizationContext Authorization { get; init; }

    /// <summary>What the user logged on with: <c>NTLM</c>, <c>Kerberos</c>.</summary>
    public required string Mechanism { get; init; }

    /// <summary>The domain or machine that vouches for the account; empty for an anonymous client.</summary>
    public string AccountDomain { get; init; } = string.Empty;

    /// <summary>Where the account is: as the user store says, else as the client does.</summary>
    public string Domain => Identity.AccountDomain ?? Identity.DomainName;

    /// <summary>
    /// Whether the user's SID was worked out from the account's name, and so has only 30 bits of it; else it comes from who issued the
    /// account.
    /// </summary>
    public bool IsSidFromName { get; init; }

    /// <summary>When the user must authenticate again (Session.ExpirationTime, MS-SMB2 3.3.1.8); the last moment of all for never.</summary>
    public DateTimeOffset Expiry { get; init; } = DateTimeOffset.MaxValue;

    /// <summary>The account, which every guest shares with all others, as all anonymous clients do theirs.</summary>
    public Sid User => Authorization.User;

    /// <summary>Whether the user has proved to be one: neither a guest nor an anonymous client has.</summary>
    public bool IsProven => Identity is { IsAnonymous: false, IsGuest: false };

    public bool HasExpired(TimeProvider time) => Expiry != DateTimeOffset.MaxValue && time.GetUtcNow() >= Expiry;

    /// <summary>
    /// Whether both are one user: their SIDs say so. Where those come from names, the names must be the same too. Each logon of a guest or
    /// of an anonymous client is somebody else.
    /// </summary>
    public bool IsSameUser(SecurityToken other) =>
        ReferenceEquals(this, other)
        || (IsProven
            && other.IsProven
            && User == other.User
            && ((!IsSidFromName && !other.IsSidFromName)
                || (Domain.Equals(other.Domain, StringComparison.OrdinalIgnoreCase)
                    && Identity.UserName.Equals(other.Identity.UserName, StringComparison.OrdinalIgnoreCase))));
}
