using System.Collections.Immutable;

namespace Smb3.Embedded.Nt.Security;

/// <summary>
/// The SIDs that access checks compare with those of a security descriptor (MS-DTYP 2.5.2): a user and the groups that the user is in.
/// Immutable, and prepared when it is created, because one logon serves many opens.
/// </summary>
internal sealed class AuthorizationContext
{
    private readonly SidLookup _enabled;
    private readonly SidLookup _denyOnly;

    /// <param name="user">The account; it owns what it creates.</param>
    /// <param name="primaryGroup">The primary group of what the account creates.</param>
    /// <param name="groups">The groups that the account is in. Everyone need not be among them.</param>
    public AuthorizationContext(Sid user, Sid primaryGroup, ImmutableArray<TokenGroup> groups)
    {
        User = user;
        PrimaryGroup = primaryGroup;
        Groups = groups;
        _enabled = new SidLookup(groups, GroupAttributes.Enabled);
        _denyOnly = new SidLookup(groups, GroupAttributes.UseForDenyOnly);
        IsAdministrator = Contains(WellKnownSids.Administrators);
    }

    /// <summary>Somebody who has not said who they are.</summary>
    public static AuthorizationContext Anonymous { get; } =
        new(WellKnownSids.Anonymous, WellKnownSids.Guests, [TokenGroup.Enabled(WellKnownSids.Network)]);

    public Sid User { get; }

    public Sid PrimaryGroup { get; }

    public ImmutableArray<TokenGroup> Groups { get; }

    /// <summary>
    /// Whether the user has the privileges of an administrator: taking ownership, reading and writing the SACL, managing the volume.
    /// </summary>
    public bool IsAdministrator { get; }

    /// <summary>
    /// The context of an account that has authenticated over the network: with its own groups and those that every such account is in.
    /// </summary>
    public static AuthorizationContext ForAccount(Sid user, Sid primaryGroup, params ReadOnlySpan<TokenGroup> groups) => new(
        user,
        primaryGroup,
        [
            TokenGroup.Enabled(WellKnownSids.AuthenticatedUsers),
            TokenGroup.Enabled(WellKnownSids.Network),
            TokenGroup.Enabled(WellKnownSids.Users),
            .. groups,
        ]);

    /// <summary>Whether an entry that allows something to <paramref name="sid"/> allows it to the user.</summary>
    public bool Contains(Sid sid) => sid == User || sid == WellKnownSids.Everyone || _enabled.Contains(sid);

    /// <summary>
    /// Whether an entry that denies something to <paramref name="sid"/> denies it to the user: that includes groups
    /// which count for nothing else.
    /// </summary>
    public bool ContainsForDeny(Sid sid) => Contains(sid) || _denyOnly.Contains(sid);

    /// <summary>The groups that have one attribute.</summary>
    private readonly struct SidLookup
    {
        // A descriptor may have 1,800 entries and a user 1,000 groups: an entry must not cost a walk through all groups.
        private const int FewGroups = 8;

        private readonly Sid[] _few;
        private readonly HashSet<Sid>? _many;

        public SidLookup(ImmutableArray<TokenGroup> groups, GroupAttributes attribute)
        {
            var sids = new List<Sid>(groups.Length);
            foreach (var group in groups)
            {
                if ((group.Attributes & attribute) != 0)
                {
                    sids.Add(group.Sid);
                }
            }

            _few = sids.Count <= FewGroups ? [.. sids] : [];
            _many = sids.Count <= FewGroups ? null : [.. sids];
        }

        public bool Contains(Sid sid) => _many?.Contains(sid) ?? Array.IndexOf(_few, sid) >= 0;
    }
}
