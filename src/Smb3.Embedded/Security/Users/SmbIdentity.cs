namespace Smb3.Embedded;

/// <summary>Who stands behind a session: what hooks and share permissions decide on.</summary>
public sealed class SmbIdentity
{
    /// <summary>The account's name as the user store has it; empty for an anonymous logon.</summary>
    public required string UserName { get; init; }

    /// <summary>The domain that the client named; it is not checked. May be empty.</summary>
    public string DomainName { get; init; } = "";

    /// <summary>The name that the client's machine gave itself; it is not checked. May be empty.</summary>
    public string WorkstationName { get; init; } = "";

    /// <summary>The name to show, where the user store has one.</summary>
    public string? DisplayName { get; init; }

    /// <summary>Logged on without a name and a password.</summary>
    public bool IsAnonymous { get; init; }

    /// <summary>Let in as a guest: nothing that the client claims about itself has been proved.</summary>
    public bool IsGuest { get; init; }

    /// <summary>The groups that the user store names; compared without regard to case.</summary>
    public IReadOnlyCollection<string> Groups { get; init; } = [];

    /// <summary>Whether the user is in the group; case does not count.</summary>
    /// <param name="group">The group's name.</param>
    public bool IsInGroup(string group) => Groups.Contains(group, StringComparer.OrdinalIgnoreCase);

    /// <summary>DOMAIN\user, or the user alone.</summary>
    public override string ToString() => IsAnonymous ? "(anonymous)" : DomainName.Length == 0 ? UserName : $"{DomainName}\\{UserName}";
}
