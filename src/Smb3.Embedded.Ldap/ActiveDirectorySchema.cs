using System.DirectoryServices.Protocols;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Ldap;

/// <summary>Active Directory (MS-ADTS): accounts have <c>objectSid</c>, and <c>sAMAccountType</c> says what they are (MS-SAMR 2.2.1.9).</summary>
internal sealed class ActiveDirectorySchema : ISchema
{
    private const uint Group = 0x10000000;
    private const uint NonSecurityGroup = 0x10000001;
    private const uint Alias = 0x20000000;
    private const uint NonSecurityAlias = 0x20000001;
    private const uint User = 0x30000000;
    private const uint Machine = 0x30000001;
    private const uint Trust = 0x30000002;

    private static readonly string[] Attributes = ["objectSid", "sAMAccountName", "sAMAccountType"];

    private readonly LdapSession _session;
    private readonly SmbAccount _domain;
    private readonly string _dnsName;

    public ActiveDirectorySchema(LdapSession session, LdapOptions options)
    {
        _session = session;
        var sid = session.Read(session.BaseDn, "objectSid")?.Sids("objectSid").FirstOrDefault()
            ?? throw new InvalidOperationException($"{session.BaseDn} is no domain; BaseDn must be one.");
        _dnsName = string.Join('.', session.BaseDn.Split(',').Select(part => part.Trim())
            .Where(part => part.StartsWith("DC=", StringComparison.OrdinalIgnoreCase)).Select(part => part[3..]));
        var name = options.DomainName ?? ReadShortName() ?? _dnsName.Split('.')[0].ToUpperInvariant();
        _domain = new SmbAccount(sid, name, name, SidNameUse.Domain);
    }

    public SmbAccount? Find(Sid sid)
    {
        if (sid == _domain.Sid)
        {
            return _domain;
        }

        if (sid.Domain != _domain.Sid)
        {
            return null;
        }

        return One(_session.Find($"(objectSid={Escape(sid)})", Attributes));
    }

    public SmbAccount? Find(string? domain, string name)
    {
        if (domain is null && (Is(name, _domain.Name) || Is(name, _dnsName)))
        {
            return _domain;
        }

        var plain = LdapFilter.Escape(name);
        if (domain is null || Is(domain, _domain.Name) || Is(domain, _dnsName))
        {
            if (One(_session.Find($"(&(sAMAccountName={plain})(objectSid=*))", Attributes)) is { } found)
            {
                return found;
            }
        }

        // Another suffix than the domain's name may be a user principal name's (MS-ADTS 5.1.1.1.1).
        return domain is null ? null : One(_session.Find($"(&(userPrincipalName={LdapFilter.Escape($"{name}@{domain}")})(objectSid=*))", Attributes));
    }

    /// <summary><c>tokenGroups</c> has all groups, nested ones too; only a search of the entry itself gives it (MS-ADTS 3.1.1.4.5.19).</summary>
    public IReadOnlyList<Sid>? FindGroups(Sid user)
    {
        const int MaxGroups = 1024;
        return user.Domain != _domain.Sid || _session.Find($"(objectSid={Escape(user)})", "objectSid") is not [var entry] ? null
            : [.. _session.Read(entry.DistinguishedName, "tokenGroups")?.Sids("tokenGroups").Take(MaxGroups) ?? []];
    }

    /// <summary>The configuration says how the domain is called (MS-ADTS 6.1.1.2.1.1).</summary>
    private string? ReadShortName() => _session.ConfigurationDn.Length == 0 ? null
        : _session.Search(
            $"CN=Partitions,{_session.ConfigurationDn}", $"(&(objectClass=crossRef)(nETBIOSName=*)(nCName={LdapFilter.Escape(_session.BaseDn)}))",
            SearchScope.OneLevel, "nETBIOSName").FirstOrDefault()?.Text("nETBIOSName");

    private SmbAccount? One(List<SearchResultEntry> entries)
    {
        if (entries is not [var entry] || entry.Sids("objectSid").FirstOrDefault() is not { } sid || entry.Text("sAMAccountName") is not { } name)
        {
            return null;
        }

        SidNameUse? use = entry.Number("sAMAccountType") switch
        {
            User => SidNameUse.User,
            Machine or Trust => SidNameUse.User, // LSA calls computers users as well
            Group or NonSecurityGroup => SidNameUse.Group,
            Alias or NonSecurityAlias => SidNameUse.Alias,
            _ => null,
        };
        return use is { } known ? new SmbAccount(sid, name, _domain.Name, known) : null;
    }

    private static bool Is(string name, string other) => name.Equals(other, StringComparison.OrdinalIgnoreCase);

    private static string Escape(Sid sid)
    {
        var bytes = new byte[sid.BinaryLength];
        sid.WriteTo(bytes);
        return LdapFilter.Escape(bytes);
    }
}
