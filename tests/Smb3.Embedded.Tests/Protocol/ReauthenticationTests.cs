using Smb3.Embedded.Files;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Sessions.Shares;
using Smb3.Embedded.TestClient;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>Who authenticates again is from then on who the user store says now.</summary>
public sealed class ReauthenticationTests : ProtocolTest
{
    [Fact]
    public async Task A_group_that_was_taken_away_gives_no_new_opens_and_no_tree_connects()
    {
        InMemoryUserStore? users = null;
        Start(new TestServerOptions
        {
            Users = store =>
            {
                users = (InMemoryUserStore)store;
                return store;
            },
        });
        users!.Add(TestServer.Alice, TestServer.Password, ["staff"]);
        Server.Graph.Shares.TryAdd(new Share
        {
            Name = "staff",
            Volume = Server.Volume,
            Permissions = new SharePermissions(
                new Dictionary<string, FileAccessMask>(),
                new Dictionary<string, FileAccessMask> { ["staff"] = FileAccessMask.FileAllAccess },
                FileAccessMask.None),
        });
        var session = await Server.LogOnAsync();
        var tree = await session.ConnectAsync("staff");
        var file = await tree.OpenAsync("f");

        // The store knows it, and the session does not yet: it is asked at a logon.
        users.Add(TestServer.Alice, TestServer.Password);
        Assert.Equal(NtStatus.Success, await tree.TryOpenAsync("f"));

        await session.LogOnAsync(TestServer.Alice, TestServer.Password);
        Assert.Equal(NtStatus.AccessDenied, await tree.TryOpenAsync("f"));
        Assert.Equal(NtStatus.AccessDenied, await session.TryConnectAsync("staff"));

        // What was opened stays open, as everywhere in NT.
        await file.WriteAsync(0, [1]);

        users.Add(TestServer.Alice, TestServer.Password, ["staff"]);
        await session.LogOnAsync(TestServer.Alice, TestServer.Password);
        Assert.Equal(NtStatus.Success, await tree.TryOpenAsync("f"));
    }
}
