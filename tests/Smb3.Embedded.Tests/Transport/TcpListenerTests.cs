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

    [Fact]
    public async Task A_listener_that_refuses_keeps_its_port_and_its_connections_and_accepts_again()
    {
        if (!OperatingSystem.IsLinux())
        {
            return; // Elsewhere it cannot.
        }

        var (listener, endPoint) = ListenAtAKnownPort();
        await using var listenerUse = listener;
        var refusal = listener.Refusal!;
        using var before = await ConnectAsync(endPoint);
        await using var accepted = await listener.AcceptAsync(CancellationToken.None);
        var accepting = listener.AcceptAsync(CancellationToken.None).AsTask();
        for (var i = 0; i < 20; i++)
        {
            Assert.True(refusal.TryBegin());
            var refused = await Assert.ThrowsAsync<SocketException>(() => ConnectAsync(endPoint));
            Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);

            // Nobody takes the port meanwhile, not even who shares it with everybody.
            foreach (var reuse in new[] { 2, 15 }) // SO_REUSEADDR, SO_REUSEPORT
            {
                using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                other.SetRawSocketOption(1, reuse, BitConverter.GetBytes(1));
                Assert.Throws<SocketException>(() => other.Bind(endPoint));
            }

            Assert.True(refusal.TryEnd());
            Assert.Equal(endPoint, listener.EndPoint);
            using var after = await ConnectAsync(endPoint);
            await using var next = await accepting.WaitAsync(TimeSpan.FromSeconds(20));
            Assert.NotNull(next);
            accepting = listener.AcceptAsync(CancellationToken.None).AsTask();
        }

        Assert.Equal(1, await before.SendAsync(new byte[1]));
        Assert.True((await accepted!.Input.ReadAsync()).Buffer.Length == 1);
        await listener.DisposeAsync();
        Assert.Null(await accepting);
        Assert.False(refusal.TryBegin());
        Assert.True(refusal.TryEnd());
    }

    [Fact]
    public async Task A_listener_that_refuses_can_end()
    {
        if (!OperatingSystem.IsLinux())
        {
            return; // Elsewhere it cannot.
        }

        var (listener, _) = ListenAtAKnownPort();
        using var stopping = new CancellationTokenSource();
        var accepting = listener.AcceptAsync(stopping.Token).AsTask();
        Assert.True(listener.Refusal!.TryBegin());
        await Task.Delay(50);
        Assert.False(accepting.IsCompleted);
        await stopping.CancelAsync();
        Assert.Null(await accepting.WaitAsync(TimeSpan.FromSeconds(20)));
        await listener.DisposeAsync();
        Assert.True(listener.Refusal.TryEnd());
    }

    [Fact]
    public async Task A_port_that_the_system_chose_is_not_given_back_by_refusing()
    {
        await using var chosen = TcpTransportListener.Listen(new IPEndPoint(IPAddress.Loopback, 0), 8);
        Assert.Null(chosen.Refusal);
    }

    private static async Task<Socket> ConnectAsync(EndPoint endPoint)
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await client.ConnectAsync(endPoint).WaitAsync(TimeSpan.FromSeconds(20));
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    private static (TcpTransportListener Listener, IPEndPoint EndPoint) ListenAtAKnownPort()
    {
        while (true)
        {
            using var free = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            free.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            var endPoint = (IPEndPoint)free.LocalEndPoint!;
            free.Dispose();
            try
            {
                return (TcpTransportListener.Listen(endPoint, 8), endPoint);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Somebody was faster.
            }
        }
    }
}
