using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Tests.Protocol;
using Smb3.Embedded.Wire;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting.Clustering;

/// <summary>Where clients of DFS are sent for a clustered share, and what becomes of those who come back to a node that has it no more.</summary>
public sealed class ClusterReferralTests : ClusterTest
{
    private static readonly SmbTestClientOptions Plain = new() { Capabilities = Smb2Capabilities.Dfs, ClientGuid = Guid.NewGuid() };

    [Fact]
    public async Task A_referral_names_the_owner_first_and_then_who_would_take_the_share()
    {
        var (first, second) = await StartTwoAsync();
        var third = await StartNodeAsync("c");
        await UntilKnownAsync(3, first, second, third);
        foreach (var node in new[] { first, second, third })
        {
            var targets = await ReferAsync(node, @"\host\vm");
            Assert.Equal(PathOf(first), targets[0]);
            Assert.Equal(new[] { PathOf(second), PathOf(third) }.Order(), targets.Skip(1).Order());
        }

        // The second is where clients go when the owner has died; there the share goes too.
        var next = (await ReferAsync(first, @"\host\vm"))[1];
        var heir = next == PathOf(second) ? second : third;
        await first.Server.Cluster!.DrainAsync();
        await UntilServedAsync(heir);
    }

    [Fact]
    public async Task Nobody_seems_dead_to_a_node_that_has_heard_of_no_change_for_a_while()
    {
        var (first, second) = await StartTwoAsync(Mortal);
        await UntilKnownAsync(2, first, second);
        var end = Time.GetUtcNow() + TimeSpan.FromSeconds(12);
        while (Time.GetUtcNow() < end)
        {
            Assert.Equal([PathOf(first), PathOf(second)], await ReferAsync(first, @"\host\vm"));
            Assert.Equal([PathOf(first), PathOf(second)], await ReferAsync(second, @"\host\vm"));
            await Task.Delay(TimeSpan.FromMilliseconds(100), Time);
        }
    }

    [Fact]
    public async Task A_new_owner_is_named_alone_for_a_while()
    {
        var (first, second) = await StartTwoAsync();
        await UntilKnownAsync(2, first, second);
        await first.Server.Cluster!.MoveAsync("vm", "b");
        await UntilServedAsync(second);
        await TestServer.UntilAsync(() => first.Server.Cluster.Shares.Single() is { Owner: "b" }, "it is known");
        Assert.Equal([PathOf(second)], await ReferAsync(first, @"\host\vm"));
        Assert.Equal([PathOf(second)], await ReferAsync(second, @"\host\vm"));
    }

    [Fact]
    public async Task A_link_to_a_clustered_share_leads_to_its_owner_at_once()
    {
        var (first, second) = await StartTwoAsync(static options =>
        {
            var corp = new SmbNamespaceOptions { Name = "corp" };
            corp.Link("named", @"\\b\vm").Link("deep", @"\\192.0.2.2\vm\d", @"\\b\vm\d").Link("other", @"\\elsewhere\vm");
            corp.Link("mixed", @"\\elsewhere\x", @"\\a\vm");
            options.Namespaces.Add(corp);
        });
        await UntilKnownAsync(2, first, second);
        foreach (var node in new[] { first, second })
        {
            Assert.Equal([PathOf(first), PathOf(second)], await ReferAsync(node, @"\host\corp\named\f"));
            Assert.Equal([PathOf(first) + @"\d", PathOf(second) + @"\d"], await ReferAsync(node, @"\host\corp\deep"));
            Assert.Equal([@"\elsewhere\vm"], await ReferAsync(node, @"\host\corp\other"));
            Assert.Equal(
                new[] { @"\elsewhere\x", PathOf(first), PathOf(second) }.Order(), (await ReferAsync(node, @"\host\corp\mixed")).Order());
        }
    }

    [Fact]
    public async Task Who_comes_back_to_a_share_that_went_elsewhere_loses_its_connection_instead_of_being_refused()
    {
        var (first, second) = await StartTwoAsync();
        await first.ConnectAsync("vm", Plain);
        await first.Server.Cluster!.MoveAsync("vm", "b");
        await UntilServedAsync(second);

        // Anybody else is refused, and so is who is connected to something else here: that would be lost with the connection.
        Assert.Equal(NtStatus.BadNetworkName, await TryAsync(await first.LogOnAsync(new() { Capabilities = Smb2Capabilities.Dfs })));
        var again = await first.LogOnAsync(Plain);
        await again.ConnectAsync("IPC$");
        await Assert.ThrowsAnyAsync<IOException>(() => TryAsync(again));
    }

    [Fact]
    public async Task Who_is_connected_to_something_else_here_is_refused_whenever_it_comes_back()
    {
        var (first, second) = await StartTwoAsync(static options =>
            options.Shares.Add(new SmbShareOptions { Name = "own", Folder = SmbShareOptions.Memory }));
        await first.ConnectAsync("vm", Plain);
        await first.Server.Cluster!.MoveAsync("vm", "b");
        await UntilServedAsync(second);
        var session = await first.LogOnAsync(Plain);
        await session.ConnectAsync("own");
        Assert.Equal(NtStatus.BadNetworkName, await TryAsync(session));
        Assert.Equal(NtStatus.BadNetworkName, await TryAsync(session));
    }

    [Fact]
    public async Task Who_follows_no_DFS_hears_at_once_and_each_time_that_the_share_is_not_here()
    {
        var (first, second) = await StartTwoAsync();
        var options = new SmbTestClientOptions { ClientGuid = Guid.NewGuid() };
        await first.ConnectAsync("vm", options);
        await first.Server.Cluster!.MoveAsync("vm", "b");
        await UntilServedAsync(second);
        var session = await first.LogOnAsync(options);
        var asked = Time.GetTimestamp();
        Assert.Equal(NtStatus.BadNetworkName, await TryAsync(session));
        Assert.Equal(NtStatus.BadNetworkName, await TryAsync(session));
        Assert.True(Time.GetElapsedTime(asked) < StrandedClients.Pause);
    }

    [Fact]
    public async Task Who_tries_again_where_it_was_refused_loses_its_connection_the_second_time()
    {
        var (_, second) = await StartTwoAsync();
        var session = await second.LogOnAsync(Plain);
        Assert.Equal(NtStatus.BadNetworkName, await TryAsync(session));
        await Assert.ThrowsAnyAsync<IOException>(() => TryAsync(session));
    }

    private static async Task<NtStatus> TryAsync(SmbTestSession session) =>
        (await TestNode.TryConnectAsync(session, "vm", TreeConnectRequestFlags.None)).Status;

    private static Task UntilKnownAsync(int count, params TestNode[] nodes) => TestServer.UntilAsync(
        () => nodes.All(node => node.Server.Cluster!.Nodes.Count == count && node.Server.Cluster.Shares.Any(static share => share.Owner is not null)),
        "all know each other");

    private static string PathOf(TestNode node) => $@"\{node.Address}\vm";

    private static async Task<IReadOnlyList<string>> ReferAsync(TestNode node, string path)
    {
        var ipc = await (await node.LogOnAsync(new SmbTestClientOptions { Capabilities = Smb2Capabilities.Dfs })).ConnectAsync("IPC$");
        var body = RequestBody.Ioctl(FsControlCode.DfsGetReferrals, SmbTestFile.Previous, FsctlInput.Referrals(path, 4), 4096);
        var answer = IoctlAnswer.Parse((await ipc.CallAsync(Smb2Command.Ioctl, body)).Expect(NtStatus.Success).Message);
        return [.. DfsReferralAnswer.Parse(answer.Output).Targets];
    }
}
