using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.Security.Users;
using Xunit;

namespace Smb3.Embedded.Tests.Security.Users;

public sealed class SecurityTokenTests
{
    [Fact]
    public void Users_are_compared_by_SID()
    {
        Assert.True(Token("alice", 1001).IsSameUser(Token("ALICE@EXAMPLE.ORG", 1001)));
        Assert.False(Token("alice", 1001).IsSameUser(Token("alice", 1002)));
    }

    [Fact]
    public void A_SID_that_was_worked_out_from_a_name_takes_the_name_too()
    {
        Assert.True(Token("alice", 1001, fromName: true).IsSameUser(Token("Alice", 1001, fromName: true)));
        Assert.False(Token("alice", 1001, fromName: true).IsSameUser(Token("mallory", 1001, fromName: true)));
        Assert.False(Token("alice", 1001).IsSameUser(Token("mallory", 1001, fromName: true)));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Each_logon_without_a_proof_is_somebody_else(bool isGuest, bool isAnonymous)
    {
        var token = Token("Guest", 501, isGuest: isGuest, isAnonymous: isAnonymous);
        Assert.False(token.IsProven);
        Assert.True(token.IsSameUser(token));
        Assert.False(token.IsSameUser(Token("Guest", 501, isGuest: isGuest, isAnonymous: isAnonymous)));
        Assert.False(token.IsSameUser(Token("Guest", 501)));
    }

    private static SecurityToken Token(string name, uint rid, bool fromName = false, bool isGuest = false, bool isAnonymous = false) => new()
    {
        Identity = new SmbIdentity { UserName = name, DomainName = "DOMAIN", IsGuest = isGuest, IsAnonymous = isAnonymous },
        Authorization = AuthorizationContext.ForAccount(new Sid(5, 21, 1, 2, 3, rid), WellKnownSids.Users),
        Mechanism = "test",
        IsSidFromName = fromName,
    };
}
