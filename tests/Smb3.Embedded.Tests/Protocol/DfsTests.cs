using Smb3.Embedded.Dfs;
using Smb3.Embedded.Files;
using Smb3.Embedded.Hosting.Life;
using Smb3.Embedded.Hosting.Users;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Sessions.Shares;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create;
using Smb3.Embedded.Wire.Info;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>
/// DFS as clients see it: what they are told in the negotiation and of a share, the paths that lead elsewhere, and where to
/// (MS-SMB2 3.3.5.9 and 3.3.5.15.2, MS-DFSC 3.2.5).
/// </summary>
public sealed class DfsTests : ProtocolTest
{
    private const uint Root = 0x3; // ReferralServers and StorageServers
    private const uint Storage = 0x2;

    private static readonly Smb2FileId NoFile = SmbTestFile.Previous;

    [Theory]
    [InlineData(0x0202)]
    [InlineData(0x0210)]
    [InlineData(0x0302)]
    [InlineData(0x0311)]
    public async Task The_server_can_do_dfs_exactly_while_there_is_any(int dialect)
    {
        Assert.False(await SaysDfsAsync());
        var tree = await Server.ConnectToAsync("IPC$");
        Assert.Equal(NtStatus.FsDriverRequired, (await AskAsync(tree, @"\server\corp")).Status);
        Assert.Equal(NtStatus.FsDriverRequired, (await AskAsync(tree, "nonsense")).Status);
        AddNamespace();
        Assert.True(await SaysDfsAsync());
        await Server.Graph.Shares.RemoveAsync("corp");
        Assert.False(await SaysDfsAsync());
        Assert.Equal(NtStatus.FsDriverRequired, (await AskAsync(tree, @"\server\corp")).Status);

        async Task<bool> SaysDfsAsync()
        {
            var connection = Server.Connect(Speaking((Smb2Dialect)dialect));
            return ((await connection.NegotiateAsync()).Capabilities & Smb2Capabilities.Dfs) != 0;
        }
    }

    [Fact]
    public async Task A_tree_connect_says_whether_the_share_is_in_dfs()
    {
        AddNamespace();
        var session = await Server.LogOnAsync();
        var corp = await session.ConnectAsync("corp");
        Assert.Equal(Smb2ShareFlags.Dfs | Smb2ShareFlags.DfsRoot, corp.Answer.Flags);
        Assert.Equal(Smb2ShareCapabilities.Dfs, corp.Answer.Capabilities);
        foreach (var other in new[] { "data", "IPC$" })
        {
            var tree = await session.ConnectAsync(other);
            Assert.Equal(0u, (uint)tree.Answer.Flags & 3);
            Assert.Equal(Smb2ShareCapabilities.None, tree.Answer.Capabilities);
        }
    }

    [Fact]
    public async Task The_share_says_so_to_administrators_too()
    {
        // SHI1005_FLAGS_DFS and SHI1005_FLAGS_DFS_ROOT, MS-SRVS 2.2.4.29.
        AddNamespace();
        Server.Graph.Shares.Find("readonly")!.Dfs = new ShareElsewhere(Targets(@"\node2\readonly"));
        var host = new PipeHost(Server.Graph, new AccountDirectory("SERVER", new InMemoryUserStore()));
        foreach (var share in await host.ListSharesAsync(default!, default))
        {
            Assert.Equal(share.Name is "corp" or "readonly" ? 3u : 0u, share.Flags & 3);
        }
    }

    [Theory]
    [InlineData("IPC$")]
    [InlineData("data")] // MS-SMB2 3.2.4.20.3: a client may ask on any share
    [InlineData("corp")]
    public async Task A_root_leads_to_the_server_as_the_client_calls_it(string share)
    {
        AddNamespace();
        var tree = await Server.ConnectToAsync(share);
        foreach (var name in new[] { "server", "SERVER.example.org", "10.1.2.3" })
        {
            var answer = await ReferAsync(tree, $@"\{name}\Corp");
            Assert.Equal((Root, 2 * (name.Length + 6)), (answer.Flags, answer.PathConsumed));
            var entry = Assert.Single(answer.Entries);
            Assert.Equal((4, 1, 4, 300u), (entry.Version, entry.ServerType, entry.Flags, entry.TimeToLive));
            Assert.Equal(($@"\{name}\Corp", $@"\{name}\Corp"), (entry.Path, entry.Target));
        }
    }

    [Theory]
    [InlineData(@"\server\corp\docs", 17, @"\files\docs")]
    [InlineData(@"\SERVER\CORP\DOCS", 17, @"\files\docs")]
    [InlineData(@"\server\corp\docs\a\b.txt", 17, @"\files\docs")]
    [InlineData(@"\server\corp\team\one\plans\x", 27, @"\files\plans\here")]
    public async Task A_link_leads_to_its_targets(string path, int consumed, string target)
    {
        AddNamespace();
        var tree = await Server.ConnectToAsync("IPC$");
        foreach (var extended in new[] { false, true })
        {
            var answer = await ReferAsync(tree, path, extended: extended);
            Assert.Equal((Storage, 2 * consumed), (answer.Flags, answer.PathConsumed));
            var entry = Assert.Single(answer.Entries);
            Assert.Equal((4, 0, 4, 1800u), (entry.Version, entry.ServerType, entry.Flags, entry.TimeToLive));
            Assert.Equal((path[..consumed], target), (entry.Path, entry.Target));
        }
    }

    [Theory]
    [InlineData(@"\server\corp\docs2")]
    [InlineData(@"\server\corp\team")]
    [InlineData(@"\server\corp\team\one")]
    [InlineData(@"\server\corp\nothing\docs")]
    public async Task What_is_no_link_leads_to_the_root(string path)
    {
        AddNamespace();
        var answer = await ReferAsync(await Server.ConnectToAsync("IPC$"), path);
        Assert.Equal((Root, 24, @"\server\corp"), (answer.Flags, answer.PathConsumed, Assert.Single(answer.Targets)));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 3)]
    [InlineData(4, 4)]
    [InlineData(5, 4)]
    [InlineData(0xFFFF, 4)]
    public async Task The_newest_version_that_the_client_knows_is_used(int asked, int version)
    {
        AddNamespace();
        var tree = await Server.ConnectToAsync("IPC$");
        var answer = await ReferAsync(tree, @"\server\corp\docs", (ushort)asked);
        Assert.Equal((version, @"\files\docs"), (Assert.Single(answer.Entries).Version, answer.Entries[0].Target));
        Assert.Equal(NtStatus.InvalidParameter, (await AskAsync(tree, @"\server\corp\docs", maxLevel: 0)).Status);
    }

    [Theory]
    [InlineData("", NtStatus.InvalidParameter)] // domains: MS-DFSC 3.2.5.2
    [InlineData(@"\EXAMPLE", NtStatus.InvalidParameter)] // domain controllers: MS-DFSC 3.2.5.3
    [InlineData(@"\example.org", NtStatus.InvalidParameter)]
    [InlineData(@"\example.org\SYSVOL", NtStatus.NotFound)]
    [InlineData(@"\example.org\NETLOGON", NtStatus.NotFound)]
    [InlineData(@"\server\other", NtStatus.NotFound)] // MS-DFSC 3.2.5.5
    [InlineData(@"\server\data", NtStatus.NotFound)]
    [InlineData(@"\server\IPC$", NtStatus.NotFound)]
    [InlineData(@"server\corp", NtStatus.InvalidParameter)]
    [InlineData(@"\server\\corp", NtStatus.InvalidParameter)]
    [InlineData(@"\\\", NtStatus.InvalidParameter)]
    public async Task What_the_server_does_not_know_is_refused(string path, NtStatus status)
    {
        AddNamespace();
        var tree = await Server.ConnectToAsync("IPC$");
        Assert.Equal(status, (await AskAsync(tree, path)).Status);
        Assert.Equal(status, (await AskAsync(tree, path, extended: true)).Status);
    }

    [Fact]
    public async Task Malformed_requests_are_refused_and_long_ones_answered()
    {
        AddNamespace();
        var tree = await Server.ConnectToAsync("IPC$");
        var whole = FsctlInput.Referrals(@"\server\corp\docs");
        byte[][] malformed = [[], [4], [4, 0], [4, 0, 0], whole[..^2], whole[..^1]];
        foreach (var input in malformed)
        {
            Assert.Equal(NtStatus.InvalidParameter, (await IoctlAsync(tree, FsControlCode.DfsGetReferrals, input)).Status);
            Assert.Equal(NtStatus.InvalidParameter, (await IoctlAsync(tree, FsControlCode.DfsGetReferralsEx, input)).Status);
        }

        Assert.Equal(NtStatus.InvalidParameter, (await AskAsync(tree, "\\server\\corp\0\\docs", extended: true)).Status);

        // 64 KiB of names: as deep as it gets, and one name alone.
        var deep = @"\server\corp\docs" + string.Concat(Enumerable.Repeat(@"\x", 16_000));
        Assert.Equal(@"\files\docs", Assert.Single((await ReferAsync(tree, deep)).Targets));
        var longest = @"\server\corp\" + new string('x', 32_000);
        Assert.Equal(@"\server\corp", Assert.Single((await ReferAsync(tree, longest)).Targets));
        var tooLong = @"\server\corp\" + new string('x', 33_000);
        Assert.Equal(NtStatus.InvalidParameter, (await AskAsync(tree, tooLong)).Status);
        var asServer = '\\' + new string('s', 20_000) + @"\corp";
        Assert.Equal(NtStatus.BufferOverflow, (await AskAsync(tree, asServer)).Status);
    }

    [Fact]
    public async Task A_request_that_names_an_open_is_refused()
    {
        AddNamespace();
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("file");
        var response = await tree.CallAsync(
            Smb2Command.Ioctl, RequestBody.Ioctl(FsControlCode.DfsGetReferrals, file.FileId, FsctlInput.Referrals(@"\server\corp")));
        Assert.Equal(NtStatus.InvalidParameter, response.Status);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_buffer_that_holds_no_entry_overflows_and_a_small_one_gets_the_best(bool extended)
    {
        var corp = AddNamespace();
        corp.Replace(
            new DfsContents
            {
                Links =
                [
                    new DfsLink("docs", new FixedTargets(
                        [.. Enumerable.Range(0, 20).Select(i => new DfsTarget($@"\files{i}\docs") { PriorityRank = i })],
                        TimeSpan.FromMinutes(1)))
                ],
            },
            FileTime.None);
        var tree = await Server.ConnectToAsync("IPC$");
        foreach (var room in new uint[] { 0, 7, 8, 41, 60 })
        {
            Assert.Equal(NtStatus.BufferOverflow, (await AskAsync(tree, @"\server\corp\docs", extended: extended, maxOutput: room)).Status);
        }

        var few = await ReferAsync(tree, @"\server\corp\docs", extended: extended, maxOutput: 300);
        Assert.Equal([@"\files0\docs", @"\files1\docs", @"\files2\docs"], few.Targets.Take(3));
        Assert.InRange(few.Entries.Count, 3, 19);
        var all = await ReferAsync(tree, @"\server\corp\docs", extended: extended);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $@"\files{i}\docs"), all.Targets);
        Assert.All(all.Entries, entry => Assert.Equal(4, entry.Flags)); // a set for each rank
    }

    [Fact]
    public async Task Flags_say_what_kind_of_targets_they_are()
    {
        var corp = AddNamespace();
        corp.Replace(
            new DfsContents
            {
                Links = [new DfsLink("other", Targets(@"\else\space")) { IsInterlink = true }, new DfsLink("none", Targets())],
                Roots = Targets(@"\one\corp", @"\two\corp"),
                TargetFailback = true,
            },
            FileTime.None);
        var tree = await Server.ConnectToAsync("IPC$");
        Assert.Equal(0x5u, (await ReferAsync(tree, @"\server\corp\other")).Flags);
        Assert.Equal(0x1u, (await ReferAsync(tree, @"\server\corp\other", 3)).Flags); // only version 4 knows failback
        Assert.Empty((await ReferAsync(tree, @"\server\corp\none")).Entries);
        var root = await ReferAsync(tree, @"\server\corp");
        Assert.Equal(0x7u, root.Flags);
        Assert.Equal([@"\one\corp", @"\two\corp"], root.Targets.Order());
        Assert.Equal([4, 0], root.Entries.Select(entry => (int)entry.Flags));
    }

    [Fact]
    public async Task Who_may_not_use_a_namespace_learns_nothing_of_it()
    {
        Start(new ServerSettings { AllowAnonymous = true, AllowGuest = true });
        AddNamespace();
        AddNamespace("bobs", new SharePermissions(
            new Dictionary<string, FileAccessMask> { [TestServer.Bob] = FileAccessMask.FileAllAccess },
            new Dictionary<string, FileAccessMask>(),
            FileAccessMask.None));
        AddNamespace("public", guests: true);
        var alice = await Server.ConnectToAsync("IPC$");
        Assert.Equal(NtStatus.AccessDenied, (await AskAsync(alice, @"\server\bobs\docs")).Status);
        Assert.Equal(NtStatus.AccessDenied, await alice.Session.TryConnectAsync("bobs"));
        var bob = await (await Server.LogOnAsync(user: TestServer.Bob)).ConnectAsync("IPC$");
        Assert.Single((await ReferAsync(bob, @"\server\bobs\docs")).Entries);
        foreach (var stranger in new[] { string.Empty, "nobody" })
        {
            var guest = await (await Server.Connect().LogOnAsync(stranger, string.Empty)).ConnectAsync("IPC$");
            Assert.Equal(NtStatus.AccessDenied, (await AskAsync(guest, @"\server\corp\docs")).Status);
            Assert.Single((await ReferAsync(guest, @"\server\public\docs")).Entries);
        }
    }

    [Theory]
    [InlineData(@"server\corp\docs")]
    [InlineData(@"server\corp\DOCS\a\b")]
    [InlineData(@"\server\corp\docs")] // Windows puts up with it
    [InlineData("server/corp/docs/a")]
    [InlineData(@"server\corp\docs\")]
    [InlineData(@"server\corp\docs:stream")]
    [InlineData(@"server\corp\docs\in*valid")]
    [InlineData(@"server\corp\x\..\docs\a")]
    [InlineData(@"any.other.name\corp\docs")]
    [InlineData(@"server\corp\team\one\plans")]
    public async Task A_dfs_name_that_leads_through_a_link_is_not_covered(string name)
    {
        AddNamespace();
        var tree = await Server.ConnectToAsync("corp");
        foreach (var options in new[] { CreateOptions.None, CreateOptions.DirectoryFile, CreateOptions.OpenReparsePoint })
        {
            Assert.Equal(NtStatus.PathNotCovered, await OpenAsync(tree, name, options, isDfsName: true));
        }

        Assert.Equal(NtStatus.PathNotCovered, await OpenAsync(tree, name, CreateOptions.None, true, CreateDisposition.Create));
        Assert.Equal(NtStatus.PathNotCovered, await OpenAsync(tree, name, CreateOptions.None, true, CreateDisposition.OverwriteIf));
    }

    [Theory]
    [InlineData("", NtStatus.Success)]
    [InlineData("server", NtStatus.Success)] // as Windows: less than both names is the root
    [InlineData(@"server\corp", NtStatus.Success)]
    [InlineData(@"server\corp\", NtStatus.Success)]
    [InlineData(@"\server\corp", NtStatus.Success)]
    [InlineData(@"server\corp\team", NtStatus.Success)]
    [InlineData(@"server\corp\TEAM\one", NtStatus.Success)]
    [InlineData(@"server\corp\nothing", NtStatus.ObjectNameNotFound)]
    [InlineData(@"server\corp\nothing\docs", NtStatus.ObjectPathNotFound)]
    [InlineData(@"server\corp\\team", NtStatus.InvalidParameter)]
    [InlineData(@"server\corp\..\docs", NtStatus.ObjectPathSyntaxBad)]
    [InlineData(@"server\corp\te*m", NtStatus.ObjectNameInvalid)]
    public async Task A_dfs_name_that_leads_nowhere_else_is_opened_here(string name, NtStatus status)
    {
        AddNamespace();
        var tree = await Server.ConnectToAsync("corp");
        Assert.Equal(status, await OpenAsync(tree, name, CreateOptions.None, isDfsName: true));
    }

    [Fact]
    public async Task A_plain_name_leads_elsewhere_too_but_the_link_itself_can_be_opened()
    {
        AddNamespace();
        var tree = await Server.ConnectToAsync("corp");
        Assert.Equal(NtStatus.PathNotCovered, await OpenAsync(tree, "docs"));
        Assert.Equal(NtStatus.PathNotCovered, await OpenAsync(tree, @"docs\a"));
        Assert.Equal(NtStatus.PathNotCovered, await OpenAsync(tree, @"docs\a", CreateOptions.OpenReparsePoint));
        Assert.Equal(NtStatus.Success, await OpenAsync(tree, "team"));
        var link = await tree.OpenAsync("docs", CreateDisposition.Open, FileAccessMask.ReadAttributes, options: CreateOptions.OpenReparsePoint);
        Assert.Equal(FileAttributes.Directory | FileAttributes.ReparsePoint, link.Answer.File.Attributes);
        var response = await tree.CallAsync(Smb2Command.Ioctl, RequestBody.Ioctl(FsControlCode.GetReparsePoint, link.FileId, []));
        Assert.Equal([0x0A, 0, 0, 0x80, 0, 0, 0, 0], IoctlAnswer.Parse(response.Message).Output);
    }

    [Fact]
    public async Task Elsewhere_a_dfs_name_is_a_name_like_any_other()
    {
        AddNamespace();
        var tree = await Server.ConnectToAsync();
        Assert.Equal(NtStatus.ObjectPathNotFound, await OpenAsync(tree, @"server\data\file", isDfsName: true));
        await (await tree.OpenAsync("file")).CloseAsync();
        Assert.Equal(NtStatus.Success, await OpenAsync(tree, "file", isDfsName: true));
    }

    [Fact]
    public async Task A_listing_shows_links_as_reparse_points()
    {
        AddNamespace();
        var tree = await Server.ConnectToAsync("corp");
        var root = await tree.OpenAsync(string.Empty, CreateDisposition.Open, FileAccessMask.FileGenericRead);
        var listed = await ListAsync(root);
        Assert.Equal([".", "..", "docs", "team"], listed.Select(file => file.Name));
        Assert.Equal((FileAttributes.Directory | FileAttributes.ReparsePoint, 0x8000000A), (listed[2].File.Attributes, listed[2].EaSize));
        Assert.Equal((FileAttributes.Directory, 0u), (listed[3].File.Attributes, listed[3].EaSize));
    }

    [Theory]
    [InlineData("new", CreateDisposition.Create)]
    [InlineData("new", CreateDisposition.OpenIf)]
    [InlineData(@"team\new", CreateDisposition.Create)]
    [InlineData(@"team\new", CreateDisposition.OverwriteIf)]
    public async Task Nothing_can_be_made_in_a_namespace(string name, CreateDisposition disposition)
    {
        AddNamespace();
        var tree = await Server.ConnectToAsync("corp");
        foreach (var access in new[] { SmbTestTree.ReadWrite, FileAccessMask.ReadData, FileAccessMask.MaximumAllowed })
        {
            var status = await tree.TryOpenAsync(name, disposition, access);
            Assert.True(status is NtStatus.MediaWriteProtected or NtStatus.AccessDenied, status.ToString());
            Assert.Equal(NtStatus.ObjectNameNotFound, await OpenAsync(tree, name));
        }
    }

    [Fact]
    public async Task Links_change_while_clients_are_connected()
    {
        var corp = AddNamespace();
        var tree = await Server.ConnectToAsync("corp");
        Assert.Equal(NtStatus.ObjectNameNotFound, await OpenAsync(tree, @"server\corp\new", isDfsName: true));
        corp.Replace(new DfsContents { Links = [new DfsLink("new", Targets(@"\files\new"))] }, FileTime.None);
        Assert.Equal(NtStatus.PathNotCovered, await OpenAsync(tree, @"server\corp\new", isDfsName: true));
        Assert.Equal([@"\files\new"], (await ReferAsync(tree, @"\server\corp\new\x")).Targets);
        Assert.Equal(NtStatus.ObjectNameNotFound, await OpenAsync(tree, @"server\corp\docs", isDfsName: true));
    }

    [Fact]
    public async Task A_share_can_go_elsewhere_and_come_back()
    {
        var tree = await Server.ConnectToAsync();
        await (await tree.OpenAsync("file")).CloseAsync();
        var share = Server.Graph.Shares.Find("data")!;
        var targets = new MovingTargets { Current = [new DfsTarget(@"\node2\data"), new DfsTarget(@"\node3\data") { PriorityRank = 1 }] };
        share.Dfs = new ShareElsewhere(targets);

        // Every CREATE, the root's too, by whatever kind of name; also on a tree connect from before.
        foreach (var name in new[] { string.Empty, "file", @"server\data\file", "new" })
        {
            Assert.Equal(NtStatus.PathNotCovered, await OpenAsync(tree, name, isDfsName: true));
            Assert.Equal(NtStatus.PathNotCovered, await OpenAsync(tree, name, CreateOptions.OpenReparsePoint));
            Assert.Equal(NtStatus.PathNotCovered, await OpenAsync(tree, name, CreateOptions.None, true, CreateDisposition.OpenIf));
        }

        var moved = await tree.Session.ConnectAsync("data");
        Assert.Equal(Smb2ShareFlags.Dfs | Smb2ShareFlags.DfsRoot, moved.Answer.Flags);
        Assert.Equal(Smb2ShareCapabilities.Dfs, moved.Answer.Capabilities);
        foreach (var path in new[] { @"\server\data", @"\server\DATA\a\b" })
        {
            var answer = await ReferAsync(moved, path);
            Assert.Equal((Storage, 24), (answer.Flags, answer.PathConsumed));
            Assert.Equal([@"\node2\data", @"\node3\data"], answer.Targets);
            Assert.All(answer.Entries, entry => Assert.Equal((0, 10u), (entry.ServerType, entry.TimeToLive)));
        }

        targets.Current = [];
        Assert.Empty((await ReferAsync(moved, @"\server\data")).Entries);
        targets.Current = [new DfsTarget(@"\node4\data")];
        Assert.Equal([@"\node4\data"], (await ReferAsync(moved, @"\server\data")).Targets);

        share.Dfs = null;
        Assert.Equal(NtStatus.Success, await OpenAsync(tree, "file"));
        Assert.Equal(Smb2ShareCapabilities.None, (await tree.Session.ConnectAsync("data")).Answer.Capabilities);
        Assert.Equal(NtStatus.FsDriverRequired, (await AskAsync(tree, @"\server\data")).Status);
    }

    private static FixedTargets Targets(params string[] paths) =>
        new([.. paths.Select(path => new DfsTarget(path))], TimeSpan.FromMinutes(30));

    private static async Task<NtStatus> OpenAsync(
        SmbTestTree tree, string name, CreateOptions options = CreateOptions.None, bool isDfsName = false,
        CreateDisposition disposition = CreateDisposition.Open)
    {
        var request = tree.Request(
            Smb2Command.Create, RequestBody.Create(name, FileAccessMask.ReadAttributes, disposition, ShareAccess.All, options));
        return (await tree.Session.CallAsync(request with { Flags = isDfsName ? Smb2HeaderFlags.Dfs : Smb2HeaderFlags.None })).Status;
    }

    private static async Task<IReadOnlyList<ListedFile>> ListAsync(SmbTestFile directory)
    {
        var response = await directory.Tree.CallAsync(
            Smb2Command.QueryDirectory,
            RequestBody.QueryDirectory(directory.FileId, "*", FileInformationClass.FileIdBothDirectoryInformation));
        return ListReader.Directory(
            FileInformationClass.FileIdBothDirectoryInformation, OutputBufferAnswer.Parse(response.Expect(NtStatus.Success).Message).Buffer);
    }

    private static Task<SmbTestResponse> AskAsync(
        SmbTestTree tree, string path, ushort maxLevel = 4, bool extended = false, uint maxOutput = 65536) => IoctlAsync(
            tree,
            extended ? FsControlCode.DfsGetReferralsEx : FsControlCode.DfsGetReferrals,
            extended ? FsctlInput.ReferralsEx(path, maxLevel, "Here") : FsctlInput.Referrals(path, maxLevel),
            maxOutput);

    private static Task<SmbTestResponse> IoctlAsync(SmbTestTree tree, FsControlCode code, byte[] input, uint maxOutput = 65536) =>
        tree.CallAsync(Smb2Command.Ioctl, RequestBody.Ioctl(code, NoFile, input, maxOutput), Math.Max(input.Length, maxOutput));

    private static async Task<DfsReferralAnswer> ReferAsync(
        SmbTestTree tree, string path, ushort maxLevel = 4, bool extended = false, uint maxOutput = 65536)
    {
        var response = await AskAsync(tree, path, maxLevel, extended, maxOutput);
        return DfsReferralAnswer.Parse(IoctlAnswer.Parse(response.Expect(NtStatus.Success).Message).Output);
    }

    /// <summary>A namespace with the links "docs" and "team\one\plans".</summary>
    private DfsNamespace AddNamespace(string name = "corp", SharePermissions? permissions = null, bool guests = false)
    {
        var made = new DfsNamespace(
            name,
            new DfsContents
            {
                Links = [new DfsLink("docs", Targets(@"\files\docs")), new DfsLink(@"team\one\plans", Targets(@"\files\plans\here"))],
            },
            new FileTime(116_444_736_000_000_000));
        Assert.True(Server.Graph.Shares.TryAdd(new Share
        {
            Name = name,
            Volume = new Volume(new NamespaceStore(made), new VolumeOptions()),
            ReadOnly = true,
            AllowGuest = guests,
            Permissions = permissions ?? SharePermissions.Everyone,
            Dfs = made,
        }));
        return made;
    }

    private sealed class MovingTargets : IDfsTargets
    {
        public IReadOnlyList<DfsTarget> Current { get; set; } = [];

        public TimeSpan TimeToLive => TimeSpan.FromSeconds(10);
    }
}
