namespace Smb3.Embedded.Security.Users;

/// <summary>A line of a file of users.</summary>
internal sealed record UsersFileEntry(string Name, byte[] NtHash, string[] Groups, string? DisplayName, bool Disabled);
