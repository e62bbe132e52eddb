using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Directory;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Sessions.Shares;
using Xunit;

namespace Smb3.Embedded.Tests.Security.Directory;

/// <summary>Permissions of shares that name groups of a directory.</summary>
public sealed class DirectoryGroupsTests : IDisposable
{
    private static readonly SmbIdentity Alice = new() { UserName = "alice", AccountDomain = "EXAMPLE", Groups = [FakeDirectory.Staff.Sid.ToString()] };
    private static readonly SmbIdentity Bob = new() { UserName = "bob", AccountDomain = "EXAMPLE", Groups = [FakeDirectory.Deny.Sid.ToString()] };
    private static readonly SmbIdentity Own = new() { UserName = "carol", AccountDomain = "", Groups = ["staff"] };

    private readonly FakeDirectory _directory = new();
    private readonly FakeTimeProvider _time = new();
    private readonly DirectoryAccounts _accounts;

    public DirectoryGroupsTests() => _accounts = new DirectoryAccounts(_directory, new SmbDirectoryOptions(), _time, _ => { });

    public void Dispose() => _accounts.Dispose();

    [Theory]
    [InlineData("EXAMPLE\\staff")]
    [InlineData("example\\STAFF")]
    [InlineData("staff@example")]
    public async Task A_group_can_be_named(string name)
    {
        var share = Share((name, FileAccessMask.ReadData), others: FileAccessMask.None);
        await share.KnowGroupsAsync(_accounts, CancellationToken.None);
        Assert.Equal(FileAccessMask.ReadData, share.MaximalAccessOf(Alice));
        Assert.Equal(FileAccessMask.None, share.MaximalAccessOf(Bob));
        Assert.Equal(FileAccessMask.None, share.MaximalAccessOf(Own));
    }

    [Fact]
    public async Task A_name_without_a_domain_is_no_group_of_the_directory()
    {
        var share = Share(("staff", FileAccessMask.ReadData), others: FileAccessMask.None);
        await share.KnowGroupsAsync(_accounts, CancellationToken.None);
        Assert.Equal(FileAccessMask.None, share.MaximalAccessOf(Alice));
        Assert.Equal(FileAccessMask.ReadData, share.MaximalAccessOf(Own));
        Assert.Equal(0, _directory.Asked);
    }

    [Fact]
    public async Task A_user_is_no_group()
    {
        var share = Share(("EXAMPLE\\alice", FileAccessMask.ReadData), others: FileAccessMask.None);
        await share.KnowGroupsAsync(_accounts, CancellationToken.None);
        var odd = new SmbIdentity { UserName = "x", AccountDomain = "EXAMPLE", Groups = [FakeDirectory.Alice.Sid.ToString()] };
        Assert.Equal(FileAccessMask.None, share.MaximalAccessOf(odd));
    }

    [Fact]
    public async Task A_group_that_cannot_be_asked_for_shuts_out_users_of_the_directory_until_it_is_known()
    {
        var share = Share(("EXAMPLE\\deny", FileAccessMask.None), others: FileAccessMask.FileAllAccess);
        _directory.Fails = true;
        await share.KnowGroupsAsync(_accounts, CancellationToken.None);
        Assert.Equal(FileAccessMask.None, share.MaximalAccessOf(Bob));
        Assert.Equal(FileAccessMask.None, share.MaximalAccessOf(Alice));
        Assert.Equal(FileAccessMask.FileAllAccess, share.MaximalAccessOf(Own));

        _directory.Fails = false;
        _time.Advance(TimeSpan.FromMinutes(1));
        await share.KnowGroupsAsync(_accounts, CancellationToken.None);
        Assert.Equal(FileAccessMask.None, share.MaximalAccessOf(Bob));
        Assert.Equal(FileAccessMask.FileAllAccess, share.MaximalAccessOf(Alice));

        // What was known stays so.
        _directory.Fails = true;
        _time.Advance(TimeSpan.FromHours(1));
        await share.KnowGroupsAsync(_accounts, CancellationToken.None);
        Assert.Equal(FileAccessMask.None, share.MaximalAccessOf(Bob));
        Assert.Equal(FileAccessMask.FileAllAccess, share.MaximalAccessOf(Alice));
    }

    private static Share Share((string Name, FileAccessMask Access) group, FileAccessMask others) => new()
    {
        Name = "x",
        IsClustered = true,
        Permissions = new SharePermissions(
            new Dictionary<string, FileAccessMask>(), new Dictionary<string, FileAccessMask> { [group.Name] = group.Access }, others),
    };
}
