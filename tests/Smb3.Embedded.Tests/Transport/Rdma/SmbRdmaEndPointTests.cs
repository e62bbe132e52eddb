using System.Net;
using Smb3.Embedded.Hosting.Options;
using Xunit;

namespace Smb3.Embedded.Tests.Transport.Rdma;

/// <summary>How an RDMA end point is written and compared.</summary>
public sealed class SmbRdmaEndPointTests
{
    [Theory]
    [InlineData("rdma://192.0.2.1:445", "rdma://192.0.2.1:445")]
    [InlineData("rdma://192.0.2.1", "rdma://192.0.2.1:5445")]
    [InlineData("RDMA://0.0.0.0:0/", "rdma://0.0.0.0:0")]
    [InlineData("rdma://[2001:db8::1]:445", "rdma://[2001:db8::1]:445")]
    [InlineData("rdma://[2001:db8::1]", "rdma://[2001:db8::1]:5445")]
    [InlineData("rdma://2001:db8::1", "rdma://[2001:db8::1]:5445")]
    public void One_is_read_with_or_without_its_port(string text, string expected)
    {
        Assert.True(SmbRdmaEndPoint.TryParse(text, out var parsed));
        Assert.Equal(expected, parsed.ToString());
        Assert.Equal(parsed, new SmbRdmaEndPoint(parsed.Address, parsed.Port));
        Assert.Equal(parsed, parsed.Create(parsed.Serialize()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("192.0.2.1:445")]
    [InlineData("rdma://")]
    [InlineData("rdma://5445")]
    [InlineData("rdma://host:5445")]
    [InlineData("rdma://[")]
    [InlineData("rdma://:5445")]
    [InlineData("rdma://192.0.2.1:65536")]
    [InlineData("tcp://192.0.2.1:445")]
    public void What_is_none_is_refused(string text) => Assert.False(SmbRdmaEndPoint.TryParse(text, out _));

    [Fact]
    public void It_is_another_one_than_that_of_TCP()
    {
        var rdma = new SmbRdmaEndPoint(IPAddress.Loopback, 445);
        Assert.False(rdma.Equals(new IPEndPoint(IPAddress.Loopback, 445)));

        // Both may be listened on.
        var options = new SmbServerOptions();
        options.Listen.Add(rdma);
        options.Listen.Add(new IPEndPoint(IPAddress.Loopback, 445));
        options.Shares.Add(new SmbShareOptions { Name = "s", Folder = "memory:" });
        OptionsValidator.Check(options);
    }
}
