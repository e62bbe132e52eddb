using System.Net;
using System.Net.Sockets;
using Smb3.Embedded.Transport.Tcp;
using Xunit;

namespace Smb3.Embedded.Tests.Transport;

/// <summary>One port, one server; and a server that comes back gets its port again.</summary>
public sealed class TcpListenerTests
{
    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("0.0.0.0", "127.0.0.1")]
    [InlineData("127.0.0.1", "0.0.0.0")]
    [InlineData("::", "127.0.0.1")]
    [InlineData("0.0.0.0", "::")]
    public async Task A_second_server_on_the_same_port_is_refused(string first, string second)
    {
        if (!OperatingSystem.IsLinux() && first != second)
        {
            return; // The BSDs let a server have an address of its own beside one that has all others.
        }

        await using var has = TcpTransportListener.Listen(new IPEndPoint(IPAddress.Parse(first), 0), 8);
        var port = ((IPEndPoint)has.EndPoint).Port;
        var refused = Assert.Throws<SocketException>(() => TcpTransportListener.Listen(new IPEndPoint(IPAddress.Parse(second), port), 8));
        Assert.Equal(SocketError.AddressAlreadyInUse, refused.SocketErrorCode);
    }

    [Fact]
    public async Task A_program_that_would_share_the_port_is_refused()
    {
        await using var has = TcpTransportListener.Listen(new IPEndPoint(IPAddress.Loopback, 0), 8);
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        // What .NET makes of it on Linux are SO_REUSEADDR and SO_REUSEPORT, which other servers set too.
        other.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        Assert.Throws<SocketException>(() =>
        {
            other.Bind(has.EndPoint);
            other.Listen(8);
        });
    }

    [Fact]
    public async Task Addresses_of_the_same_port_have_servers_of_their_own()
    {
        if (!OperatingSystem.IsLinux())
        {
            return; // Elsewhere 127.0.0.2 is not there without being set up.
        }

        await using var first = TcpTransportListener.Listen(new IPEndPoint(IPAddress.Loopback, 0), 8);
        var port = ((IPEndPoint)first.EndPoint).Port;
        await using var second = TcpTransportListener.Listen(new IPEndPoint(IPAddress.Parse("127.0.0.2"), port), 8);
        Assert.Equal(port, ((IPEndPoint)second.EndPoint).Port);
    }

    [Fact]
    public async Task A_server_that_comes_back_has_its_port_at_once_whatever_its_connections_do()
    {
        var first = TcpTransportListener.Listen(new IPEndPoint(IPAddress.Loopback, 0), 8);
        var endPoint = (IPEndPoint)first.EndPoint;
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(endPoint);
        var connection = await first.AcceptAsync(CancellationToken.None);
        Assert.NotNull(connection);

        // The server closes first, so its end goes to FIN_WAIT and TIME_WAIT.
        await connection.DisposeAsync();
        await first.DisposeAsync();
        await using (TcpTransportListener.Listen(endPoint, 8))
        {
        }

        while (await client.ReceiveAsync(new byte[16]) > 0)
        {
        }

        client.Close();
        await using var again = TcpTransportListener.Listen(endPoint, 8);
        Assert.Equal(endPoint, again.EndPoint);
    }
}
