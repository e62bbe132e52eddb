namespace Smb3.Embedded;

/// <summary>A user has changed in such a way that who is logged on must log on anew: the password, the groups, or whether the user may at all.</summary>
/// <param name="UserName">The name of the account; case is ignored.</param>
/// <param name="Domain">The domain of the account, as <see cref="SmbUser.Domain"/> has it; empty: the server's own.</param>
public sealed record SmbUserChange(string UserName, string? Domain = "");
