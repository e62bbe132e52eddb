using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

public sealed class ChannelTests : ProtocolTest
{
    [Fact]
    public async Task Opens_trees_and_locks_are_reached_through_any_channel()
    {
        var tree = await Server.ConnectToAsync();
        var channel = await BindAsync(Server, tree.Session);
        var file = await tree.OpenAsync("f");
        await file.WriteAsync(0, [1, 2, 3]);
        var read = await channel.CallAsync(file.ReadRequest(0, 3));
        Assert.Equal([1, 2, 3], ReadAnswer.Parse(read.Expect(NtStatus.Success).Message).Data);
        (await channel.CallAsync(tree.Request(Smb2Command.Close, RequestBody.Close(file.FileId)))).Expect(NtStatus.Success);
        Assert.Equal(NtStatus.FileClosed, await file.TryReadAsync(0, 1));
    }

    [Fact]
    public async Task A_session_has_as_many_channels_as_the_limit_says()
    {
        Start(new ServerSettings { Limits = new ServerLimits { MaxChannelsPerSession = 2 } });
        var tree = await Server.ConnectToAsync();
        await BindAsync(Server, tree.Session);
        var third = Server.Connect(tree.Session.Connection.Options);
        await third.NegotiateAsync();
        await tree.Session.BindAsync(third, TestServer.Alice, TestServer.Password, NtStatus.InsufficientResources);
        Assert.Equal(2, Assert.Single(Server.Graph.Sessions).Channels.Count);
        await tree.OpenAsync("f");
    }

    [Fact]
    public async Task Losing_a_channel_keeps_the_session_and_losing_the_last_one_ends_it()
    {
        var tree = await Server.ConnectToAsync();
        var channel = await BindAsync(Server, tree.Session);
        var file = await tree.OpenAsync("f");
        await tree.Session.Connection.DisposeAsync();
        await TestServer.UntilAsync(() => Server.Graph.Connections.Count == 1, "the first connection is gone");
        (await channel.CallAsync(file.ReadRequest(0, 1))).Expect(NtStatus.EndOfFile);
        (await channel.CallAsync(file.WriteRequest(0, [7]))).Expect(NtStatus.Success);
        await channel.DisposeAsync();
        await TestServer.UntilAsync(() => Server.Graph.Sessions.Count == 0, "the session is gone");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_lease_that_ends_over_another_machines_channel_does_not_keep_its_client(bool isResilient)
    {
        var tree = await Server.ConnectToAsync();
        var session = tree.Session;
        var channel = Server.Connect();
        await channel.NegotiateAsync();
        await session.BindAsync(channel, TestServer.Alice, TestServer.Password);
        var lease = new LeaseContext { Version = 1, LeaseKey = Guid.NewGuid(), State = Smb2LeaseState.Read | Smb2LeaseState.Handle };
        var opened = await tree.CallAsync(Smb2Command.Create, RequestBody.Create(
            "f", oplock: Smb2OplockLevel.Lease, contexts: (ref CreateContextWriter writer) => writer.Lease(lease)));
        var file = new SmbTestFile(tree, CreateAnswer.Parse(opened.Expect(NtStatus.Success).Message));
        if (isResilient)
        {
            var control = RequestBody.Ioctl(FsControlCode.LmrRequestResiliency, file.FileId, [1, 0, 0, 0, 0, 0, 0, 0]);
            (await channel.CallAsync(tree.Request(Smb2Command.Ioctl, control))).Expect(NtStatus.Success);
        }

        await session.Connection.DisposeAsync();
        await TestServer.UntilAsync(() => Server.Graph.Connections.Count == 1, "the first connection is gone");
        Assert.Equal(2, Server.Graph.Clients.Count);
        if (isResilient)
        {
            await channel.DisposeAsync();
        }
        else
        {
            (await channel.CallAsync(tree.Request(Smb2Command.Close, RequestBody.Close(file.FileId)))).Expect(NtStatus.Success);
        }

        var left = isResilient ? 0 : 1;
        await TestServer.UntilAsync(() => Server.Graph.Clients.Count == left, "the first client is forgotten");
    }

    [Fact]
    public async Task A_logoff_on_any_channel_ends_all()
    {
        var tree = await Server.ConnectToAsync();
        var channel = await BindAsync(Server, tree.Session);
        await tree.OpenAsync("f");
        (await channel.CallAsync(tree.Session.Request(Smb2Command.Logoff, RequestBody.Empty()))).Expect(NtStatus.Success);
        Assert.Empty(Server.Graph.Sessions);
        (await tree.CallAsync(Smb2Command.Create, RequestBody.Create("f"))).Expect(NtStatus.UserSessionDeleted);
    }

    [Fact]
    public async Task A_bind_that_fails_leaves_the_session_as_it_was()
    {
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("f");
        var other = Server.Connect(tree.Session.Connection.Options);
        await other.NegotiateAsync();
        await tree.Session.BindAsync(other, TestServer.Bob, TestServer.Password, NtStatus.AccessDenied);
        await tree.Session.BindAsync(other, TestServer.Alice, "wrong", NtStatus.LogonFailure);
        var session = Assert.Single(Server.Graph.Sessions);
        Assert.Equal(tree.Session.Connection.Options.ClientGuid, Assert.Single(session.Channels).Connection.Client!.ClientGuid);
        Assert.Equal(TestServer.Alice, session.Identity!.UserName);
        await file.WriteAsync(0, [1]);

        // The connection that failed is as good as new.
        await tree.Session.BindAsync(other, TestServer.Alice, TestServer.Password);
        (await other.CallAsync(file.ReadRequest(0, 1))).Expect(NtStatus.Success);
    }

    /// <summary>One more connection of the client, with a channel of its session.</summary>
    internal static async Task<SmbTestConnection> BindAsync(TestServer server, SmbTestSession session)
    {
        var channel = server.Connect(session.Connection.Options);
        await channel.NegotiateAsync();
        await session.BindAsync(channel, TestServer.Alice, TestServer.Password);
        return channel;
    }
}
