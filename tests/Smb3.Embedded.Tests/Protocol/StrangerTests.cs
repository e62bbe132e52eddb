using System.Net;
using Smb3.Embedded.Sessions;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>What a peer that has not authenticated can make the server hold.</summary>
public sealed class StrangerTests : ProtocolTest
{
    [Fact]
    public async Task The_addresses_of_one_IPv6_network_are_counted_together()
    {
        Start(new ServerSettings { Limits = new ServerLimits { MaxConnectionsPerAddress = 2 } });
        var first = Server.Connect(from: IPAddress.Parse("2001:db8:0:1::1"));
        await first.NegotiateAsync();
        var second = Server.Connect(from: IPAddress.Parse("2001:db8:0:1::2"));
        await second.NegotiateAsync();
        await Server.Connect(from: IPAddress.Parse("2001:db8:0:1:ffff::3")).WaitForCloseAsync();
        await Server.Connect(from: IPAddress.Parse("2001:db8:0:2::1")).NegotiateAsync();

        await first.DisposeAsync();
        await TestServer.UntilAsync(() => Server.Graph.Connections.Count == 2, "the first has gone");
        await Server.Connect(from: IPAddress.Parse("2001:db8:0:1::4")).NegotiateAsync();
    }
}
