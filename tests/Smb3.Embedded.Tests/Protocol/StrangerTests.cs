using System.Net;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Authentication;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
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

    [Trait("Transport", "own")] // bytes below the messages
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_frame_is_at_most_64_kib_until_somebody_has_logged_on(bool negotiates)
    {
        var client = Server.Connect();
        var other = Server.Connect();
        if (negotiates)
        {
            await client.NegotiateAsync();
            await other.NegotiateAsync();
        }

        await other.SendBytesAsync(new byte[] { 0, 1, 0, 0 });
        await client.SendBytesAsync(new byte[] { 0, 1, 0, 1 });
        await client.WaitForCloseAsync();
        Assert.True(Server.Logged("FrameTooLong"));
        Assert.False(other.IsClosed);
        Assert.Equal(0, Server.Bytes.MostRented);
    }

    [Trait("Transport", "own")] // bytes below the messages
    [Fact]
    public async Task A_frame_takes_memory_as_it_arrives()
    {
        const int Announced = 8 << 20;
        var session = await Server.LogOnAsync();
        var header = new byte[] { 0, Announced >> 16, 0, 0 };
        await TestServer.UntilAsync(() => Server.Bytes.Rented == 0, "what the logon took is given back");
        await session.Connection.SendBytesAsync(header);
        await Task.Delay(100);
        Assert.Equal(0, Server.Bytes.Rented);
        var arrived = 0;
        foreach (var piece in new[] { 100_000, 400_000, 2_000_000 })
        {
            await session.Connection.SendBytesAsync(new byte[piece]);
            arrived += piece;

            // While the buffer grows there are two of them for a moment.
            await TestServer.UntilAsync(
                () => Server.Bytes.Rented is var rented && rented >= arrived && rented <= 4 * arrived, "it has arrived, and takes little more");
        }
    }

    [Fact]
    public async Task The_oldest_of_too_many_unfinished_logons_gives_way()
    {
        var client = Server.Connect();
        await client.NegotiateAsync();
        var begun = new List<ulong>();
        for (var i = 0; i < 10; i++)
        {
            var ntlm = new NtlmInitiator(new NtlmInitiatorOptions { UserName = TestServer.Alice, Password = TestServer.Password });
            begun.Add((await SetUpAsync(client, ntlm.Start(), 0)).Expect(NtStatus.MoreProcessingRequired).SessionId);
            Assert.InRange(Server.Graph.Sessions.Count, 1, 4);
        }

        Assert.Equal(NtStatus.UserSessionDeleted, (await SetUpAsync(client, [1, 2, 3], begun[0])).Status);
        Assert.NotEqual(NtStatus.UserSessionDeleted, (await SetUpAsync(client, [1, 2, 3], begun[^1])).Status);
        await client.LogOnAsync(TestServer.Alice, TestServer.Password);
    }

    [Trait("Transport", "own")] // how much a transport takes by itself differs
    [Fact]
    public async Task A_peer_that_does_not_read_holds_little()
    {
        var client = Server.Connect();
        await client.NegotiateAsync();
        client.Inbound.Close();
        var loop = (ConnectionLoop)Assert.Single(Server.Graph.Connections).Notifications!;

        // More than what the transport itself takes; the server stops to read at some point, and so the sending stands still.
        var sending = Task.Run(async () =>
        {
            for (var i = 0; i < 40_000; i++)
            {
                await client.SendAsync(new SmbTestRequest { Command = Smb2Command.Echo });
            }
        });
        var seen = 0L;
        while (loop.Flow.BytesOut is var now && (now <= 8192 || now != seen))
        {
            Assert.False(sending.IsCompleted);
            seen = now;
            await Task.Delay(300);
        }

        Assert.False(sending.IsCompleted);
        Assert.InRange(seen, 1, 32_768);
        client.Inbound.Open();
        await sending;
    }

    private static Task<SmbTestResponse> SetUpAsync(SmbTestConnection client, byte[] token, ulong sessionId) =>
        client.CallAsync(new SmbTestRequest
        {
            Command = Smb2Command.SessionSetup,
            Body = RequestBody.SessionSetup(token),
            SessionId = sessionId,
        });
}
