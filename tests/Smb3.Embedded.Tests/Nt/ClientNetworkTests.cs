using System.Net;
using Smb3.Embedded.Nt;
using Xunit;

namespace Smb3.Embedded.Tests.Nt;

public class ClientNetworkTests
{
    [Theory]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1")]
    [InlineData("2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff")]
    [InlineData("fd00:1:2:3::1", "fd00:1:2:3:9::2")]
    public void Is_the_same(string one, string other) =>
        Assert.Equal(ClientNetwork.Of(IPAddress.Parse(one)), ClientNetwork.Of(IPAddress.Parse(other)));

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.2")]
    [InlineData("2001:db8:0:1::1", "2001:db8:0:2::1")]
    [InlineData("fe80::1", "fe80::2")]
    [InlineData("::1", "::2")]
    [InlineData("0.0.0.0", "::")]
    [InlineData("0.0.0.1", "::1")]
    public void Is_another(string one, string other) =>
        Assert.NotEqual(ClientNetwork.Of(IPAddress.Parse(one)), ClientNetwork.Of(IPAddress.Parse(other)));

    [Theory]
    [InlineData("::ffff:192.0.2.1", "192.0.2.1")]
    [InlineData("2001:db8::7", "2001:db8::/64")]
    [InlineData("fe80::7%3", "fe80::7")]
    public void Is_written_as_networks_are(string address, string written) =>
        Assert.Equal(written, ClientNetwork.Of(IPAddress.Parse(address)).ToString());
}
