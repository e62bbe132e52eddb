using Smb3.Embedded.Hosting;
using Smb3.Embedded.Hosting.Users;
using Smb3.Embedded.Nt;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting;

public sealed class AccountDirectoryTests
{
    private readonly InMemoryUserStore _own = new();
    private readonly InMemoryUserStore _host = new();

    public AccountDirectoryTests()
    {
        _own.Add("alice", "password", ["staff"]);
        _host.Add("bob", "password");
    }

    [Fact]
    public async Task A_users_SID_has_a_name_before_he_has_ever_logged_on()
    {
        var sid = (await New().FindAsync(null, "ALICE", CancellationToken.None))!.Sid;
        var account = New().Find(sid);
        Assert.Equal(("alice", SidNameUse.User), (account!.Name, account.Use));
        var groups = New().Create(new SmbIdentity { UserName = "x", Groups = ["staff"] }, "NTLM").Authorization.Groups;
        Assert.Equal(("staff", SidNameUse.Group), (New().Find(groups[^1].Sid)!.Name, New().Find(groups[^1].Sid)!.Use));
        Assert.Null(New().Find(Sid.Parse("S-1-5-21-1-2-3-4")));
    }

    [Fact]
    public async Task Whom_the_host_knows_has_one_when_he_was_asked_for()
    {
        var accounts = New();
        var sid = (await accounts.FindAsync("SERVER", "bob", CancellationToken.None))!.Sid;
        Assert.Equal("bob", accounts.Find(sid)!.Name);
        Assert.Null(New().Find(sid));
    }

    [Fact]
    public void Accounts_of_two_domains_have_SIDs_of_their_own()
    {
        var accounts = New();
        Sid? Of(string? domain) => accounts.Create(new SmbIdentity { UserName = "alice", DomainName = "X", AccountDomain = domain }, "NTLM").User;
        Assert.Equal(4, new[] { Of(""), Of("EAST"), Of("WEST"), Of("NORTH") }.Distinct().Count());
        Assert.Equal(Of("EAST"), Of("east"));
        Assert.Equal(Of(""), Of(null));
        Assert.Equal(Of(""), Of("SERVER"));
        Assert.Equal("EAST", accounts.Find(Of("EAST")!)!.DomainName);
    }

    [Fact]
    public void A_user_who_is_called_like_the_administrators_is_none_of_them()
    {
        var accounts = New();
        var identity = new SmbIdentity { UserName = "Administrators", AccountDomain = "" };
        var token = accounts.Create(identity, "NTLM");
        Assert.NotEqual(WellKnownSids.Administrators, token.User);
        Assert.False(token.Authorization.IsAdministrator);
    }

    [Fact]
    public void A_guest_has_no_account()
    {
        var token = New().Create(new SmbIdentity { UserName = "Guest", IsGuest = true }, "NTLM");
        Assert.Equal(501u, token.User.Rid);
        Assert.False(token.IsProven);
        Assert.True(token.IsSameUser(token));
        Assert.False(token.IsSameUser(New().Create(new SmbIdentity { UserName = "Guest", IsGuest = true }, "NTLM")));
        Assert.False(token.IsSameUser(New().Create(new SmbIdentity { UserName = "Guest", AccountDomain = "" }, "NTLM")));
    }

    [Fact]
    public async Task Own_users_are_listed_as_they_are_now_and_the_hosts_are_found_by_name()
    {
        var accounts = New();
        Assert.Equal(["alice"], accounts.ListUsers().Select(user => user.Account.Name));
        Assert.Same(accounts.ListUsers(), accounts.ListUsers());
        _own.Add("carol", "password", ["staff", "Administrators"], "Carol Cook", disabled: true);
        var carol = accounts.ListUsers().Single(user => user.Account.Name == "carol");
        Assert.Equal(("Carol Cook", true, accounts.MachineSid), (carol.FullName, carol.IsDisabled, carol.Account.DomainSid));
        Assert.Contains(WellKnownSids.Administrators, carol.Groups.Select(group => group.Sid));
        Assert.Equal(carol.Account, accounts.Find(carol.Account.Sid));
        _own.Remove("CAROL");
        Assert.Equal(["alice"], accounts.ListUsers().Select(user => user.Account.Name));
        Assert.Null(accounts.Find(carol.Account.Sid));

        var bob = await accounts.FindUserAsync("BOB", CancellationToken.None);
        Assert.Equal(bob!.Account, accounts.Find(bob.Account.Sid));
        Assert.Null(await accounts.FindUserAsync("nobody", CancellationToken.None));
        Assert.Null(await accounts.FindUserAsync("", CancellationToken.None));
    }

    private AccountDirectory New() => new("SERVER", new UserDirectory(_own, new Unlisted(_host)));

    /// <summary>A store that says who a name is, and no more.</summary>
    private sealed class Unlisted(ISmbUserStore users) : ISmbUserStore
    {
        public ValueTask<SmbUser?> FindAsync(string userName, string domain, CancellationToken cancellationToken) =>
            users.FindAsync(userName, domain, cancellationToken);
    }
}
