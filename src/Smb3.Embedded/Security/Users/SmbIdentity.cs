using Smb3.Embedded.Diagnostics;

namespace Smb3.Embedded;

/// <summary>The user of a session, by whom hooks and share permissions decide.</summary>
public sealed class SmbIdentity
{
    /// <summary>The account's name as the user store has it; empty for an anonymous logon.</summary>
    public required string UserName { get; init; }

    /// <summary>The domain that the client named, unchecked. May be empty.</summary>
    public string DomainName { get; init; } = "";

    /// <summary>
    /// The domain of the account as the user store has it (<see cref="SmbUser.Domain"/>); null when the store does not say.
    /// </summary>
    internal string? AccountDomain { get; init; }

    /// <summary>The name that the client's machine gave itself, unchecked. May be empty.</summary>
    public string WorkstationName { get; init; } = "";

    /// <summary>The name to show, where the user store has one.</summary>
    public string? DisplayName { get; init; }

    /// <summary>Logged on without a name and a password.</summary>
    public bool IsAnonymous { get; init; }

    /// <summary>Let in as a guest: nothing that the client claims about itself has been proved.</summary>
    public bool IsGuest { get; init; }

    /// <summary>The groups that the user store names; compared case-insensitively.</summary>
    public IReadOnlyCollection<string> Groups { get; init; } = [];

    /// <summary>Whether the user is in the group, ignoring case.</summary>
    /// <param name="group">The group's name.</param>
    public bool IsInGroup(string group) => Groups.Contains(group, StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Whether it is the account of that name: <c>user</c>, or <c>DOMAIN\user</c> where the user store tells domains apart. No guest and no
    /// anonymous client is an account.
    /// </summary>
    internal bool IsAccount(string name)
    {
        if (IsGuest || IsAnonymous)
        {
            return false;
        }

        var cut = name.IndexOf('\\', StringComparison.Ordinal);
        return cut < 0
            ? UserName.Equals(name, StringComparison.OrdinalIgnoreCase)
            : UserName.AsSpan().Equals(name.AsSpan(cut + 1), StringComparison.OrdinalIgnoreCase)
                && (AccountDomain ?? DomainName).AsSpan().Equals(name.AsSpan(0, cut), StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>As the log shows it, so that a name the client chose cannot be taken for the server's own words.</summary>
    internal LogText ForLog => IsAnonymous ? LogText.Ours("(anonymous)") : IsGuest ? LogText.Ours("(guest)") : ToString();

    /// <summary>DOMAIN\user, or the user alone.</summary>
    public override string ToString() => IsAnonymous ? "(anonymous)" : DomainName.Length == 0 ? UserName : $"{DomainName}\\{UserName}";
}
