using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Smb3.Embedded.Transport.Rdma.Verbs;
using Smb3.Embedded.Transport.Rdma.Verbs.Native;
using Xunit;

namespace Smb3.Embedded.Tests.Transport.Rdma.Verbs;

/// <summary>What is said where there is no RDMA. What happens where there is some is for the suite with a real client to see.</summary>
public sealed class VerbsListenerTests
{
    [Fact]
    public async Task An_address_without_a_device_is_explained_and_leaves_nothing_open()
    {
        var options = new SmbServerOptions();
        options.Listen.Add(new IPEndPoint(IPAddress.Loopback, 0));

        // For documentation only (RFC 5737): no device has it.
        options.Listen.Add(new SmbRdmaEndPoint(IPAddress.Parse("192.0.2.1")));
        options.Shares.Add(new SmbShareOptions { Name = "s", Folder = AppContext.BaseDirectory });
        await using var server = new SmbServer(string.Empty, options, NullLoggerFactory.Instance, null, null);
        var e = await Assert.ThrowsAsync<SmbServerStartException>(() => server.StartAsync());
        Assert.Contains("Cannot listen on rdma://192.0.2.1:5445: ", e.Message, StringComparison.Ordinal);

        // By what this machine has: no Linux, no libraries, no device, or no device with this address.
        Assert.Matches("needs Linux|install rdma-core|rdma link add|/dev/infiniband", e.Message);
        Assert.Equal(SmbServerState.Stopped, server.State);
        Assert.Equal(0, server.Shares.Served.Volumes.Count);
    }

    [Fact]
    public void No_device_has_an_address_that_is_not_of_this_machine() => Assert.False(VerbsAddresses.Has(IPAddress.Parse("192.0.2.1")));

    [Theory]
    [InlineData(VerbsCalls.OutOfMemory, "ulimit -l")]
    [InlineData(VerbsCalls.Again, "ulimit -l")]
    [InlineData(VerbsCalls.Invalid, "bytes")]
    public void What_the_system_refuses_a_connection_is_told_with_what_helps(int error, string hint)
    {
        var message = RdmaException.Refused("4096 bytes cannot be registered", error).Message;
        Assert.StartsWith("4096 bytes cannot be registered: ", message, StringComparison.Ordinal);
        Assert.Contains(hint, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(VerbsCalls.NoSuchDevice, "'rdma link add rxe0 type rxe netdev eth0'")]
    [InlineData(VerbsCalls.AddressNotAvailable, "192.0.2.1 is not an address of an RDMA device")]
    [InlineData(VerbsCalls.AddressInUse, "port 445 is already in use")]
    [InlineData(VerbsCalls.AccessDenied, "port 445")]
    public void Why_it_cannot_listen_is_told_with_what_helps(int error, string hint) =>
        Assert.Contains(hint, RdmaException.CannotBind(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 445), error).Message, StringComparison.Ordinal);
}
