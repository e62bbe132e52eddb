using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Sessions.Shares;

/// <summary>The access that users and groups have to a share, regardless of what individual files say.</summary>
internal sealed class SharePermissions
{
    private readonly Dictionary<string, FileAccessMask> _users;
    private readonly Dictionary<string, FileAccessMask> _groups;
    private readonly FileAccessMask _others;

    /// <param name="users">Access by user name; a name that is listed decides alone.</param>
    /// <param name="groups">Access by group; the groups of a user add up.</param>
    /// <param name="others">Access of everyone who is in neither.</param>
    public SharePermissions(
        IReadOnlyDictionary<string, FileAccessMask> users, IReadOnlyDictionary<string, FileAccessMask> groups, FileAccessMask others)
    {
        _users = new Dictionary<string, FileAccessMask>(users, StringComparer.OrdinalIgnoreCase);
        _groups = new Dictionary<string, FileAccessMask>(groups, StringComparer.OrdinalIgnoreCase);
        _others = others;
        Directory = new DirectoryGroups(_groups.Keys);
    }

    /// <summary>The groups that are a directory's.</summary>
    public DirectoryGroups Directory { get; }

    public static SharePermissions Everyone { get; } = new(
        new Dictionary<string, FileAccessMask>(), new Dictionary<string, FileAccessMask>(), FileAccessMask.FileAllAccess);

    public FileAccessMask AccessOf(SmbIdentity identity)
    {
        if (_users.Count > 0 && TryFindUser(identity, out var own))
        {
            return own;
        }

        var member = false;
        var access = FileAccessMask.None;
        foreach (var group in identity.Groups)
        {
            // A group that nobody could ask for may be the one that is shut out.
            var isSid = group.StartsWith("S-1-", StringComparison.Ordinal);
            if (isSid && !Directory.AreKnown)
            {
                return FileAccessMask.None;
            }

            if (_groups.TryGetValue(group, out var granted)
                || (isSid && Directory.NameOf(group) is { } name && _groups.TryGetValue(name, out granted)))
            {
                member = true;
                access |= granted;
            }
        }

        return member ? access : _others;
    }

    /// <summary>
    /// A name that is listed alone is an account of the server, or of a store that does not tell domains apart; an account of another
    /// domain is listed as DOMAIN\user. A guest never counts as the account whose name it uses.
    /// </summary>
    private bool TryFindUser(SmbIdentity identity, out FileAccessMask access)
    {
        access = FileAccessMask.None;
        if (identity.IsGuest || identity.IsAnonymous)
        {
            return false;
        }

        return string.IsNullOrEmpty(identity.AccountDomain)
            ? _users.TryGetValue(identity.UserName, out access)
            : _users.TryGetValue($"{identity.AccountDomain}\\{identity.UserName}", out access);
    }
}
