using System.Net;
using System.Net.Sockets;
using Smb3.Embedded.Transport.Tcp;
using Xunit;

namespace Smb3.Embedded.Tests.Transport;

public sealed class TcpConnectionInfoTests
{
    [Fact]
    public async Task Linux_says_how_many_bytes_the_peer_has_acknowledged()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var (client, accepted) = await ConnectAsync();
        using var ends = client;
        var before = TcpConnectionInfo.BytesAcknowledged(accepted);
        Assert.NotNull(before);
        await accepted.SendAsync(new byte[1000]);
        while (TcpConnectionInfo.BytesAcknowledged(accepted) < before + 1000)
        {
            await Task.Yield();
        }

        // At the very most one more than was sent: the byte that stands for the connection's beginning.
        Assert.InRange(TcpConnectionInfo.BytesAcknowledged(accepted)!.Value, 1000, 1001);
        accepted.Dispose();
        Assert.Null(TcpConnectionInfo.BytesAcknowledged(accepted));
    }

    [Fact]
    public async Task Linux_says_that_the_peer_has_closed_before_what_it_sent_is_read()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var (client, accepted) = await ConnectAsync();
        await client.SendAsync(new byte[1000]);
        Assert.False(TcpConnectionInfo.HasPeerClosed(accepted));
        client.Dispose();
        Assert.True(SpinWait.SpinUntil(() => TcpConnectionInfo.HasPeerClosed(accepted), TimeSpan.FromSeconds(30)));
        Assert.Equal(1000, accepted.Available);
        accepted.Dispose();
        Assert.False(TcpConnectionInfo.HasPeerClosed(accepted));
    }

    private static async Task<(Socket Client, Socket Accepted)> ConnectAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.LocalEndpoint);
        return (client, await listener.AcceptSocketAsync());
    }
}
