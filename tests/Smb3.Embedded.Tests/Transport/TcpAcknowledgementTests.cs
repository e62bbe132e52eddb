using System.Net;
using System.Net.Sockets;
using Smb3.Embedded.Transport.Tcp;
using Xunit;

namespace Smb3.Embedded.Tests.Transport;

public sealed class TcpAcknowledgementTests
{
    [Fact]
    public async Task Linux_says_how_many_bytes_the_peer_has_acknowledged()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.LocalEndpoint);
        using var accepted = await listener.AcceptSocketAsync();
        var before = TcpAcknowledgement.Read(accepted);
        Assert.NotNull(before);
        await accepted.SendAsync(new byte[1000]);
        while (TcpAcknowledgement.Read(accepted) < before + 1000)
        {
            await Task.Yield();
        }

        // At the very most one more than was sent: the byte that stands for the connection's beginning.
        Assert.InRange(TcpAcknowledgement.Read(accepted)!.Value, 1000, 1001);
        accepted.Dispose();
        Assert.Null(TcpAcknowledgement.Read(accepted));
    }
}
