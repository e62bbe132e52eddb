using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;

namespace Smb3.Embedded.Files.Access;

/// <summary>The caller that opens a file: the view of a session's token that access checks and new files need.</summary>
/// <param name="authorization">The SIDs of the token.</param>
internal sealed class FileCaller(AuthorizationContext authorization)
{
    /// <summary>The SIDs, for keeping them beyond the session.</summary>
    public AuthorizationContext Authorization => authorization;

    /// <summary>The account; it owns what it creates.</summary>
    public Sid User => authorization.User;

    /// <summary>The primary group of what the caller creates.</summary>
    public Sid PrimaryGroup => authorization.PrimaryGroup;

    /// <inheritdoc cref="AuthorizationContext.IsAdministrator"/>
    public bool IsAdministrator => authorization.IsAdministrator;

    /// <inheritdoc cref="AuthorizationContext.Contains"/>
    public bool Is(Sid sid) => authorization.Contains(sid);

    /// <inheritdoc cref="AuthorizationContext.ContainsForDeny"/>
    public bool IsDenied(Sid sid) => authorization.ContainsForDeny(sid);
}
