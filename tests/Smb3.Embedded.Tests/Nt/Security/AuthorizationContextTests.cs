using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;
using Xunit;

namespace Smb3.Embedded.Tests.Nt.Security;

public sealed class AuthorizationContextTests
{
    private static readonly Sid User = new(5, 21, 1, 2, 3, 1001);

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    public void A_group_counts_for_what_its_attributes_say(int others)
    {
        var (enabled, denyOnly, disabled, foreign) = (Group(1), Group(2), Group(3), Group(4));
        var context = AuthorizationContext.ForAccount(
            User,
            WellKnownSids.Users,
            [
                TokenGroup.Enabled(enabled),
                new TokenGroup(denyOnly, GroupAttributes.UseForDenyOnly),
                new TokenGroup(disabled, GroupAttributes.Mandatory),
                .. Enumerable.Range(100, others).Select(static i => TokenGroup.Enabled(Group(i))),
            ]);
        Sid[] all = [User, WellKnownSids.Everyone, WellKnownSids.AuthenticatedUsers, enabled, denyOnly, disabled, foreign];
        Assert.Equal([true, true, true, true, false, false, false], all.Select(context.Contains));
        Assert.Equal([true, true, true, true, true, false, false], all.Select(context.ContainsForDeny));
    }

    [Fact]
    public void Nobody_is_an_administrator_by_a_group_that_is_only_there_to_deny()
    {
        Assert.True(AuthorizationContext.ForAccount(User, WellKnownSids.Users, TokenGroup.Enabled(WellKnownSids.Administrators)).IsAdministrator);
        Assert.False(
            AuthorizationContext.ForAccount(
                User, WellKnownSids.Users, new TokenGroup(WellKnownSids.Administrators, GroupAttributes.UseForDenyOnly)).IsAdministrator);
    }

    [Fact]
    public void An_access_check_grants_nothing_by_a_deny_only_group_and_denies_by_it()
    {
        var caller = new FileCaller(
            AuthorizationContext.ForAccount(User, WellKnownSids.Users, new TokenGroup(Group(2), GroupAttributes.UseForDenyOnly)));
        var descriptor = new SecurityDescriptor
        {
            HasDacl = true,
            Dacl = new Acl(
            [
                Ace.Allow(Group(2), FileAccessMask.WriteData),
                Ace.Deny(Group(2), FileAccessMask.ReadData),
                Ace.Allow(WellKnownSids.Everyone, FileAccessMask.ReadData | FileAccessMask.ReadAttributes),
            ]),
        };
        Assert.Equal(FileAccessMask.ReadAttributes, AccessCheck.Maximum(descriptor, caller));
    }

    private static Sid Group(int rid) => new(5, 21, 1, 2, 3, 5000 + (uint)rid);
}
