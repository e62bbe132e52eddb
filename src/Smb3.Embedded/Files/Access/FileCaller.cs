using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files.Access;

/// <summary>Who opens a file: the part of the session's token that access checks ask for (MS-DTYP section 2.5.2).</summary>
internal sealed record FileCaller
{
    // A list may have 1,800 entries, and a token 1,000 groups: what is asked for each entry is not a walk through all groups.
    private const int FewGroups = 8;

    private readonly IReadOnlyList<Sid> _groups = [];
    private readonly HashSet<Sid>? _set;

    /// <summary>The account's name, for logs and inspection.</summary>
    public string Name { get; init; } = string.Empty;

    /// <summary>The account; it owns what it creates.</summary>
    public Sid User { get; init; } = WellKnownSids.Anonymous;

    /// <summary>The primary group of what the caller creates.</summary>
    public Sid PrimaryGroup { get; init; } = WellKnownSids.Users;

    /// <summary>The groups that the account is in. Everyone need not be among them.</summary>
    public IReadOnlyList<Sid> Groups
    {
        get => _groups;
        init
        {
            _groups = value;
            _set = value.Count > FewGroups ? [.. value] : null;
        }
    }

    /// <summary>
    /// Whether the caller has the privileges of an administrator: taking ownership, reading and writing the SACL, managing the volume.
    /// </summary>
    public bool IsAdministrator { get; init; }

    /// <summary>Whether the token holds <paramref name="sid"/>.</summary>
    public bool Is(Sid sid)
    {
        if (sid == User || sid == WellKnownSids.Everyone)
        {
            return true;
        }

        if (IsAdministrator && sid == WellKnownSids.Administrators)
        {
            return true;
        }

        if (_set is not null)
        {
            return _set.Contains(sid);
        }

        for (var i = 0; i < Groups.Count; i++)
        {
            if (Groups[i] == sid)
            {
                return true;
            }
        }

        return false;
    }
}
