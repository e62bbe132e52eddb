using System.Collections.Concurrent;
using System.Text.Json;
using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Creating;
using Smb3.Embedded.Files.Descriptors;
using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.Samples.AuditLog;
using Smb3.Embedded.Samples.Veto;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Physical;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Tests.Files;
using Smb3.Embedded.Tests.Storage;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Fscc;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>What hooks see of files is what happens, and what they forbid does not.</summary>
public sealed class FileHookTests : ProtocolTest, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Recorder _hooks = new();
    private PhysicalFileStore? _store;

    public static TheoryData<string, bool> Ways
    {
        get
        {
            var data = new TheoryData<string, bool>();
            foreach (var way in VetoedWays.Keys)
            {
                data.Add(way, false);
                data.Add(way, true);
            }

            return data;
        }
    }

    /// <summary>Ways to get a program onto a share, or at one that is there.</summary>
    private static Dictionary<string, Func<SmbTestTree, Task<NtStatus>>> VetoedWays { get; } = new()
    {
        ["create"] = tree => tree.TryOpenAsync("new.exe", CreateDisposition.Create),
        ["create in capitals"] = tree => tree.TryOpenAsync("NEW.EXE", CreateDisposition.OpenIf),
        ["create by supersede"] = tree => tree.TryOpenAsync("new.exe", CreateDisposition.Supersede),
        ["create with the type of the stream"] = tree => tree.TryOpenAsync("new.exe::$DATA", CreateDisposition.Create),
        ["create by a stream"] = tree => tree.TryOpenAsync("new.exe:x:$DATA", CreateDisposition.Create),
        ["create with a last dot"] = tree => tree.TryOpenAsync("new.exe.", CreateDisposition.Create),
        ["create with a mapped dot"] = tree => tree.TryOpenAsync("new.exe\uF029", CreateDisposition.Create),
        ["create with mapped spaces"] = tree => tree.TryOpenAsync("new.exe \uF028", CreateDisposition.Create),
        ["create behind .."] = tree => tree.TryOpenAsync("folder\\..\\new.exe", CreateDisposition.Create),
        ["create a stream"] = tree => tree.TryOpenAsync("file.txt:new.exe", CreateDisposition.Create),
        ["create deleting on close"] = tree => tree.TryOpenAsync("new.exe", CreateDisposition.Create, options: CreateOptions.DeleteOnClose),
        ["open"] = tree => tree.TryOpenAsync("program.executable"),
        ["open to see its attributes"] = tree => tree.TryOpenAsync("program.executable", access: FileAccessMask.ReadAttributes),
        ["open in capitals"] = tree => tree.TryOpenAsync("PROGRAM.EXECUTABLE"),
        ["open by its short name"] = tree => tree.TryOpenAsync("PROGRA~1.EXE"),
        ["open its stream"] = tree => tree.TryOpenAsync("program.executable:x", CreateDisposition.OpenIf),
        ["rename"] = tree => SetAsync(tree, FileInformationClass.FileRenameInformation, SetBuffer.Rename("new.exe")),
        ["rename with a type"] = tree => SetAsync(tree, FileInformationClass.FileRenameInformation, SetBuffer.Rename("new.exe::$DATA")),
        ["rename over"] = tree =>
            SetAsync(tree, FileInformationClass.FileRenameInformation, SetBuffer.Rename("program.executable", replaceIfExists: true)),
        ["rename by the other class"] = tree =>
            SetAsync(tree, FileInformationClass.FileRenameInformationEx, SetBuffer.RenameEx("new.exe", RenameFlags.PosixSemantics)),
        ["rename into a folder"] = tree => SetAsync(tree, FileInformationClass.FileRenameInformation, SetBuffer.Rename("FOLDER\\new.exe")),
        ["rename a stream"] = tree =>
            SetAsync(tree, FileInformationClass.FileRenameInformation, SetBuffer.Rename(":new.exe"), "file.txt:stream"),
        ["link"] = tree => SetAsync(tree, FileInformationClass.FileLinkInformation, SetBuffer.Rename("new.exe")),
        ["link over"] = tree =>
            SetAsync(tree, FileInformationClass.FileLinkInformation, SetBuffer.Rename("program.executable", replaceIfExists: true)),
        ["link by the other class"] = tree => SetAsync(tree, FileInformationClass.FileLinkInformationEx, SetBuffer.RenameEx("new.exe", 0)),
    };

    public void Dispose()
    {
        _store?.Dispose();
        _folder.Delete();
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_veto_of_names_cannot_be_walked_around(string way, bool physical)
    {
        var tree = await StartAsync(new NameVeto(".exe", ".executable"), physical);
        var before = await NamesAsync();
        Assert.Equal(NtStatus.AccessDenied, await VetoedWays[way](tree));
        Assert.Equal(before, await NamesAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_veto_of_names_leaves_all_others_alone(bool physical)
    {
        var tree = await StartAsync(new NameVeto(".exe", ".executable"), physical);
        Assert.Equal(NtStatus.Success, await tree.TryOpenAsync("exe", CreateDisposition.Create));
        Assert.Equal(NtStatus.Success, await tree.TryOpenAsync("a.exe.txt", CreateDisposition.Create));
        Assert.Equal(NtStatus.Success, await tree.TryOpenAsync("tools.exe", CreateDisposition.Create, options: CreateOptions.DirectoryFile));
        Assert.Equal(
            NtStatus.Success, await SetAsync(tree, FileInformationClass.FileRenameInformation, SetBuffer.Rename("tools.exe\\other.txt")));
        Assert.Equal(NtStatus.Success, await tree.TryOpenAsync(string.Empty, access: FileAccessMask.ReadData));
    }

    [Fact]
    public async Task A_symbolic_link_is_the_file_that_it_leads_to()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var tree = await StartAsync(new NameVeto(".exe", ".executable"), physical: true);
        File.CreateSymbolicLink(Path.Join(_folder.Path, "innocent.txt"), "program.executable");
        File.CreateSymbolicLink(Path.Join(_folder.Path, "way"), "folder");
        Assert.Equal(NtStatus.AccessDenied, await tree.TryOpenAsync("innocent.txt"));
        Assert.Equal(NtStatus.Success, await tree.TryOpenAsync("way\\new.txt", CreateDisposition.Create));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Hooks_see_what_is_there_and_not_what_was_written(bool physical)
    {
        var tree = await StartAsync(_hooks, physical);
        if (physical && OperatingSystem.IsLinux())
        {
            File.CreateSymbolicLink(Path.Join(_folder.Path, "way"), "folder");
            await Expect(tree.TryOpenAsync("WAY\\new.txt", CreateDisposition.Create), "open folder\\new.txt +");
            await Expect(tree.TryOpenAsync("way\\NEW.txt", options: CreateOptions.DeleteOnClose), "open folder\\new.txt", "delete folder\\new.txt OnClose");
        }

        await Expect(tree.TryOpenAsync("FILE.TXT::$data"), "open file.txt");
        await Expect(tree.TryOpenAsync("PROGRA~1.EXE"), "open program.executable");
        await Expect(tree.TryOpenAsync("File.txt:STREAM:$DATA"), "open file.txt:stream");
        await Expect(tree.TryOpenAsync("FOLDER:$I30:$INDEX_ALLOCATION", access: FileAccessMask.ReadData), "open folder\\");
        await Expect(tree.TryOpenAsync("FOLDER\\new", CreateDisposition.Create), "open folder\\new +");
        await Expect(tree.TryOpenAsync("FOLDER\\new:s", CreateDisposition.Create), "open folder\\new:s +");
        await Expect(
            SetAsync(tree, FileInformationClass.FileRenameInformation, SetBuffer.Rename(":other"), "FILE.txt:Stream"),
            "open file.txt:stream", "rename file.txt:stream -> file.txt:other");
        await Expect(
            SetAsync(tree, FileInformationClass.FileLinkInformation, SetBuffer.Rename("FOLDER\\LINK")),
            "open file.txt", "link file.txt -> folder\\LINK");
        await Expect(
            SetAsync(tree, FileInformationClass.FileLinkInformation, SetBuffer.Rename("program.executable", true), "folder\\NEW"),
            "open folder\\new", "link folder\\new -> program.executable over", "delete program.executable Replaced");
        await Expect(
            SetAsync(tree, FileInformationClass.FileRenameInformation, SetBuffer.Rename("FOLDER\\link", true), "PROGRAM.executable"),
            "open program.executable", "rename program.executable -> folder\\link over", "delete folder\\link Replaced");
        await Expect(
            SetAsync(tree, FileInformationClass.FileDispositionInformation, SetBuffer.Disposition(true), "Folder\\LINK"),
            "open folder\\link", "delete folder\\link Request");
        await Expect(
            SetAsync(tree, FileInformationClass.FileRenameInformation, SetBuffer.Rename("moved"), "FOLDER"),
            "open folder\\", "rename folder\\ -> moved\\");

        // What fails before anything would happen is not asked about.
        await Expect(tree.TryOpenAsync("nothing"), NtStatus.ObjectNameNotFound);
        await Expect(tree.TryOpenAsync("file.txt", CreateDisposition.Create), NtStatus.ObjectNameCollision);
    }

    [Theory]
    [InlineData("delete", "file.txt")]
    [InlineData("delete on close", "file.txt")]
    [InlineData("rename over", "other.txt")]
    [InlineData("link over", "other.txt")]
    public async Task No_deletion_goes_by_the_hook(string way, string path)
    {
        var tree = await StartAsync(_hooks, physical: false);
        await (await tree.OpenAsync("other.txt")).CloseAsync();
        _hooks.Forbids = "delete";
        var status = way switch
        {
            "delete" => await SetAsync(tree, FileInformationClass.FileDispositionInformation, SetBuffer.Disposition(true)),
            "delete on close" => await tree.TryOpenAsync("FILE.txt", options: CreateOptions.DeleteOnClose),
            "rename over" => await SetAsync(tree, FileInformationClass.FileRenameInformation, SetBuffer.Rename(path, true)),
            _ => await SetAsync(tree, FileInformationClass.FileLinkInformation, SetBuffer.Rename(path, true)),
        };
        Assert.Equal(NtStatus.AccessDenied, status);
        Assert.Equal(NtStatus.Success, await tree.TryOpenAsync("file.txt"));
        Assert.Equal(NtStatus.Success, await tree.TryOpenAsync("other.txt"));
    }

    [Fact]
    public async Task Rights_change_only_if_the_hook_lets_them()
    {
        var tree = await StartAsync(_hooks, physical: false);
        var file = await tree.OpenAsync("file.txt", access: FileAccessMask.FileAllAccess);
        var descriptor = new SecurityDescriptor { HasDacl = true, Dacl = new Acl([]) }.ToArray();
        var body = RequestBody.SetInfo(file.FileId, Smb2InfoType.Security, 0, descriptor, SecurityInformation.Dacl);
        _hooks.Forbids = "security";
        Assert.Equal(NtStatus.AccessDenied, (await tree.CallAsync(Smb2Command.SetInfo, body)).Status);
        _hooks.Forbids = null;
        _hooks.Clear();
        Assert.Equal(NtStatus.Success, (await tree.CallAsync(Smb2Command.SetInfo, body)).Status);
        Assert.Equal(["security file.txt Dacl"], _hooks.Events);
        await file.CloseAsync();
    }

    [Fact]
    public async Task A_close_says_what_was_moved_and_what_went()
    {
        var tree = await StartAsync(_hooks, physical: false);
        var file = await tree.OpenAsync("file.txt");
        await file.WriteAsync(0, new byte[1000]);
        await file.WriteAsync(1000, new byte[24]);
        Assert.Equal(100, (await file.ReadAsync(924, 1000)).Length);
        await file.CloseAsync();
        var close = Assert.Single(_hooks.Closed);
        Assert.Equal((100, 1024, false), (close.BytesRead, close.BytesWritten, close.Deleted));

        Assert.Equal(NtStatus.Success, await tree.TryOpenAsync("FILE.TXT", options: CreateOptions.DeleteOnClose));
        Assert.Equal(("data\\file.txt", true), (_hooks.Closed.Last().File.ToString(), _hooks.Closed.Last().Deleted));

        // A session that ends closes what it has open, and that is told too.
        await tree.OpenAsync("left open");
        await tree.Session.Connection.DisposeAsync();
        await TestServer.UntilAsync(() => _hooks.Closed.Any(one => one.File.Path == "left open"), "the close is told");
    }

    [Fact]
    public async Task A_hook_that_throws_forbids_and_is_a_fault()
    {
        var tree = await StartAsync(_hooks, physical: false, faults: true);
        _hooks.Throws = true;
        Assert.Equal(NtStatus.AccessDenied, await tree.TryOpenAsync("file.txt"));
        _hooks.Throws = false;
        var file = await tree.OpenAsync("file.txt");
        _hooks.Throws = true;
        Assert.Equal(
            NtStatus.AccessDenied,
            (await tree.CallAsync(
                Smb2Command.SetInfo,
                RequestBody.SetFile(file.FileId, FileInformationClass.FileRenameInformation, SetBuffer.Rename("x")))).Status);
        await file.CloseAsync();
        Assert.True(Server.Logged("OnOpenAsync") && Server.Logged("OnRenameAsync") && Server.Logged("OnClosed"));
        _hooks.Throws = false;
    }

    [Fact]
    public async Task The_audit_log_has_a_line_of_JSON_for_each_event()
    {
        var lines = new MemoryStream();
        var audit = new JsonAuditLog(lines); // its stream is the test's, and the sessions end after it
        var tree = await StartAsync(audit, physical: false);
        Assert.Equal(NtStatus.Success, await tree.TryOpenAsync("two\uF00Alines\u2028{}", CreateDisposition.Create));
        Assert.Equal(NtStatus.Success, await SetAsync(tree, FileInformationClass.FileRenameInformation, SetBuffer.Rename("new.txt")));
        Assert.Equal(NtStatus.Success, await tree.TryOpenAsync("new.txt", options: CreateOptions.DeleteOnClose));
        var text = System.Text.Encoding.UTF8.GetString(lines.ToArray());
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        var events = text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.Equal(
            ["logon", "connect", "create", "close", "open", "rename", "close", "open", "delete", "close"],
            events.Select(one => one.GetProperty("event").GetString()));
        Assert.All(events, one => Assert.Equal("alice", one.GetProperty("user").GetString()));
        Assert.Equal("new.txt", events[5].GetProperty("target").GetProperty("path").GetString());
        Assert.True(events[^1].GetProperty("deleted").GetBoolean());
    }

    private static async Task<NtStatus> SetAsync(
        SmbTestTree tree, FileInformationClass informationClass, byte[] buffer, string path = "file.txt")
    {
        var file = await tree.OpenAsync(path, CreateDisposition.Open, FileAccessMask.Delete | FileAccessMask.ReadAttributes);
        var response = await tree.CallAsync(Smb2Command.SetInfo, RequestBody.SetFile(file.FileId, informationClass, buffer));
        await file.CloseAsync();
        return response.Status;
    }

    private async Task Expect(Task<NtStatus> call, params string[] events)
    {
        Assert.Equal(NtStatus.Success, await call);
        Assert.Equal(events, _hooks.Events);
        _hooks.Clear(); // for the next one, which begins before this method is called
    }

    private async Task Expect(Task<NtStatus> call, NtStatus status)
    {
        Assert.Equal(status, await call);
        Assert.Empty(_hooks.Events);
    }

    /// <summary>A server with folder\, file.txt, file.txt:stream and program.executable, made without any hook.</summary>
    private async Task<SmbTestTree> StartAsync(SmbServerHooks hooks, bool physical, bool faults = false)
    {
        _store = physical ? new PhysicalFileStore(_folder.Path) : null;
        Start(new TestServerOptions { Hooks = hooks, FaultsExpected = faults, Store = _store is null ? null : _ => _store });
        foreach (var path in new[] { "folder", "file.txt", "file.txt:stream", "program.executable" })
        {
            var made = await Server.Volume.CreateAsync(
                new CreateParameters
                {
                    Path = path,
                    Caller = TestVolume.Alice,
                    DesiredAccess = FileAccessMask.FileAllAccess,
                    Disposition = CreateDisposition.OpenIf,
                    Options = path == "folder" ? CreateOptions.DirectoryFile : CreateOptions.None,
                },
                CancellationToken.None);
            Assert.Equal(NtStatus.Success, made.Status);
            var open = new SecurityDescriptor { HasDacl = true, Dacl = new Acl([Ace.Allow(WellKnownSids.Everyone, FileAccessMask.FileAllAccess)]) };
            await made.Open!.SetSecurityAsync(SecurityInformation.Dacl, open.ToArray(), CancellationToken.None);
            await made.Open!.CloseAsync();
        }

        return await Server.ConnectToAsync();
    }

    private async Task<string> NamesAsync()
    {
        await using var root = (await Server.Volume.Store.OpenAsync(StorePath.Root, StoreAccess.Metadata, CancellationToken.None)).Value;
        await using var listing = (await root.ListAsync(CancellationToken.None)).Value;
        var entries = new StoreEntry[32];
        var count = (await listing.ReadAsync(entries, CancellationToken.None)).Value;
        return string.Join('|', entries.Take(count).Select(entry => $"{entry.Name} {entry.Metadata.FileId}").Order(StringComparer.Ordinal));
    }

    private sealed class Recorder : SmbServerHooks
    {
        private readonly ConcurrentQueue<string> _events = new();
        private readonly ConcurrentQueue<SmbCloseInfo> _closed = new();

        public IReadOnlyCollection<string> Events => _events;

        public IReadOnlyCollection<SmbCloseInfo> Closed => _closed;

        public string? Forbids { get; set; }

        public bool Throws { get; set; }

        public void Clear() => _events.Clear();

        public override ValueTask<bool> OnOpenAsync(SmbSessionInfo session, SmbOpenInfo open, CancellationToken cancellationToken) =>
            Answer("open", $"{Text(open.File)}{(open.Exists ? string.Empty : " +")}");

        public override ValueTask<bool> OnRenameAsync(SmbSessionInfo session, SmbRenameInfo rename, CancellationToken cancellationToken) =>
            Answer("rename", $"{Text(rename.Source)} -> {Text(rename.Target)}{(rename.Replaces ? " over" : string.Empty)}");

        public override ValueTask<bool> OnLinkAsync(SmbSessionInfo session, SmbLinkInfo link, CancellationToken cancellationToken) =>
            Answer("link", $"{Text(link.File)} -> {Text(link.Link)}{(link.Replaces ? " over" : string.Empty)}");

        public override ValueTask<bool> OnDeleteAsync(SmbSessionInfo session, SmbDeleteInfo delete, CancellationToken cancellationToken) =>
            Answer("delete", $"{Text(delete.File)} {delete.Cause}");

        public override ValueTask<bool> OnSetSecurityAsync(
            SmbSessionInfo session, SmbSecurityInfo security, CancellationToken cancellationToken) =>
            Answer("security", $"{Text(security.File)} {security.Parts}");

        public override void OnClosed(SmbSessionInfo session, SmbCloseInfo close)
        {
            _closed.Enqueue(close);
            if (Throws)
            {
                throw new InvalidOperationException("The hook is broken.");
            }
        }

        private static string Text(SmbFileName file) =>
            file.Path + (file.StreamType == "$DATA" ? string.Empty : "\\") + (file.Stream.Length > 0 ? ":" + file.Stream : string.Empty);

        private ValueTask<bool> Answer(string kind, string what)
        {
            _events.Enqueue($"{kind} {what}");
            return Throws ? throw new InvalidOperationException("The hook is broken.") : new(Forbids != kind);
        }
    }
}
