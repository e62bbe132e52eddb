using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.Pipes;
using Smb3.Embedded.Pipes.Host;
using Smb3.Embedded.Pipes.LsaRpc;
using Smb3.Embedded.Security.Users;

namespace Smb3.Embedded.Hosting.Users;

/// <summary>
/// Gives users and groups, which have only names here, the SIDs that NT security requires. A SID is computed from the names of the server, or of
/// the cluster that it is in, and the account, so it is the same after every start, and on every server of that name or in that cluster.
/// </summary>
internal sealed class AccountDirectory : ISecurityTokenFactory
{
    /// <summary>The group whose members are administrators of the server.</summary>
    public const string Administrators = "Administrators";

    private const uint GuestRid = 501;
    private const uint FirstRid = 1_000;
    private const uint RidMask = 0x3FFF_FFFF;
    private const int MaxRemembered = 10_000;

    private readonly ISmbUserStore _users;
    private readonly string _serverName;
    private readonly IReadOnlyList<InMemoryUserStore> _listed;
    private readonly ConcurrentDictionary<Sid, PipeAccount> _seen = new();
    private OwnAccounts _own = OwnAccounts.None;

    /// <param name="serverName">The name of the server.</param>
    /// <param name="users">The users.</param>
    /// <param name="clusterName">The name of the cluster that it is in; <see langword="null"/>: in none.</param>
    public AccountDirectory(string serverName, ISmbUserStore users, string? clusterName = null)
    {
        _serverName = serverName;
        _users = users;
        _listed = UserDirectory.Listed(users);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Hash(clusterName is null ? "machine" : "cluster", clusterName ?? serverName, hash);
        MachineSid = new Sid(
            5,
            21,
            BinaryPrimitives.ReadUInt32LittleEndian(hash),
            BinaryPrimitives.ReadUInt32LittleEndian(hash[4..]),
            BinaryPrimitives.ReadUInt32LittleEndian(hash[8..]));
    }

    public Sid MachineSid { get; }

    public SecurityToken Create(SmbIdentity identity, string mechanism, DateTimeOffset? expiry = null)
    {
        if (identity.IsAnonymous)
        {
            return new SecurityToken { Identity = identity, Mechanism = mechanism, Authorization = AuthorizationContext.Anonymous };
        }

        if (identity.IsGuest)
        {
            return new SecurityToken
            {
                Identity = identity,
                Mechanism = mechanism,
                AccountDomain = _serverName,
                Authorization = new AuthorizationContext(
                    MachineSid.WithRid(GuestRid),
                    WellKnownSids.Guests,
                    [TokenGroup.Enabled(WellKnownSids.Guests), TokenGroup.Enabled(WellKnownSids.Network)]),
            };
        }

        var account = AccountOf(identity.UserName, SidNameUse.User, identity.AccountDomain);
        return new SecurityToken
        {
            Identity = identity,
            Mechanism = mechanism,
            AccountDomain = account.DomainName,
            IsSidFromName = true,
            Expiry = expiry ?? DateTimeOffset.MaxValue,
            Authorization = AuthorizationContext.ForAccount(
                Remember(account),
                WellKnownSids.Users,
                [.. identity.Groups.Select(group => TokenGroup.Enabled(RememberGroup(group)))]),
        };
    }

    /// <summary>
    /// As on every member of a domain, its administrators are this server's. Groups that are each machine's own are not the domain's to give.
    /// </summary>
    public SecurityToken Create(
        SmbIdentity identity, string mechanism, Sid user, Sid primaryGroup, IReadOnlyList<TokenGroup> groups, DateTimeOffset expiry)
    {
        const uint DomainAdministratorsRid = 512;

        var own = groups.Where(group => group.Sid.Domain != WellKnownSids.Administrators.Domain).ToList();
        if (own.Exists(group =>
            group.Sid == user.Domain!.WithRid(DomainAdministratorsRid) && (group.Attributes & GroupAttributes.Enabled) != 0))
        {
            own.Add(TokenGroup.Enabled(WellKnownSids.Administrators));
        }

        Remember(new PipeAccount(user, identity.UserName, identity.DomainName, user.Domain!, SidNameUse.User));
        return new SecurityToken
        {
            Identity = identity,
            Mechanism = mechanism,
            AccountDomain = identity.DomainName,
            Expiry = expiry,
            Authorization = AuthorizationContext.ForAccount(user, primaryGroup, [.. own]),
        };
    }

    /// <summary>
    /// The account of a SID: a user of the server itself, one of their groups, or an account that has logged on or was looked up by name
    /// since the start. A host's own user store cannot be searched by SID.
    /// </summary>
    public PipeAccount? Find(Sid sid)
    {
        if (_seen.TryGetValue(sid, out var seen))
        {
            return seen;
        }

        return Own().BySid.GetValueOrDefault(sid);
    }

    /// <summary>The server's own users, and those of a file; a host's own store cannot be listed.</summary>
    public IReadOnlyList<PipeUser> ListUsers() => Own().Users;

    /// <summary>A user of the server's own domain as it is now, by name.</summary>
    public async ValueTask<PipeUser?> FindUserAsync(string name, CancellationToken cancellationToken)
    {
        var user = name.Length == 0 ? null : await _users.FindAsync(name, string.Empty, cancellationToken).ConfigureAwait(false);
        if (user is null || Describe(user) is var found && found.Account.DomainName != _serverName)
        {
            return null;
        }

        Remember(found.Account);
        return found;
    }

    public async ValueTask<PipeAccount?> FindAsync(string? domain, string name, CancellationToken cancellationToken)
    {
        if (!string.IsNullOrEmpty(domain) && !domain.Equals(_serverName, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var user = name.Length == 0 ? null : await _users.FindAsync(name, domain ?? string.Empty, cancellationToken).ConfigureAwait(false);
        if (user is not null)
        {
            // A client that looks up a name will ask for the SID again: it shows the list of permissions that it adds the name to.
            Remember(AccountOf(user.Name, SidNameUse.User, user.Domain));
        }

        return user is not null ? AccountOf(user.Name, SidNameUse.User, user.Domain)
            : _seen.Values.FirstOrDefault(account => account.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>The listed users, worked out once after each change: that takes a hash for every name.</summary>
    private OwnAccounts Own()
    {
        long version = 0;
        foreach (var store in _listed)
        {
            version += store.Version;
        }

        var own = Volatile.Read(ref _own);
        if (own.Version != version)
        {
            own = new OwnAccounts(version, [.. _listed.SelectMany(store => store.GetAll()).DistinctBy(user => user.Name, StringComparer.OrdinalIgnoreCase).Select(Describe)]);
            Volatile.Write(ref _own, own);
        }

        return own;
    }

    private PipeUser Describe(SmbUser user) => new(AccountOf(user.Name, SidNameUse.User, user.Domain), [.. user.Groups.Select(GroupOf)])
    {
        FullName = user.DisplayName ?? "",
        IsDisabled = user.Disabled,
    };

    private PipeAccount GroupOf(string name) => name.Equals(Administrators, StringComparison.OrdinalIgnoreCase)
        ? WellKnownAccounts.Find(WellKnownSids.Administrators)!
        : AccountOf(name, SidNameUse.Group);

    private Sid RememberGroup(string name)
    {
        var group = GroupOf(name);
        return group.DomainSid == MachineSid ? Remember(group) : group.Sid;
    }

    private Sid Remember(PipeAccount account)
    {
        if (_seen.Count < MaxRemembered)
        {
            _seen.TryAdd(account.Sid, account);
        }

        return account.Sid;
    }

    /// <param name="name">The account's name.</param>
    /// <param name="use">What it is.</param>
    /// <param name="domain">Its domain, where it is not the server's own.</param>
    private PipeAccount AccountOf(string name, SidNameUse use, string? domain = null)
    {
        var isOwn = string.IsNullOrEmpty(domain) || domain.Equals(_serverName, StringComparison.OrdinalIgnoreCase);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Hash(use == SidNameUse.User ? "user" : "group", isOwn ? name : $"{domain}\\{name}", hash);
        var rid = FirstRid + (BinaryPrimitives.ReadUInt32LittleEndian(hash) & RidMask);
        return new PipeAccount(MachineSid.WithRid(rid), name, isOwn ? _serverName : domain!, MachineSid, use);
    }

    private static void Hash(string kind, string name, Span<byte> hash) =>
        SHA256.HashData(Encoding.UTF8.GetBytes($"Smb3.Embedded {kind} {name.ToUpperInvariant()}"), hash);
}
