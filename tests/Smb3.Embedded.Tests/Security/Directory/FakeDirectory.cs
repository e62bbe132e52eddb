using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Tests.Security.Directory;

/// <summary>A directory with the user alice and the groups staff and deny, which counts what it is asked and can hang, block and fail.</summary>
internal sealed class FakeDirectory : IAccountResolver
{
    public static readonly Sid Domain = new(5, 21, 7, 8, 9);
    public static readonly SmbAccount Alice = new(Domain.WithRid(1104), "alice", "EXAMPLE", SidNameUse.User);
    public static readonly SmbAccount Staff = new(Domain.WithRid(1105), "staff", "EXAMPLE", SidNameUse.Group);
    public static readonly SmbAccount Deny = new(Domain.WithRid(1106), "deny", "EXAMPLE", SidNameUse.Group);

    private static readonly SmbAccount[] Accounts = [Alice, Staff, Deny, new(Domain, "EXAMPLE", "EXAMPLE", SidNameUse.Domain)];
    private int _asked;
    private int _waiting;

    public int Asked => Volatile.Read(ref _asked);

    /// <summary>How many questions wait for <see cref="Answer"/>.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>When set, nothing is answered before it is done, whatever the token says.</summary>
    public Task? Answer { get; set; }

    public bool Fails { get; set; }

    /// <summary>The other name of the domain.</summary>
    public string? DnsName { get; set; }

    public ValueTask<SmbAccount?> FindAsync(Sid sid, CancellationToken cancellationToken) =>
        GiveAsync(Array.Find(Accounts, account => account.Sid == sid));

    public ValueTask<SmbAccount?> FindAsync(string? domain, string name, CancellationToken cancellationToken) => GiveAsync(Array.Find(
        Accounts,
        account => account.Name.Equals(name, StringComparison.OrdinalIgnoreCase)
            && (domain is null || domain.Equals(DnsName, StringComparison.OrdinalIgnoreCase) || account.DomainName.Equals(domain, StringComparison.OrdinalIgnoreCase))));

    public ValueTask<IReadOnlyList<Sid>?> FindGroupsAsync(Sid user, CancellationToken cancellationToken) =>
        GiveAsync<IReadOnlyList<Sid>>(user == Alice.Sid ? [Staff.Sid] : null);

    private async ValueTask<T?> GiveAsync<T>(T? answer)
        where T : class
    {
        Interlocked.Increment(ref _asked);
        if (Answer is { } gate)
        {
            Interlocked.Increment(ref _waiting);
            await gate;
            Interlocked.Decrement(ref _waiting);
        }

        return Fails ? throw new IOException("The wire is cut.") : answer;
    }
}
