using Smb3.Embedded.Nt;
using Xunit;

namespace Smb3.Embedded.Tests.Nt;

public class SidTests
{
    [Theory]
    [InlineData("S-1-1-0", "010100000000000100000000")]
    [InlineData("S-1-5", "0100000000000005")]
    [InlineData("S-1-5-32-544", "01020000000000052000000020020000")]
    [InlineData("S-1-0x010203040506-4294967295", "0101010203040506FFFFFFFF")]
    public void TextAndBinaryFormsRoundTrip(string text, string binary)
    {
        var sid = Sid.Parse(text);
        var bytes = new byte[sid.BinaryLength];
        Assert.Equal(bytes.Length, sid.WriteTo(bytes));
        Assert.Equal(binary, Convert.ToHexString(bytes));
        Assert.True(Sid.TryRead(bytes, out var read));
        Assert.Equal(sid, read);
        Assert.Equal(sid.GetHashCode(), read.GetHashCode());
        Assert.Equal(text, read.ToString());
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.False(Sid.TryRead(bytes.AsSpan(0, length), out _));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("S-1-")]
    [InlineData("S-2-5-1")]
    [InlineData("S-1-5-")]
    [InlineData("S-1-5-+1")]
    [InlineData("S-1-5-4294967296")]
    [InlineData("S-1-281474976710656")]
    [InlineData("S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16")]
    public void OtherTextIsRefused(string text) => Assert.False(Sid.TryParse(text, out _));

    [Fact]
    public void ADomainAndARidMakeAnAccount()
    {
        var domain = Sid.Parse("S-1-5-21-1-2-3");
        var account = domain.WithRid(500);
        Assert.Equal("S-1-5-21-1-2-3-500", account.ToString());
        Assert.Equal(500u, account.Rid);
        Assert.True(account.Domain == domain);
        Assert.True(account != domain);
    }
}
