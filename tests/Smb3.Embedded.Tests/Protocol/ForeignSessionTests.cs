using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Authentication;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Io;
using Smb3.Embedded.Wire.Session;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>
/// Whatever another client does with the id of a session, and whatever its own does at the same moment, the session lives and keeps what
/// it holds, or is over for everybody.
/// </summary>
public sealed class ForeignSessionTests : ProtocolTest
{
    [Theory]
    [InlineData(TestServer.Alice, "wrong", false)]
    [InlineData(TestServer.Alice, TestServer.Password, false)]
    [InlineData(TestServer.Bob, "wrong", false)]
    [InlineData(TestServer.Bob, TestServer.Password, false)]
    [InlineData(TestServer.Bob, "wrong", true)]
    [InlineData(TestServer.Bob, TestServer.Password, true)]
    public async Task A_bind_by_who_has_not_its_key_leaves_the_session_with_its_opens_and_locks(string user, string password, bool signed)
    {
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("f");
        await file.WriteAsync(0, [1, 2, 3]);
        Assert.Equal(NtStatus.Success, await file.LockAsync(0, 2));
        var victim = tree.Session;
        var attacker = await Server.LogOnAsync(victim.Connection.Options, TestServer.Bob);
        for (var i = 0; i < 3; i++)
        {
            var token = new NtlmInitiator(new NtlmInitiatorOptions { UserName = user, Password = password }).Start();
            foreach (var flags in new[] { SessionSetupRequestFlags.Binding, SessionSetupRequestFlags.None })
            {
                var request = attacker.Request(Smb2Command.SessionSetup, RequestBody.SessionSetup(token, flags));
                var response = await attacker.CallAsync(request with { SessionId = victim.SessionId, Sign = signed });
                Assert.True(response.Status.IsError() && response.Status != NtStatus.MoreProcessingRequired, response.Status.ToString());
            }
        }

        Assert.Equal(SessionState.Valid, Server.Graph.FindSession(victim.SessionId)!.State);
        Assert.Equal([1, 2, 3], await file.ReadAsync(0, 3));
        Assert.Equal(NtStatus.LockNotGranted, await file.LockAsync(0, 1));
        await victim.ConnectAsync("data");
    }

    [Fact]
    public async Task A_bind_that_is_half_done_ends_with_its_connection_and_leaves_the_session()
    {
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("f");
        var channel = await ChannelTests.BindAsync(Server, tree.Session);
        await channel.DisposeAsync();
        await TestServer.UntilAsync(() => Server.Graph.Connections.Count == 1, "the channel is gone");
        var other = Server.Connect(tree.Session.Connection.Options);
        await other.NegotiateAsync();
        var token = new NtlmInitiator(new NtlmInitiatorOptions { UserName = TestServer.Alice, Password = TestServer.Password }).Start();
        await other.SendAsync(tree.Session.Request(
            Smb2Command.SessionSetup, RequestBody.SessionSetup(token, SessionSetupRequestFlags.Binding)) with { Sign = false });
        await other.DisposeAsync();
        await TestServer.UntilAsync(() => Server.Graph.Connections.Count == 1, "the connection is gone");
        await file.WriteAsync(0, [1]);
    }

    [Fact]
    public async Task Requests_on_every_channel_race_with_the_logoff_and_get_a_status()
    {
        for (var round = 0; round < 25; round++)
        {
            var tree = await Server.ConnectToAsync();
            var file = await tree.OpenAsync("f" + round);
            await file.WriteAsync(0, new byte[100]);
            SmbTestConnection[] channels = [tree.Session.Connection, await ChannelTests.BindAsync(Server, tree.Session), await ChannelTests.BindAsync(Server, tree.Session)];
            var calls = new List<SmbTestCall>();
            var logoffs = new List<SmbTestCall>();
            for (var i = 0; i < 8; i++)
            {
                foreach (var channel in channels)
                {
                    calls.Add(await channel.SendAsync(file.ReadRequest(0, 100)));
                    calls.Add(await channel.SendAsync(file.LockRequest((ulong)i, 1, LockFlags.Exclusive | LockFlags.FailImmediately)));
                    calls.Add(await channel.SendAsync(tree.Request(Smb2Command.Create, RequestBody.Create("g" + round))));
                    if (i == 4)
                    {
                        logoffs.Add(await channel.SendAsync(tree.Session.Request(Smb2Command.Logoff, RequestBody.Empty())));
                    }
                }
            }

            var statuses = new List<NtStatus>();
            foreach (var call in calls.Concat(logoffs))
            {
                statuses.Add((await call.ResponseAsync()).Status);
            }

            Assert.All(statuses, status => Assert.Contains(status, new[]
            {
                NtStatus.Success, NtStatus.UserSessionDeleted, NtStatus.NetworkNameDeleted, NtStatus.FileClosed, NtStatus.LockNotGranted,
                NtStatus.AccessDenied, NtStatus.Cancelled, NtStatus.RangeNotLocked,
            }));
            Assert.Empty(Server.Graph.Sessions);
            await TestServer.UntilAsync(() => Server.Volume.OpenCount == 0, "everything is closed");
            foreach (var channel in channels)
            {
                await channel.DisposeAsync();
            }
        }
    }
}
