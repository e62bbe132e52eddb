using System.Net;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Tests.Protocol;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Errors;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting.Clustering;

/// <summary>What clients are told of a share that another node has, and of what a clustered share is.</summary>
public sealed class ClusterRedirectTests : ClusterTest
{
    [Fact]
    public async Task Persistent_handles_and_dfs_are_told_of_while_there_is_a_clustered_share()
    {
        const Smb2Capabilities Told = Smb2Capabilities.PersistentHandles | Smb2Capabilities.Dfs;
        var (first, second) = await StartTwoAsync();
        foreach (var node in new[] { first, second })
        {
            Assert.Equal(Told, await CapabilitiesOfAsync(node));
            await node.Server.Shares.RemoveAsync("vm");
            Assert.Equal(Smb2Capabilities.None, await CapabilitiesOfAsync(node));
        }

        static async Task<Smb2Capabilities> CapabilitiesOfAsync(TestNode node) =>
            (await node.LogOnAsync()).Connection.Negotiated!.Capabilities & Told;
    }

    [Fact]
    public async Task A_client_that_asks_for_it_is_redirected_to_the_owner()
    {
        var (first, second) = await StartTwoAsync();
        var refused = await TestNode.TryConnectAsync(await second.LogOnAsync(), "VM");
        Assert.Equal(NtStatus.BadNetworkName, refused.Status);
        var (id, data) = ErrorContextOf(refused);
        Assert.Equal(ErrorContextId.ShareRedirect, id);

        // MS-SMB2 2.2.2.2.2: StructureSize 48, SHARE_MOVE_NOTIFICATION, offset and length of the name, one IPv4 address.
        var expected = new byte[24 + 24 + 4];
        expected[0] = 48;
        expected[4] = 3;
        expected[8] = 48;
        expected[12] = 4;
        expected[20] = 1;
        expected[24] = 1;
        first.Address.GetAddressBytes().CopyTo(expected, 32);
        "v\0m\0"u8.CopyTo(expected.AsSpan(48));
        Assert.Equal(expected, data);
        Assert.Equal(NtStatus.Success, (await TestNode.TryConnectAsync(await first.LogOnAsync(), "vm")).Status);
    }

    [Fact]
    public async Task An_owner_is_told_with_all_its_addresses_of_both_families()
    {
        await UntilServedAsync(await StartNodeAsync("a", static options => options.Cluster.Addresses.Add(IPAddress.Parse("2001:db8::7"))));
        var second = await StartNodeAsync("b");
        var (_, data) = ErrorContextOf(await TestNode.TryConnectAsync(await second.LogOnAsync(), "vm"));
        Assert.Equal(2, BitConverter.ToInt32(data, 20));
        Assert.Equal((1, 2), (BitConverter.ToInt32(data, 24), BitConverter.ToInt32(data, 48)));
        Assert.Equal(IPAddress.Parse("2001:db8::7"), new IPAddress(data.AsSpan(56, 16)));
        Assert.Equal(72, BitConverter.ToInt32(data, 8));
    }

    [Theory]
    [InlineData(0x0311, 0)]
    [InlineData(0x0311, 0, true)]
    [InlineData(0x0302, (int)TreeConnectRequestFlags.RedirectToOwner)] // reserved there
    [InlineData(0x0210, 0)]
    public async Task A_client_that_does_not_ask_finds_no_share(int dialect, int flags, bool knowsDfs = false)
    {
        var (_, second) = await StartTwoAsync();
        var client = new SmbTestClientOptions { Dialects = [(Smb2Dialect)dialect], Capabilities = knowsDfs ? Smb2Capabilities.Dfs : Smb2Capabilities.None };
        var refused = await TestNode.TryConnectAsync(await second.LogOnAsync(client), "vm", (TreeConnectRequestFlags)flags);
        Assert.Equal(NtStatus.BadNetworkName, refused.Status);
        Assert.Equal(0, refused.Message[Smb2Header.Size + 2]);
    }

    [Theory]
    [InlineData(0x0300, (uint)Smb2ShareCapabilities.ContinuousAvailability)]
    [InlineData(0x0302, (uint)(Smb2ShareCapabilities.ContinuousAvailability | Smb2ShareCapabilities.Asymmetric))]
    [InlineData(
        0x0311,
        (uint)(Smb2ShareCapabilities.ContinuousAvailability | Smb2ShareCapabilities.Asymmetric | Smb2ShareCapabilities.RedirectToOwner))]
    public async Task A_clustered_share_says_what_is_true_of_it(int dialect, uint capabilities)
    {
        var node = await StartNodeAsync("a");
        await UntilServedAsync(node);
        var tree = await node.ConnectAsync("vm", new SmbTestClientOptions { Dialects = [(Smb2Dialect)dialect] });
        Assert.Equal((Smb2ShareCapabilities)capabilities, tree.Answer.Capabilities);
    }

    [Fact]
    public async Task A_dialect_above_that_of_the_cluster_gets_no_clustered_share_and_is_told_which_would()
    {
        var node = await StartNodeAsync("a", options =>
        {
            options.Cluster.MaxDialect = SmbDialect.Smb302;
            options.Shares.Add(new SmbShareOptions { Name = "own", Folder = SmbShareOptions.Memory });
        });
        await UntilServedAsync(node);
        Assert.Equal(0x0302, node.Server.Cluster!.Settings.MaxDialect);
        var session = await node.LogOnAsync();
        Assert.Equal(Smb2Dialect.Smb311, session.Connection.Dialect);

        // MS-SMB2 3.3.5.7: ByteCount 10, one context, two bytes of data.
        var refused = await TestNode.TryConnectAsync(session, "vm", TreeConnectRequestFlags.None);
        Assert.Equal(NtStatus.SmbBadClusterDialect, refused.Status);
        var (id, data) = ErrorContextOf(refused);
        Assert.Equal((ErrorContextId.Default, 0x0302), (id, BitConverter.ToUInt16(data)));
        Assert.Equal(2, data.Length);
        Assert.Equal(NtStatus.Success, await session.TryConnectAsync("own"));
        Assert.Equal(NtStatus.Success, (await TestNode.TryConnectAsync(session, "vm", TreeConnectRequestFlags.ClusterReconnect)).Status);
        await node.ConnectAsync("vm", new SmbTestClientOptions { Dialects = [Smb2Dialect.Smb302] });

        await node.Server.Cluster.SetMaxDialectAsync(SmbDialect.Smb311);
        await TestServer.UntilAsync(() => node.Server.Cluster.Settings.MaxDialect == 0x0311, "it is known here");
        Assert.Equal(NtStatus.Success, await session.TryConnectAsync("vm"));
        var other = await StartNodeAsync("b", static options => options.Cluster.MaxDialect = SmbDialect.Smb302);
        Assert.Equal(0x0311, other.Server.Cluster!.Settings.MaxDialect); // what was set stays
    }

    [Fact]
    public async Task A_node_of_too_low_a_level_does_not_join()
    {
        await Cluster.ConfigureAsync(new ClusterSettings { Level = ClusterLimits.PartsLevel + 1 }, default);
        var node = NewNode("a");
        var refused = await Assert.ThrowsAsync<SmbServerStartException>(() => node.Server.StartAsync());
        Assert.IsType<ClusterLevelException>(refused.InnerException);
    }

    [Fact]
    public async Task Who_may_not_use_a_share_is_not_told_where_it_is()
    {
        var (_, second) = await StartTwoAsync(static options => options.Shares[0].Others = SmbShareAccess.None);
        Assert.Equal(NtStatus.AccessDenied, (await TestNode.TryConnectAsync(await second.LogOnAsync(), "vm")).Status);
    }

    [Fact]
    public async Task A_share_without_an_owner_is_waited_for_and_then_to_be_tried_again()
    {
        var (first, second) = await StartTwoAsync();
        await first.Server.Cluster!.DrainAsync();
        await UntilServedAsync(second);
        await second.Server.StopAsync();
        var waiting = TestNode.TryConnectAsync(await first.LogOnAsync(), "vm");
        await Task.Delay(TimeSpan.FromMilliseconds(200), Time);
        Assert.False(waiting.IsCompleted);
        Assert.Equal(NtStatus.ShareUnavailable, (await waiting).Status);
        waiting = TestNode.TryConnectAsync(await first.LogOnAsync(), "vm");
        await Task.Delay(TimeSpan.FromMilliseconds(200), Time);
        first.Server.Cluster!.Resume();
        Assert.Equal(NtStatus.Success, (await waiting).Status);
    }

    private static (ErrorContextId Id, byte[] Data) ErrorContextOf(SmbTestResponse response)
    {
        ReadOnlySpan<byte> body = response.Message.AsSpan(Smb2Header.Size);
        Assert.Equal((9, 1), (BitConverter.ToUInt16(body), body[2]));
        Assert.Equal(body.Length - 8, BitConverter.ToInt32(body[4..]));
        Assert.Equal(body.Length - 16, BitConverter.ToInt32(body[8..]));
        return ((ErrorContextId)BitConverter.ToUInt32(body[12..]), body[16..].ToArray());
    }
}
