using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Security.Users;

/// <summary>
/// Who stands behind a session, as one logon has shown it, and the one place where two users are compared. A guest and an anonymous client
/// have shown nothing: each of their logons is somebody else.
/// </summary>
/// <param name="identity">What the mechanism found.</param>
/// <param name="user">The account's SID; null when there is no account.</param>
internal sealed class SecurityToken(SmbIdentity identity, Sid? user)
{
    public SmbIdentity Identity => identity;

    public Sid? User => user;

    /// <summary>Where the account is: as the user store says, else as the client does.</summary>
    public string Domain => identity.AccountDomain ?? identity.DomainName;

    /// <summary>Whether the user has proved to be one, by a password.</summary>
    public bool IsProven => user is not null && identity is { IsAnonymous: false, IsGuest: false };

    /// <summary>Whether both are one user. A SID that was worked out from a name has only 30 bits of it, so the name must be the same too.</summary>
    public bool IsSameUser(SecurityToken other) =>
        ReferenceEquals(this, other)
        || (IsProven
            && other.IsProven
            && User == other.User
            && Domain.Equals(other.Domain, StringComparison.OrdinalIgnoreCase)
            && Identity.UserName.Equals(other.Identity.UserName, StringComparison.OrdinalIgnoreCase));
}
