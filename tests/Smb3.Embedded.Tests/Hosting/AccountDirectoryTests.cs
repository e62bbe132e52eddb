using Smb3.Embedded.Hosting;
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
        var groups = New().ForFiles(new SmbIdentity { UserName = "x", Groups = ["staff"] }).Groups;
        Assert.Equal(("staff", SidNameUse.Group), (New().Find(groups[^1])!.Name, New().Find(groups[^1])!.Use));
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
        Sid? Of(string? domain) => accounts.TokenOf(new SmbIdentity { UserName = "alice", DomainName = "X", AccountDomain = domain }).User;
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
        Assert.NotEqual(WellKnownSids.Administrators, accounts.ForFiles(identity).User);
        Assert.NotEqual(WellKnownSids.Administrators, accounts.TokenOf(identity).User);
        Assert.False(accounts.ForFiles(identity).IsAdministrator);
    }

    [Fact]
    public void A_guest_has_no_account()
    {
        var token = New().TokenOf(new SmbIdentity { UserName = "Guest", IsGuest = true });
        Assert.Null(token.User);
        Assert.True(token.IsSameUser(token));
        Assert.False(token.IsSameUser(New().TokenOf(new SmbIdentity { UserName = "Guest", IsGuest = true })));
        Assert.False(token.IsSameUser(New().TokenOf(new SmbIdentity { UserName = "Guest", AccountDomain = "" })));
    }

    private AccountDirectory New() => new("SERVER", new UserDirectory(_own, _host));
}
