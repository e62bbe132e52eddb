using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Tests.Protocol;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting.Clustering;

/// <summary>A share that is split at a folder: two nodes serve one tree, each its part of it.</summary>
public sealed class ClusterPartTests : ClusterTest
{
    private const FileAccessMask Look = FileAccessMask.ReadAttributes;

    [Fact]
    public async Task A_folder_is_served_by_another_node_and_found_by_its_old_path()
    {
        var (first, second) = await StartSplitAsync();
        var tree = await first.ConnectAsync("vm");
        Assert.Equal(Smb2ShareFlags.Dfs | Smb2ShareFlags.DfsRoot, tree.Answer.Flags & (Smb2ShareFlags.Dfs | Smb2ShareFlags.DfsRoot));
        Assert.True((tree.Answer.Capabilities & Smb2ShareCapabilities.Dfs) != 0);
        Assert.Equal(NtStatus.Success, await OpenAsync(tree, @"a\vm\top"));
        foreach (var name in new[] { "Data", "data", @"data\old", @"DATA\new\deep", @"data:stream", @"data\old:stream" })
        {
            Assert.Equal(NtStatus.PathNotCovered, await OpenAsync(tree, @"a\vm\" + name));
            Assert.Equal(NtStatus.PathNotCovered, await tree.TryOpenAsync(name));
            Assert.Equal(NtStatus.PathNotCovered, await tree.TryOpenAsync(name, CreateDisposition.OpenIf));
        }

        // Every node knows where it is, and how much of the path leads there.
        var part = PartOf(first);
        await TestServer.UntilAsync(() => PartOrNull(second)?.Owner == "b", "the other knows");
        foreach (var node in new[] { first, second })
        {
            var answer = await ReferAsync(node, @"\x\vm\DATA\old");
            Assert.Equal([$@"\{second.Address}\{part.Name}"], answer.Targets.Take(1));
            Assert.Equal(@"\x\vm\DATA".Length * 2, answer.PathConsumed);
            Assert.Equal([$@"\{first.Address}\vm"], (await ReferAsync(node, @"\x\vm\datafile")).Targets.Take(1));
        }

        var there = await second.ConnectAsync(part.Name);
        Assert.Equal("old", await ReadAsync(there, "old"));
        await WriteAsync(there, "fresh", "1");
        Assert.Equal(NtStatus.ObjectPathSyntaxBad, await there.TryOpenAsync(@"..\top"));
        Assert.Equal(NtStatus.ObjectNameNotFound, await there.TryOpenAsync("top"));
    }

    [Theory]
    [InlineData(@"A folder", @"AFOLDE~1", @"AFOLDE~1")]
    [InlineData(@"some where\A folder", @"SOMEWH~1\AFOLDE~1", @"SOMEWH~1\AFOLDE~1")]
    [InlineData(@"some where\A folder", @"SOMEWH~1\a FOLDER", @"SOMEWH~1\a FOLDER")]
    public async Task A_folder_is_elsewhere_by_its_short_name_too(string folder, string path, string consumed)
    {
        var (first, second) = await StartSplitAsync(folder);
        var tree = await first.ConnectAsync("vm");
        foreach (var below in new[] { string.Empty, @"\old", @"\new\deep", ":stream" })
        {
            Assert.Equal(NtStatus.PathNotCovered, await OpenAsync(tree, @"a\vm\" + path + below));
            Assert.Equal(NtStatus.PathNotCovered, await tree.TryOpenAsync(path + below));
            Assert.Equal(NtStatus.PathNotCovered, await tree.TryOpenAsync(path + below, CreateDisposition.OpenIf));
        }

        // Where the share is, it is known where that leads; elsewhere, where the share is.
        var part = PartOf(first);
        await TestServer.UntilAsync(() => PartOrNull(second)?.Owner == "b", "the other knows");
        foreach (var below in new[] { string.Empty, @"\old" })
        {
            var answer = await ReferAsync(first, @"\x\vm\" + path + below);
            Assert.Equal([$@"\{second.Address}\{part.Name}"], answer.Targets.Take(1));
            Assert.Equal((@"\x\vm\" + consumed).Length * 2, answer.PathConsumed);
        }

        Assert.Equal([$@"\{first.Address}\vm"], (await ReferAsync(second, @"\x\vm\" + path)).Targets.Take(1));
        Assert.Equal([$@"\{first.Address}\vm"], (await ReferAsync(first, @"\x\vm\OTHERF~1")).Targets.Take(1));
    }

    [Fact]
    public async Task Listings_show_the_folder_at_the_seam_once_and_as_a_link()
    {
        var (first, second) = await StartSplitAsync();
        var tree = await first.ConnectAsync("vm");
        var listed = await ListAsync(tree, string.Empty);
        var seam = Assert.Single(listed, static file => file.Name == "Data");
        Assert.Equal(FileAttributes.Directory | FileAttributes.ReparsePoint, seam.File.Attributes & (FileAttributes.Directory | FileAttributes.ReparsePoint));
        Assert.Equal(0x8000000A, seam.EaSize); // where there is a reparse point its tag is there (MS-FSCC 2.4.21)
        Assert.Equal(0u, Assert.Single(listed, static file => file.Name == "datafile").EaSize);

        // The link itself can be looked at, and neither changed nor removed.
        var link = await tree.OpenAsync("data", CreateDisposition.Open, Look | FileAccessMask.Delete, options: CreateOptions.OpenReparsePoint);
        Assert.Equal(NtStatus.CannotDelete, await SetAsync(link, FileInformationClass.FileDispositionInformation, SetBuffer.Disposition(true)));
        Assert.Equal(NtStatus.AccessDenied, await SetAsync(link, FileInformationClass.FileRenameInformation, SetBuffer.Rename("other")));
        await link.CloseAsync();

        // In the part it is the root.
        var there = await second.ConnectAsync(PartOf(first).Name);
        Assert.Equal([".", "..", "old"], (await ListAsync(there, string.Empty)).Select(static file => file.Name));
        Assert.All(await ListAsync(there, string.Empty), static file => Assert.Equal(0u, file.EaSize));
    }

    [Fact]
    public async Task Nothing_is_moved_across_the_seam_and_what_leads_to_it_stays()
    {
        var (first, _) = await StartSplitAsync(@"deep\er\Data");
        var tree = await first.ConnectAsync("vm");
        var top = await tree.OpenAsync("top", CreateDisposition.Open);
        Assert.Equal(NtStatus.NotSameDevice, await SetAsync(top, FileInformationClass.FileRenameInformation, SetBuffer.Rename(@"deep\er\data\top")));
        Assert.Equal(NtStatus.NotSameDevice, await SetAsync(top, FileInformationClass.FileLinkInformation, SetBuffer.Rename(@"deep\er\data\top")));
        Assert.Equal(NtStatus.ObjectNameCollision, await SetAsync(top, FileInformationClass.FileRenameInformation, SetBuffer.Rename(@"deep\er\data")));
        Assert.Equal(NtStatus.AccessDenied, await SetAsync(top, FileInformationClass.FileRenameInformation, SetBuffer.Rename(@"deep\er\data", true)));
        Assert.Equal(NtStatus.Success, await SetAsync(top, FileInformationClass.FileRenameInformation, SetBuffer.Rename(@"deep\er\top")));
        await top.CloseAsync();
        foreach (var name in new[] { "deep", @"deep\er" })
        {
            var above = await tree.OpenAsync(name, CreateDisposition.Open, Look | FileAccessMask.Delete);
            Assert.Equal(NtStatus.AccessDenied, await SetAsync(above, FileInformationClass.FileRenameInformation, SetBuffer.Rename("other")));
            Assert.Equal(
                NtStatus.DirectoryNotEmpty, await SetAsync(above, FileInformationClass.FileDispositionInformation, SetBuffer.Disposition(true)));
            await above.CloseAsync();
        }
    }

    [Fact]
    public async Task A_part_goes_from_node_to_node_and_takes_what_is_open_along()
    {
        var (first, second) = await StartSplitAsync();
        var part = PartOf(first);
        var options = new SmbTestClientOptions { ClientGuid = Guid.NewGuid(), Dialects = [Smb2Dialect.Smb311] };
        var createGuid = Guid.NewGuid();
        var tree = await second.ConnectAsync(part.Name, options);
        var body = RequestBody.Create("kept", SmbTestTree.ReadWrite, contexts: (ref CreateContextWriter writer) =>
            writer.AskDurableHandleV2(new DurableHandleRequestV2(0, DurableHandleFlags.Persistent, createGuid)));
        var file = new SmbTestFile(tree, CreateAnswer.Parse((await tree.CallAsync(Smb2Command.Create, body)).Expect(NtStatus.Success).Message));
        await file.WriteAsync(0, [7]);
        await first.Server.Cluster!.MoveAsync(part.Name, "a");
        await UntilServedAsync(first, part.Name);

        // Both are at one node now, and still two trees.
        tree = await first.ConnectAsync(part.Name, options);
        body = RequestBody.Create("kept", SmbTestTree.ReadWrite, contexts: (ref CreateContextWriter writer) =>
            writer.ReconnectDurableHandleV2(new DurableHandleReconnectV2(file.FileId, createGuid, DurableHandleFlags.Persistent)));
        file = new SmbTestFile(tree, CreateAnswer.Parse((await tree.CallAsync(Smb2Command.Create, body)).Expect(NtStatus.Success).Message));
        Assert.Equal([7], await file.ReadAsync(0, 1));
        Assert.Equal(NtStatus.PathNotCovered, await (await first.ConnectAsync("vm")).TryOpenAsync(@"Data\kept"));
        Assert.Equal("vm", Assert.Single(first.Server.Shares).Name); // parts are the cluster's, not the host's
        Assert.False(await first.Server.Shares.RemoveAsync(part.Name));
    }

    [Fact]
    public async Task What_is_open_in_a_part_is_shown_by_the_share_and_the_path_from_its_root()
    {
        var (_, second) = await StartSplitAsync(@"deep\Data");
        await using var feed = second.Server.WatchAsync().GetAsyncEnumerator();
        Assert.True(await feed.MoveNextAsync());
        var tree = await second.ConnectAsync(PartOf(second).Name, new SmbTestClientOptions { ClientGuid = Guid.NewGuid() });
        var create = Create(tree, "kept", Persistent(lease: ReadWriteHandle), Smb2OplockLevel.Lease);
        var kept = (await AnswerAsync(tree, create)).FileId.Persistent;
        await tree.OpenAsync(string.Empty, CreateDisposition.Open, Look);
        var seen = second.Server.Inspect();
        Assert.Equal([@"vm: deep\Data", @"vm: deep\Data\kept"], seen.Opens.Select(static open => $"{open.ShareName}: {open.Path}").Order());
        Assert.Equal(@"deep\Data\kept", Assert.Single(seen.Leases).Path);
        Assert.Equal(["vm"], Assert.Single(seen.Sessions).Shares);
        do
        {
            Assert.True(await feed.MoveNextAsync());
        }
        while (feed.Current is not { Kind: SmbChangeKind.Opened } || feed.Current.OpenId != kept);

        await second.DropClientsAsync();
        await TestServer.UntilAsync(() => second.Server.FindOpen(kept) is { IsConnected: false }, "its client is away");
        var waiting = second.Server.FindOpen(kept)!;
        Assert.Equal(("vm", @"deep\Data\kept"), (waiting.ShareName, waiting.Path));
        Assert.Equal([waiting.Path], second.Server.Inspect().Opens.Select(static open => open.Path));
    }

    [Fact]
    public async Task Metrics_tell_parts_from_whole_shares()
    {
        var kinds = new ConcurrentDictionary<string, bool>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Name == "smb.server.cluster.shares")
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            foreach (var (name, kind) in tags)
            {
                kinds[$"{name} {kind}"] = true;
            }
        });
        listener.Start();
        await StartSplitAsync();

        // Servers of other tests are counted too.
        await TestServer.UntilAsync(() => kinds.ContainsKey("smb.share.kind part"), "a part is counted");
        Assert.Contains("smb.share.kind whole", kinds.Keys);
    }

    [Fact]
    public async Task A_drain_and_a_death_give_parts_to_others_as_shares()
    {
        var (first, second) = await StartSplitAsync(configure: Mortal);
        var part = PartOf(first).Name;
        await second.Server.Cluster!.DrainAsync();
        await UntilServedAsync(first, part);
        second.Server.Cluster.Resume();
        await first.CutAsync();
        await UntilServedAsync(second);
        await UntilServedAsync(second, part);
        var tree = await second.ConnectAsync("vm");
        Assert.Equal(NtStatus.PathNotCovered, await tree.TryOpenAsync(@"data\old"));
        Assert.Equal("old", await ReadAsync(await second.ConnectAsync(part), "old"));
    }

    [Fact]
    public async Task A_share_that_was_joined_is_whole_again_everywhere()
    {
        var (first, second) = await StartSplitAsync();
        var part = PartOf(first).Name;
        var there = await second.ConnectAsync(part);
        var open = await there.OpenAsync("old");
        await Assert.ThrowsAsync<ArgumentException>(() => first.Server.Cluster!.JoinAsync("vm", "deep"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => second.Server.Cluster!.JoinAsync("vm", "data"));
        await open.CloseAsync();
        await first.Server.Cluster!.JoinAsync("vm", "DATA");
        var tree = await first.ConnectAsync("vm");
        Assert.Equal("old", await ReadAsync(tree, @"data\old"));
        Assert.Equal(Smb2ShareCapabilities.None, tree.Answer.Capabilities & Smb2ShareCapabilities.Dfs);
        await TestServer.UntilAsync(() => PartOrNull(first) is null && PartOrNull(second) is null, "all know");
        foreach (var node in new[] { first, second })
        {
            await TestServer.UntilAsync(() => node.Server.Graph!.Shares.FindKnown(part) is null, "it is forgotten");
            Assert.Equal([$@"\{first.Address}\vm"], (await ReferAsync(node, @"\x\vm\data\old")).Targets.Take(1));
        }

        // Again, under another name.
        Assert.NotEqual(part, await first.Server.Cluster.SplitAsync("vm", "Data"));
    }

    [Fact]
    public async Task Hooks_are_asked_of_a_part_by_the_names_of_the_share()
    {
        var hooks = new Asked();
        var (_, second) = await StartSplitAsync(@"deep\Data", options => options.Hooks = hooks);
        var tree = await second.ConnectAsync(PartOf(second).Name);
        hooks.Seen.Clear();
        await second.ConnectAsync(PartOf(second).Name);
        await (await tree.OpenAsync("OLD", CreateDisposition.Open)).CloseAsync();
        var file = await tree.OpenAsync("new");
        Assert.Equal(NtStatus.Success, await SetAsync(file, FileInformationClass.FileRenameInformation, SetBuffer.Rename("newer")));
        Assert.Equal(NtStatus.Success, await SetAsync(file, FileInformationClass.FileDispositionInformation, SetBuffer.Disposition(true)));
        await file.CloseAsync();
        Assert.Equal(
            ["vm", @"vm\deep\Data\old", @"vm\deep\Data\new", @"vm\deep\Data\new>vm\deep\Data\newer", @"-vm\deep\Data\newer"], hooks.Seen);
    }

    [Fact]
    public async Task What_is_in_use_or_split_already_is_not_split()
    {
        var (first, second) = await StartTwoAsync();
        var tree = await PrepareAsync(first, @"d\e\Data");
        var cluster = first.Server.Cluster!;
        var open = await tree.OpenAsync(@"d\e\Data\old", CreateDisposition.Open);
        foreach (var path in new[] { "d", @"d\e", @"d\e\data" })
        {
            Assert.Contains("open", (await Assert.ThrowsAsync<InvalidOperationException>(() => cluster.SplitAsync("vm", path))).Message, StringComparison.Ordinal);
        }

        Assert.Equal([111], await open.ReadAsync(0, 1)); // and nobody noticed
        await open.CloseAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(() => second.Server.Cluster!.SplitAsync("vm", @"d\e"));
        foreach (var path in new[] { "top", "none", @"\", @"d\..", "d:s", "*" })
        {
            await Assert.ThrowsAsync<ArgumentException>(() => cluster.SplitAsync("vm", path));
        }

        await Assert.ThrowsAsync<ArgumentException>(() => cluster.SplitAsync("none", "d"));
        await Assert.ThrowsAsync<ArgumentException>(() => cluster.SplitAsync("vm", "d", "nobody"));
        Assert.Equal(1, cluster.Settings.Level);
        var part = await cluster.SplitAsync("vm", "d/e");
        Assert.Equal(ClusterLimits.PartsLevel, cluster.Settings.Level);
        Assert.Equal(@"d\e", PartOf(first).Folder);
        foreach (var path in new[] { "d", @"D\E", @"d\e\data" })
        {
            await Assert.ThrowsAnyAsync<Exception>(() => cluster.SplitAsync("vm", path));
        }

        await Assert.ThrowsAsync<ArgumentException>(() => cluster.SplitAsync(part, "data"));
        Assert.Single(cluster.Shares, static share => share.PartOf is not null);
    }

    [Fact]
    public async Task A_persistent_open_whose_client_is_away_keeps_a_share_from_being_split()
    {
        var (first, _) = await StartTwoAsync();
        await PrepareAsync(first, "Data");
        var tree = await first.ConnectAsync("vm", new SmbTestClientOptions { ClientGuid = Guid.NewGuid(), Dialects = [Smb2Dialect.Smb311] });
        var body = RequestBody.Create(@"Data\kept", SmbTestTree.ReadWrite, contexts: (ref CreateContextWriter writer) =>
            writer.AskDurableHandleV2(new DurableHandleRequestV2(0, DurableHandleFlags.Persistent, Guid.NewGuid())));
        (await tree.CallAsync(Smb2Command.Create, body)).Expect(NtStatus.Success);
        await tree.Session.Connection.DisposeAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(() => first.Server.Cluster!.SplitAsync("vm", "Data"));
    }

    [Fact]
    public async Task A_node_that_does_not_know_parts_keeps_shares_whole()
    {
        var (first, _) = await StartTwoAsync();
        await PrepareAsync(first, "Data");
        await Cluster.JoinAsync(new ClusterNode { Name = "old" }, TimeSpan.FromMinutes(1), CancellationToken.None);
        await Assert.ThrowsAsync<ClusterLevelException>(() => first.Server.Cluster!.SplitAsync("vm", "Data"));
        Assert.Equal(NtStatus.Success, await (await first.ConnectAsync("vm")).TryOpenAsync(@"Data\old"));
    }

    [Fact]
    public async Task A_folder_of_the_disk_is_split_as_a_store_is()
    {
        var folder = Directory.CreateTempSubdirectory("smb3-part-");
        try
        {
            folder.CreateSubdirectory("Data").CreateSubdirectory("sub");
            var (first, second) = await StartTwoAsync(options =>
                options.Shares.Add(new SmbShareOptions { Name = "disk", Folder = folder.FullName, Clustered = true }));
            await TestServer.UntilAsync(() => first.Serves("disk") || second.Serves("disk"), "it is served");
            var owner = first.Serves("disk") ? first : second;
            foreach (var heir in new[] { "a", "b" })
            {
                var part = await owner.Server.Cluster!.SplitAsync("disk", "data", heir);
                var node = heir == "a" ? first : second;
                await UntilServedAsync(node, part);
                var tree = await node.ConnectAsync(part);
                await WriteAsync(tree, @"sub\by " + heir, heir);
                Assert.Equal(NtStatus.PathNotCovered, await (await owner.ConnectAsync("disk")).TryOpenAsync(@"data\sub"));
                await node.DropClientsAsync();
                await TestServer.UntilAsync(() => node.Server.Graph!.Shares.Find(part) is { Volume.OpenCount: 0 }, "nothing is open");
                await owner.Server.Cluster.JoinAsync("disk", "data");
            }

            Assert.Equal(["by a", "by b"], folder.EnumerateFiles("by *", SearchOption.AllDirectories).Select(static file => file.Name).Order());
            Assert.Equal(NtStatus.Success, await (await owner.ConnectAsync("disk")).TryOpenAsync(@"data\sub\by a"));
            Assert.False(first.Log.HasFaults || second.Log.HasFaults);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_split_whose_outcome_is_not_known_is_read_from_the_store()
    {
        var (first, _) = await StartTwoAsync();
        await PrepareAsync(first, "Data");

        // Done, but not known to be: the share is taken anew and read, whatever became of it.
        first.Store.FailsAfterAdding = true;
        await Assert.ThrowsAsync<IOException>(() => first.Server.Cluster!.SplitAsync("vm", "Data"));
        await UntilServedAsync(first);
        Assert.Equal(NtStatus.PathNotCovered, await (await first.ConnectAsync("vm")).TryOpenAsync(@"Data\old"));
        Assert.NotNull(PartOrNull(first));
    }

    [Fact]
    public async Task A_split_that_comes_too_late_changes_nothing()
    {
        var (first, second) = await StartTwoAsync(Mortal);
        await PrepareAsync(first, "Data");
        var late = first.Store.HoldAdding();
        var splitting = first.Server.Cluster!.SplitAsync("vm", "Data");
        await late.Held.Task;

        // The node is stopped there, and another one takes the share over, which it finds whole.
        await first.CutAsync();
        await UntilServedAsync(second);
        late.Go.SetResult();
        await Assert.ThrowsAnyAsync<Exception>(() => splitting);
        Assert.Null(PartOrNull(second));
        Assert.Equal(NtStatus.Success, await (await second.ConnectAsync("vm")).TryOpenAsync(@"Data\old"));
    }

    [Fact]
    public async Task Who_takes_a_share_over_after_the_split_was_kept_finds_it_split()
    {
        var (first, second) = await StartTwoAsync(Mortal);
        await PrepareAsync(first, "Data");
        first.Store.CutsAfterAdding = true;
        await Assert.ThrowsAnyAsync<Exception>(() => first.Server.Cluster!.SplitAsync("vm", "Data"));
        await first.DropClientsAsync();
        await UntilServedAsync(second);
        Assert.Equal(NtStatus.PathNotCovered, await (await second.ConnectAsync("vm")).TryOpenAsync(@"Data\old"));
        await TestServer.UntilAsync(() => PartOrNull(second) is { Owner: "b" }, "the part is taken");
        await UntilServedAsync(second, PartOf(second).Name);
    }

    /// <summary>What hooks are asked.</summary>
    private sealed class Asked : SmbServerHooks
    {
        public System.Collections.Concurrent.ConcurrentQueue<string> Seen { get; } = new();

        public override ValueTask<bool> OnTreeConnectAsync(SmbSessionInfo session, string shareName, CancellationToken cancellationToken) => Note(shareName);

        public override ValueTask<bool> OnOpenAsync(SmbSessionInfo session, SmbOpenInfo open, CancellationToken cancellationToken) =>
            Note(open.File.ToString());

        public override ValueTask<bool> OnRenameAsync(SmbSessionInfo session, SmbRenameInfo rename, CancellationToken cancellationToken) =>
            Note($"{rename.Source}>{rename.Target}");

        public override ValueTask<bool> OnDeleteAsync(SmbSessionInfo session, SmbDeleteInfo delete, CancellationToken cancellationToken) =>
            Note("-" + delete.File);

        private ValueTask<bool> Note(string what)
        {
            Seen.Enqueue(what);
            return new(true);
        }
    }

    /// <summary>Two nodes; the first has the share, and the second the folder.</summary>
    private async Task<(TestNode First, TestNode Second)> StartSplitAsync(string folder = "Data", Action<SmbServerOptions>? configure = null)
    {
        var (first, second) = await StartTwoAsync(configure);
        await PrepareAsync(first, folder);
        await first.Server.Cluster!.SplitAsync("vm", folder.ToLowerInvariant(), "b");
        await UntilServedAsync(second, PartOf(first).Name);
        Assert.Equal(folder, PartOf(first).Folder);
        return (first, second);
    }

    private static async Task<SmbTestTree> PrepareAsync(TestNode node, string folder)
    {
        var tree = await node.ConnectAsync("vm");
        var above = string.Empty;
        foreach (var name in folder.Split('\\'))
        {
            above += name;
            await (await tree.OpenAsync(above, options: CreateOptions.DirectoryFile, access: Look)).CloseAsync();
            above += '\\';
        }

        await WriteAsync(tree, "top", "top");
        await WriteAsync(tree, "datafile", "datafile");
        await WriteAsync(tree, above + "old", "old");
        return tree;
    }

    private static SmbClusterShare PartOf(TestNode node) => PartOrNull(node)!;

    private static SmbClusterShare? PartOrNull(TestNode node) => node.Server.Cluster!.Shares.SingleOrDefault(static share => share.PartOf == "vm");

    private static async Task WriteAsync(SmbTestTree tree, string name, string text)
    {
        var file = await tree.OpenAsync(name);
        await file.WriteAsync(0, System.Text.Encoding.ASCII.GetBytes(text));
        await file.CloseAsync();
    }

    private static async Task<string> ReadAsync(SmbTestTree tree, string name)
    {
        var file = await tree.OpenAsync(name, CreateDisposition.Open);
        var data = await file.ReadAsync(0, 100);
        await file.CloseAsync();
        return System.Text.Encoding.ASCII.GetString(data);
    }

    private static async Task<NtStatus> OpenAsync(SmbTestTree tree, string name)
    {
        var request = tree.Request(Smb2Command.Create, RequestBody.Create(name, Look, CreateDisposition.Open));
        return (await tree.Session.CallAsync(request with { Flags = Smb2HeaderFlags.Dfs })).Status;
    }

    private static async Task<NtStatus> SetAsync(SmbTestFile file, FileInformationClass informationClass, byte[] buffer) =>
        (await file.Tree.CallAsync(Smb2Command.SetInfo, RequestBody.SetFile(file.FileId, informationClass, buffer))).Status;

    private static async Task<IReadOnlyList<ListedFile>> ListAsync(SmbTestTree tree, string path)
    {
        var directory = await tree.OpenAsync(path, CreateDisposition.Open, FileAccessMask.ListDirectory, options: CreateOptions.DirectoryFile);
        var response = await tree.CallAsync(
            Smb2Command.QueryDirectory,
            RequestBody.QueryDirectory(directory.FileId, "*", FileInformationClass.FileIdBothDirectoryInformation));
        await directory.CloseAsync();
        return ListReader.Directory(
            FileInformationClass.FileIdBothDirectoryInformation, OutputBufferAnswer.Parse(response.Expect(NtStatus.Success).Message).Buffer);
    }

    private static async Task<DfsReferralAnswer> ReferAsync(TestNode node, string path)
    {
        var ipc = await (await node.LogOnAsync(new SmbTestClientOptions { Capabilities = Smb2Capabilities.Dfs })).ConnectAsync("IPC$");
        var body = RequestBody.Ioctl(FsControlCode.DfsGetReferrals, SmbTestFile.Previous, FsctlInput.Referrals(path, 4), 4096);
        return DfsReferralAnswer.Parse(IoctlAnswer.Parse((await ipc.CallAsync(Smb2Command.Ioctl, body)).Expect(NtStatus.Success).Message).Output);
    }
}
