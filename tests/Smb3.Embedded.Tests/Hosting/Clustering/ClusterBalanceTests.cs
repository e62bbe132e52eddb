using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Tests.Protocol;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Ioctl;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting.Clustering;

/// <summary>Nodes that know what they carry, and even it out.</summary>
public sealed class ClusterBalanceTests() : ClusterTest(TimeSpan.FromMilliseconds(100))
{
    private readonly (string Name, IFileStore Files)[] _shares = [("one", new MemoryFileStore()), ("two", new MemoryFileStore())];

    private protected override IEnumerable<(string Name, IFileStore Files)> Shares => _shares;

    [Fact]
    public async Task All_nodes_are_told_how_many_files_are_open_and_how_many_bytes_are_read_and_written()
    {
        var first = await StartNodeAsync("a");
        await UntilServedAsync(first, "one");
        var second = await StartNodeAsync("b");
        var file = await (await first.ConnectAsync("one")).OpenAsync("f");
        await (await first.ConnectAsync("one")).OpenAsync("g");
        var data = new byte[1 << 16];
        var written = 0L;
        for (var i = 0; NodeA() is not { Opens: 2, BytesPerSecond: > 0 }; i++)
        {
            Assert.True(i < 10_000, "the other node knows");
            await file.WriteAsync(0, data);
            Assert.Equal(data.Length, (await file.ReadAsync(0, (uint)data.Length)).Length);
            written += 2 * data.Length;
        }

        Assert.InRange(NodeA().BytesPerSecond, 1, written);

        // Nobody uses it any more: half a minute later that is known too.
        await file.CloseAsync();
        await TestServer.UntilAsync(() => NodeA() is { Opens: 1, BytesPerSecond: 0 }, "the other node knows");
        var here = first.Server.Inspect().ClusterShares.ToDictionary(static share => share.Name);
        Assert.Equal((1, 0), (here["one"].Opens, here["one"].BytesPerSecond));
        Assert.Equal(0, here["two"].Opens);
        Assert.All(second.Server.Inspect().ClusterShares, static share => Assert.Equal(0, share.Opens));

        SmbClusterNode NodeA() => second.Server.Inspect().ClusterNodes.Single(static node => node.Name == "a");
    }

    [Fact]
    public async Task What_is_zeroed_with_one_request_is_no_traffic()
    {
        var first = await StartNodeAsync("a");
        await UntilServedAsync(first, "one");
        var file = await (await first.ConnectAsync("one")).OpenAsync("f");
        await file.WriteAsync(0, [1, 2, 3]);
        var volume = first.Server.Shares.Owned.Volumes.Single(static owned => owned.Name == "one").Volume;
        Assert.Equal(3, volume.Statistics.Bytes);
        await file.ReadAsync(0, 2);
        Assert.Equal(5, volume.Statistics.Bytes);
        Assert.Equal(NtStatus.Success, (await file.Tree.CallAsync(
            Smb2Command.Ioctl, RequestBody.Ioctl(FsControlCode.SetZeroData, file.FileId, FsctlInput.Range(0, 3)))).Status);
        Assert.Equal(5, volume.Statistics.Bytes);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_node_that_carries_everything_gives_a_share_away_if_it_may(bool balance)
    {
        var first = await StartNodeAsync("a", options => options.Cluster.Balance = balance);
        await UntilServedAsync(first, "one");
        await UntilServedAsync(first, "two");
        var second = await StartNodeAsync("b", options => options.Cluster.Balance = balance);
        foreach (var share in (string[])["one", "two"])
        {
            var tree = await first.ConnectAsync(share);
            for (var i = 0; i < (share == "one" ? 90 : 110); i++)
            {
                await tree.OpenAsync($"f{i}");
            }
        }

        if (balance)
        {
            await TestServer.UntilAsync(() => second.Serves("one") || second.Serves("two"), "a share moves");
            Assert.Contains(first.Log.Entries, static entry => entry.Text.Contains("carries less", StringComparison.Ordinal));
        }
        else
        {
            await Task.Delay(TimeSpan.FromSeconds(80), Time);
        }

        Assert.Equal(balance, !(first.Serves("one") && first.Serves("two")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_share_that_is_a_nodes_whole_load_is_split_if_it_may_be(bool splits)
    {
        void Configure(SmbServerOptions options)
        {
            options.Cluster.Balance = true;
            options.Cluster.BalanceSplits = splits;
        }

        var first = await StartNodeAsync("a", Configure);
        await UntilServedAsync(first, "one");
        await UntilServedAsync(first, "two");
        var second = await StartNodeAsync("b", Configure);
        var tree = await first.ConnectAsync("one");
        foreach (var folder in (string[])["x", "x\\y", "z"])
        {
            await (await tree.OpenAsync(folder, options: CreateOptions.DirectoryFile, access: FileAccessMask.ReadAttributes)).CloseAsync();
        }

        // It takes no less with one folder than another that is much less than half.
        for (var i = 0; i < 240; i++)
        {
            await tree.OpenAsync((i % 2 == 0 ? "x\\y\\f" : i % 3 == 0 ? "z\\f" : "f") + i);
        }

        if (!splits)
        {
            await Task.Delay(TimeSpan.FromSeconds(80), Time);
            Assert.DoesNotContain(first.Server.Cluster!.Shares, static share => share.PartOf is not null);
            return;
        }

        await TestServer.UntilAsync(() => Part(second) is { Owner: "b" }, "the folder becomes a part at the other node");
        var part = Part(second)!;
        Assert.Equal(("one", "x"), (part.PartOf, part.Folder));
        await UntilServedAsync(second, part.Name);
        await UntilServedAsync(first, "one");
        await TestServer.UntilAsync(
            () => first.Log.Entries.Any(static entry => entry.Text.Contains("was split at", StringComparison.Ordinal)), "the log says so");
        Assert.Equal(NtStatus.PathNotCovered, await (await first.ConnectAsync("one")).TryOpenAsync("x\\y\\f0"));
        Assert.Equal(NtStatus.Success, await (await second.ConnectAsync(part.Name)).TryOpenAsync("y\\f0"));

        static SmbClusterShare? Part(TestNode node) => node.Server.Cluster!.Shares.SingleOrDefault(static share => share.PartOf is not null);
    }
}
