using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;

namespace Smb3.Embedded.Security.Authentication.Kerberos.Pac;

/// <summary>KERB_VALIDATION_INFO (MS-PAC 2.5): who the user is to the domain that vouches for it.</summary>
internal sealed record LogonInformation
{
    private const int Times = 6;
    private const int HeaderSize = 16;
    private const int MaxGroups = 8 * 1024;
    private const int SessionKeySize = 16;
    private const uint HasExtraSids = 0x20;
    private const uint HasResourceGroups = 0x200;

    public required string UserName { get; init; }

    public required string FullName { get; init; }

    /// <summary>The domain's short name.</summary>
    public required string DomainName { get; init; }

    public required Sid User { get; init; }

    public required Sid PrimaryGroup { get; init; }

    /// <summary>Groups of the domain, of other domains, and those that the domain of the server adds.</summary>
    public required IReadOnlyList<TokenGroup> Groups { get; init; }

    /// <summary>Null when it is damaged.</summary>
    public static LogonInformation? Read(ReadOnlySpan<byte> buffer)
    {
        if (buffer.Length < HeaderSize)
        {
            return null;
        }

        var reader = new PacReader(buffer[HeaderSize..]);
        if (!reader.Pointer())
        {
            return null;
        }

        for (var i = 0; i < Times; i++)
        {
            reader.Time();
        }

        Span<bool> strings = stackalloc bool[6]; // effective name, full name, script, profile, home directory, its drive
        foreach (ref var present in strings)
        {
            present = reader.StringHeader();
        }

        reader.UInt16(); // logons
        reader.UInt16(); // wrong passwords
        var userRid = reader.UInt32();
        var primaryRid = reader.UInt32();
        var groupCount = reader.UInt32();
        var hasGroups = reader.Pointer();
        var flags = reader.UInt32();
        reader.Skip(SessionKeySize);
        var hasServer = reader.StringHeader();
        var hasDomainName = reader.StringHeader();
        var hasDomain = reader.Pointer();
        reader.UInt32();
        reader.UInt32();
        reader.UInt32(); // account control
        reader.UInt32(); // status of a sub-authentication
        reader.Time();
        reader.Time();
        reader.UInt32(); // failed logons
        reader.UInt32();
        var sidCount = reader.UInt32();
        var hasSids = reader.Pointer();
        var hasResourceDomain = reader.Pointer();
        var resourceCount = reader.UInt32();
        var hasResourceGroups = reader.Pointer();

        var texts = new string[strings.Length];
        for (var i = 0; i < texts.Length; i++)
        {
            texts[i] = strings[i] ? reader.StringContent() : string.Empty;
        }

        var memberships = hasGroups ? ReadMemberships(ref reader, groupCount) : [];
        _ = hasServer ? reader.StringContent() : null;
        var domainName = hasDomainName ? reader.StringContent() : string.Empty;
        var domain = hasDomain ? reader.Sid() : null;
        var extra = hasSids ? ReadSids(ref reader, sidCount) : [];
        var resourceDomain = hasResourceDomain ? reader.Sid() : null;
        var resources = hasResourceGroups ? ReadMemberships(ref reader, resourceCount) : [];
        if (reader.Failed || domain is null || domain.SubAuthorities.Length == Sid.MaxSubAuthorities)
        {
            return null;
        }

        var groups = new List<TokenGroup>();
        groups.AddRange(memberships.Select(group => new TokenGroup(domain.WithRid(group.Rid), group.Attributes)));
        if ((flags & HasExtraSids) != 0)
        {
            groups.AddRange(extra);
        }

        if ((flags & HasResourceGroups) != 0 && resourceDomain is { SubAuthorities.Length: < Sid.MaxSubAuthorities })
        {
            groups.AddRange(resources.Select(group => new TokenGroup(resourceDomain.WithRid(group.Rid), group.Attributes)));
        }

        return new LogonInformation
        {
            UserName = texts[0],
            FullName = texts[1],
            DomainName = domainName,
            User = domain.WithRid(userRid),
            PrimaryGroup = domain.WithRid(primaryRid),
            Groups = groups,
        };
    }

    private static List<(uint Rid, GroupAttributes Attributes)> ReadMemberships(ref PacReader reader, uint expected)
    {
        var groups = new List<(uint, GroupAttributes)>();
        var count = reader.Count(expected, 2 * sizeof(uint));
        if (count > MaxGroups)
        {
            reader.Fail();
            return groups;
        }

        for (var i = 0; i < count; i++)
        {
            groups.Add((reader.UInt32(), (GroupAttributes)reader.UInt32()));
        }

        return groups;
    }

    private static List<TokenGroup> ReadSids(ref PacReader reader, uint expected)
    {
        var groups = new List<TokenGroup>();
        var count = reader.Count(expected, 2 * sizeof(uint));
        if (count > MaxGroups)
        {
            reader.Fail();
            return groups;
        }

        var attributes = new (bool HasSid, GroupAttributes Attributes)[count];
        foreach (ref var entry in attributes.AsSpan())
        {
            entry = (reader.Pointer(), (GroupAttributes)reader.UInt32());
        }

        foreach (var (hasSid, attribute) in attributes)
        {
            if (hasSid && reader.Sid() is { } sid)
            {
                groups.Add(new TokenGroup(sid, attribute));
            }
        }

        return groups;
    }
}
