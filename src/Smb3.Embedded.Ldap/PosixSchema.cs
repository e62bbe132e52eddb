using System.DirectoryServices.Protocols;
using System.Globalization;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Ldap;

/// <summary>
/// Users and groups of Unix (RFC 2307). An entry with a <c>sambaSID</c> has that; others get theirs out of uidNumber and gidNumber, by the rule that
/// Samba has for accounts without (algorithmic RIDs), or under the authority that it has for the machine's own users and groups.
/// </summary>
internal sealed class PosixSchema : ISchema
{
    private const ulong UnixAuthority = 22;
    private const uint UnixUsers = 1;
    private const uint UnixGroups = 2;
    private const uint FirstRid = 1000;
    private const uint MaxNumber = (uint.MaxValue - FirstRid) / 2;

    private static readonly string[] Attributes = ["objectClass", "uid", "cn", "uidNumber", "gidNumber", "sambaSID"];

    private readonly LdapSession _session;
    private readonly string _domainName;
    private readonly string _dnsName;
    private readonly Sid? _domainSid;

    public PosixSchema(LdapSession session, LdapOptions options)
    {
        _session = session;
        var domain = session.Find("(objectClass=sambaDomain)", "sambaDomainName").FirstOrDefault();
        _domainSid = options.DomainSid;
        _dnsName = DnsNameOf(session.BaseDn);
        _domainName = options.DomainName ?? domain?.Text("sambaDomainName")
            ?? session.BaseDn.Split(',')[0].Split('=')[^1].Trim().ToUpperInvariant();
    }

    public SmbAccount? Find(Sid sid)
    {
        var filter = $"(sambaSID={LdapFilter.Escape(sid.ToString())})";
        if (NumberOf(sid) is { } made)
        {
            filter = $"(|{filter}({(made.IsUser ? "&(objectClass=posixAccount)(uidNumber=" : "&(objectClass=posixGroup)(gidNumber=")}"
                + string.Create(CultureInfo.InvariantCulture, $"{made.Number})))");
        }

        // The number of an entry with another SID is nobody's.
        return One(_session.Find(filter, Attributes)) is { } found && found.Sid == sid ? found : null;
    }

    public SmbAccount? Find(string? domain, string name)
    {
        if (domain is not null
            && !domain.Equals(_domainName, StringComparison.OrdinalIgnoreCase)
            && !domain.Equals(_dnsName, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var plain = LdapFilter.Escape(name);
        return One(_session.Find($"(|(&(objectClass=posixAccount)(uid={plain}))(&(objectClass=posixGroup)(cn={plain})))", Attributes));
    }

    public IReadOnlyList<Sid>? FindGroups(Sid user)
    {
        if (Find(user) is not { Use: SidNameUse.User } account
            || _session.Find($"(&(objectClass=posixAccount)(uid={LdapFilter.Escape(account.Name)}))", Attributes) is not [var entry])
        {
            return null;
        }

        var primary = entry.Number("gidNumber") is { } gid ? string.Create(CultureInfo.InvariantCulture, $"(gidNumber={gid})") : string.Empty;
        var member = $"(memberUid={LdapFilter.Escape(account.Name)})(member={LdapFilter.Escape(entry.DistinguishedName)}){primary}";
        return [.. from found in _session.Find($"(&(objectClass=posixGroup)(|{member}))", Attributes) let sid = SidOf(found) where sid is not null select sid];
    }

    /// <summary><c>example.com</c> for <c>ou=files,dc=example,dc=com</c> (RFC 2247); empty for a name without such parts.</summary>
    internal static string DnsNameOf(string baseDn) => string.Join(
        '.',
        from part in baseDn.Split(',', StringSplitOptions.TrimEntries)
        where part.StartsWith("dc=", StringComparison.OrdinalIgnoreCase)
        select part[3..].Trim());

    private static bool IsUser(SearchResultEntry entry) => entry.Texts("objectClass").Contains("posixAccount", StringComparer.OrdinalIgnoreCase);

    private SmbAccount? One(List<SearchResultEntry> entries) =>
        entries is [var entry] && SidOf(entry) is { } sid && entry.Text(IsUser(entry) ? "uid" : "cn") is { } name
            ? new SmbAccount(sid, name, _domainName, IsUser(entry) ? SidNameUse.User : SidNameUse.Group) : null;

    private Sid? SidOf(SearchResultEntry entry)
    {
        if (entry.Text("sambaSID") is { } text)
        {
            return Sid.TryParse(text, out var sid) ? sid : null;
        }

        var isUser = IsUser(entry);
        return entry.Number(isUser ? "uidNumber" : "gidNumber") switch
        {
            null => null,
            { } number when _domainSid is null => new Sid(UnixAuthority, isUser ? UnixUsers : UnixGroups, number),
            { } number => number > MaxNumber ? null : _domainSid.WithRid(FirstRid + (2 * number) + (isUser ? 0u : 1u)),
        };
    }

    private (bool IsUser, uint Number)? NumberOf(Sid sid)
    {
        if (_domainSid is not null)
        {
            return sid.Domain == _domainSid && sid.Rid is { } rid and >= FirstRid ? ((rid - FirstRid) % 2 == 0, (rid - FirstRid) / 2) : null;
        }

        return sid is { Authority: UnixAuthority, SubAuthorities: [UnixUsers or UnixGroups, var number] } ? (sid.SubAuthorities[0] == UnixUsers, number) : null;
    }
}
