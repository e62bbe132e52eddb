using Smb3.Embedded.Nt;
using Smb3.Embedded.Pipes.Host;
using Smb3.Embedded.Pipes.LsaRpc;

namespace Smb3.Embedded.Pipes.Samr;

/// <summary>
/// What there is to be asked for: the server's own users and the groups that they are in, and the local groups of BUILTIN. Users of the host's own
/// store can be found by name, and by SID once they have logged on or were looked up, but not listed.
/// </summary>
internal sealed class SamDatabase(IPipeHost host)
{
    /// <summary>What a member that is not an account of its own is called: everybody who has logged on (MS-DTYP 2.4.2.4).</summary>
    private static readonly Sid[] EveryUser = [WellKnownSids.AuthenticatedUsers];

    /// <summary>The group that is everybody's primary one.</summary>
    public PipeAccount None { get; } = WellKnownAccounts.NoneOf(host);

    /// <summary>The domains, that of the accounts first.</summary>
    public IReadOnlyList<(string Name, Sid Sid)> Domains => [(host.ServerName, host.MachineSid), ("Builtin", WellKnownSids.Builtin)];

    /// <summary>The users in the order of their relative identifiers.</summary>
    public IEnumerable<PipeUser> Users(SamDomain domain) =>
        domain.IsBuiltin ? [] : Own().OrderBy(user => user.Account.Sid.Rid);

    /// <summary>The groups of a domain.</summary>
    public IEnumerable<PipeAccount> Groups(SamDomain domain) => domain.IsBuiltin
        ? []
        : Own().SelectMany(user => user.Groups).Where(IsOwn).Prepend(None).DistinctBy(group => group.Sid).OrderBy(group => group.Sid.Rid);

    /// <summary>The local groups of a domain.</summary>
    public static IEnumerable<PipeAccount> Aliases(SamDomain domain) => domain.IsBuiltin ? WellKnownAccounts.Aliases : [];

    /// <summary>The groups of a user that are in the user's domain, the primary one first.</summary>
    public IEnumerable<PipeAccount> GroupsOf(PipeUser user) => user.Groups.Where(IsOwn).Prepend(None);

    /// <summary>The accounts of names in a domain; null for those that are not there.</summary>
    public async ValueTask<PipeAccount?[]> FindAsync(SamDomain domain, string[] names, CancellationToken cancellation)
    {
        var known = new Dictionary<string, PipeAccount>(StringComparer.OrdinalIgnoreCase);
        foreach (var account in Accounts(domain))
        {
            known.TryAdd(account.Name, account);
        }

        var found = new PipeAccount?[names.Length];
        for (var i = 0; i < names.Length; i++)
        {
            found[i] = known.TryGetValue(names[i], out var account) || domain.IsBuiltin || names[i].Length == 0
                ? account
                : (await FindUserAsync(names[i], cancellation).ConfigureAwait(false))?.Account;
        }

        return found;
    }

    /// <summary>The account of a relative identifier in a domain, or null.</summary>
    public async ValueTask<PipeAccount?> FindAsync(SamDomain domain, uint rid, CancellationToken cancellation)
    {
        if (domain.IsBuiltin)
        {
            return Aliases(domain).FirstOrDefault(alias => alias.Sid.Rid == rid);
        }

        if (rid == None.Sid.Rid)
        {
            return None;
        }

        var found = await host.ResolveSidAsync(host.MachineSid.WithRid(rid), cancellation).ConfigureAwait(false);
        return found is not null && IsOwn(found) ? found : null;
    }

    /// <summary>The user behind an account as it is now; null when it is gone.</summary>
    public async ValueTask<PipeUser?> FindUserAsync(PipeAccount account, CancellationToken cancellation) =>
        await FindUserAsync(account.Name, cancellation).ConfigureAwait(false) is { } user && user.Account.Sid == account.Sid ? user : null;

    /// <summary>The members of a group that can be listed.</summary>
    public IEnumerable<PipeUser> MembersOf(PipeAccount group) =>
        Own().Where(user => group.Sid == None.Sid || user.Groups.Any(one => one.Sid == group.Sid));

    /// <summary>The members of a local group that can be listed. Everybody who has logged on is in Users, and nobody else can be.</summary>
    public IEnumerable<Sid> MembersOfAlias(PipeAccount alias) =>
        alias.Sid == WellKnownSids.Users ? EveryUser : MembersOf(alias).Select(user => user.Account.Sid);

    private async ValueTask<PipeUser?> FindUserAsync(string name, CancellationToken cancellation) =>
        await host.FindUserAsync(name, cancellation).ConfigureAwait(false) is { } user && IsOwn(user.Account) ? user : null;

    private IEnumerable<PipeAccount> Accounts(SamDomain domain) =>
        domain.IsBuiltin ? Aliases(domain) : Users(domain).Select(user => user.Account).Concat(Groups(domain));

    private IEnumerable<PipeUser> Own() => host.ListUsers().Where(user => IsOwn(user.Account));

    /// <summary>A store may have users of further domains, whose SIDs are the server's to give all the same.</summary>
    private bool IsOwn(PipeAccount account) =>
        account.DomainSid == host.MachineSid && account.DomainName.Equals(host.ServerName, StringComparison.OrdinalIgnoreCase);
}
