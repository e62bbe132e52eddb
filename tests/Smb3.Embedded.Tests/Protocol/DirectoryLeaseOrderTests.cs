using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Fscc;
using Smb3.Embedded.Wire.Io;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>
/// Breaks of directory leases on the wire: behind the answer to the request that changed the listing, one client after the other, and earlier
/// only where somebody needs them. Client and server share a thread, so that what is sent first arrives first.
/// </summary>
[Trait("Transport", "own")] // the order between connections
public sealed class DirectoryLeaseOrderTests : ProtocolTest
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly StoreFaults _faults = new();
    private readonly List<string> _told = [];
    private Func<bool> _isAnswered = static () => false;

    private static Smb2LeaseState ReadHandle => Smb2LeaseState.Read | Smb2LeaseState.Handle;

    [Theory]
    [InlineData("rename", "data")]
    [InlineData("rename", "sealed")]
    [InlineData("replace", "data")]
    [InlineData("link", "data")]
    [InlineData("delete", "data")]
    [InlineData("written", "data")]
    [InlineData("create", "data")]
    [InlineData("create", "sealed")]
    public async Task Who_caches_a_listing_is_told_behind_the_answer_in_the_order_of_the_leases(string what, string share)
    {
        var tree = await StartAsync(share);
        var file = await tree.OpenAsync(@"d\f");
        await (await tree.OpenAsync(@"d\victim")).CloseAsync();
        if (what == "delete")
        {
            await SetAsync(file, FileInformationClass.FileDispositionInformation, SetBuffer.Disposition(true));
        }
        else if (what == "written")
        {
            await file.WriteAsync(0, [1]);
        }

        foreach (var names in new[] { "BC", "CB" })
        {
            var holders = new List<SmbTestTree>();
            foreach (var name in names)
            {
                holders.Add(await LeaseAsync(name, "d", share));
            }

            _told.Clear();
            await CallAsync(tree, what switch
            {
                "rename" => Set(file, FileInformationClass.FileRenameInformation, SetBuffer.Rename(names == "BC" ? @"d\g" : @"d\h")),
                "replace" => Set(file, FileInformationClass.FileRenameInformation, SetBuffer.Rename(@"d\victim", replaceIfExists: true)),
                "link" => Set(file, FileInformationClass.FileLinkInformation, SetBuffer.Rename(names == "BC" ? @"d\g" : @"d\h")),
                "create" => tree.Request(Smb2Command.Create, RequestBody.Create(names == "BC" ? @"d\g" : @"d\h")),
                _ => tree.Request(Smb2Command.Close, RequestBody.Close(file.FileId)),
            });
            Assert.Equal([$"{names[0]} after", $"{names[1]} after"], _told);
            foreach (var holder in holders)
            {
                await holder.Session.Connection.DisposeAsync();
            }

            if (what is "replace" or "delete" or "written")
            {
                break;
            }
        }
    }

    [Theory]
    [InlineData("attributes")]
    [InlineData("end")]
    public async Task What_only_changes_how_an_entry_looks_is_told_before_it_is_answered(string what)
    {
        var tree = await StartAsync();
        var file = await tree.OpenAsync(@"d\f");
        await LeaseAsync('B', "d");
        await CallAsync(tree, what == "end"
            ? Set(file, FileInformationClass.FileEndOfFileInformation, SetBuffer.Size(7))
            : Set(file, FileInformationClass.FileBasicInformation, SetBuffer.Basic(new BasicInformation(0, 0, 0, 0, FileAttributes.Hidden))));
        Assert.Equal(["B before"], _told);
    }

    [Fact]
    public async Task A_move_tells_those_of_the_old_directory_first()
    {
        var tree = await StartAsync();
        await (await tree.OpenAsync("e", options: CreateOptions.DirectoryFile)).CloseAsync();
        var file = await tree.OpenAsync(@"d\f");
        await LeaseAsync('N', "e");
        await LeaseAsync('O', "d");
        await CallAsync(tree, Set(file, FileInformationClass.FileRenameInformation, SetBuffer.Rename(@"e\f")));
        Assert.Equal(["O after", "N after"], _told);
    }

    [Fact]
    public async Task A_name_that_goes_because_the_file_has_the_new_one_already_is_told_too()
    {
        var tree = await StartAsync();
        var file = await tree.OpenAsync(@"d\f");
        await SetAsync(file, FileInformationClass.FileLinkInformation, SetBuffer.Rename(@"d\g"));
        await LeaseAsync('B', "d");
        await CallAsync(tree, Set(file, FileInformationClass.FileRenameInformation, SetBuffer.Rename(@"d\g", replaceIfExists: true)));
        Assert.Equal(["B after"], _told);
        Assert.Equal(NtStatus.ObjectNameNotFound, await tree.TryOpenAsync(@"d\f"));
        Assert.Equal(NtStatus.Success, await tree.TryOpenAsync(@"d\g"));
    }

    [Fact]
    public async Task The_client_itself_is_told_behind_the_answer_too_unless_it_names_its_lease()
    {
        var tree = await StartAsync();
        var key = Guid.NewGuid();
        await OpenLeasedAsync(tree, "d", key, CreateOptions.DirectoryFile);
        var spared = await OpenLeasedAsync(tree, @"d\f", Guid.NewGuid(), parent: key);
        await LeaseAsync('B', "d");
        _told.Clear();
        Observe('A', tree);
        await CallAsync(tree, Set(spared, FileInformationClass.FileRenameInformation, SetBuffer.Rename(@"d\g")));
        Assert.Equal(["B after"], _told);
        await spared.CloseAsync();
        var other = await tree.OpenAsync(@"d\g");
        _told.Clear();
        await CallAsync(tree, Set(other, FileInformationClass.FileRenameInformation, SetBuffer.Rename(@"d\h")));
        Assert.Equal(["A after"], _told);
    }

    [Fact]
    public async Task A_compound_is_answered_as_a_whole_before_the_breaks_that_it_causes()
    {
        var tree = await StartAsync();
        var file = await tree.OpenAsync(@"d\f");
        await LeaseAsync('B', "d");
        await LeaseAsync('C', "d");
        _told.Clear();
        var calls = await SendAsync(tree,
            Set(file, FileInformationClass.FileRenameInformation, SetBuffer.Rename(@"d\g")),
            Set(file, FileInformationClass.FileRenameInformation, SetBuffer.Rename(@"d\h")),
            tree.Request(Smb2Command.Close, RequestBody.Close(file.FileId)));
        foreach (var call in calls)
        {
            await call.ExpectAsync(NtStatus.Success);
        }

        Assert.Equal(["B after", "C after"], _told);
    }

    [Fact]
    public async Task A_request_of_the_compound_that_waits_for_another_client_lets_the_breaks_go_first()
    {
        var tree = await StartAsync();
        var file = await tree.OpenAsync(@"d\f");
        var locked = await tree.OpenAsync("locked");
        var holder = await LeaseAsync('B', "d");
        var held = await holder.OpenAsync("locked");
        Assert.Equal(NtStatus.Success, await held.LockAsync(0, 1));
        _told.Clear();
        var calls = await SendAsync(tree,
            Set(file, FileInformationClass.FileRenameInformation, SetBuffer.Rename(@"d\g")),
            locked.LockRequest(0, 1),
            tree.Request(Smb2Command.Close, RequestBody.Close(file.FileId)));
        Assert.Equal(["B before"], _told);
        Assert.False(calls[0].IsAnswered);
        Assert.Equal(NtStatus.Success, await held.LockAsync(0, 1, LockFlags.Unlock));
        foreach (var call in calls)
        {
            await call.ExpectAsync(NtStatus.Success);
        }
    }

    [Fact]
    public async Task A_request_of_the_compound_that_needs_the_lease_itself_lets_its_break_go_first()
    {
        var tree = await StartAsync();
        var file = await tree.OpenAsync(@"d\f");
        var holder = await LeaseAsync('B', "d");
        _told.Clear();
        var open = RequestBody.Create("d", FileAccessMask.FileGenericRead, CreateDisposition.Open, options: CreateOptions.DirectoryFile);
        var calls = await SendAsync(tree,
            Set(file, FileInformationClass.FileRenameInformation, SetBuffer.Rename(@"d\g")), tree.Request(Smb2Command.Create, open));
        await calls[1].ExpectAsync(NtStatus.Success);
        Assert.Equal(["B before"], _told);
        await holder.Session.Connection.DisposeAsync();
    }

    [Fact]
    public async Task A_compound_that_takes_long_keeps_nobody_from_being_told()
    {
        var tree = await StartAsync();
        var file = await tree.OpenAsync(@"d\f");
        await LeaseAsync('B', "d");
        _faults.WriteGate.Close();
        _told.Clear();
        var calls = await SendAsync(tree,
            Set(file, FileInformationClass.FileRenameInformation, SetBuffer.Rename(@"d\g")),
            file.WriteRequest(0, [1]),
            tree.Request(Smb2Command.Close, RequestBody.Close(file.FileId)));
        Assert.Empty(_told);
        _time.Advance(new ServerSettings().InterimResponseDelay + TimeSpan.FromMilliseconds(1));
        Assert.Equal(["B before"], _told);
        _faults.WriteGate.Open();
        foreach (var call in calls)
        {
            await call.ExpectAsync(NtStatus.Success);
        }
    }

    [Theory]
    [InlineData("change")]
    [InlineData("lease")]
    public async Task Another_client_that_needs_the_break_has_it_sent_before_the_answer(string what)
    {
        var tree = await StartAsync();
        var file = await OpenUnmarkedAsync(tree);
        await LeaseAsync('B', "d");
        var other = await Server.ConnectToAsync();
        var call = await BeginRenameAsync(file);
        if (what == "lease")
        {
            await OpenLeasedAsync(other, "d", Guid.NewGuid(), CreateOptions.DirectoryFile);
        }
        else
        {
            await other.OpenAsync(@"d\other");
        }

        Assert.Equal(["B before"], _told);
        Go();
        await call.ExpectAsync(NtStatus.Success);
        Assert.Single(_told);
    }

    [Fact]
    public async Task The_death_of_the_client_that_caused_a_break_does_not_keep_it_back()
    {
        var tree = await StartAsync();
        var file = await OpenUnmarkedAsync(tree);
        await LeaseAsync('B', "d");
        await BeginRenameAsync(file);
        await tree.Session.Connection.DisposeAsync();
        Assert.Empty(_told);
        Go();
        await TestServer.UntilAsync(() => _told.Count == 1, "the other client is told");
    }

    private TaskCompletionSource? _going;

    private static async Task<SmbTestFile> OpenUnmarkedAsync(SmbTestTree tree)
    {
        var file = await tree.OpenAsync(@"d\f");
        var normal = new BasicInformation(0, 0, 0, 0, FileAttributes.Normal);
        await SetAsync(file, FileInformationClass.FileBasicInformation, SetBuffer.Basic(normal));
        return file;
    }

    /// <summary>A rename that has happened, and whose archive attribute is still being set.</summary>
    private async Task<SmbTestCall> BeginRenameAsync(SmbTestFile file)
    {
        Assert.Empty(_told);
        _going = new TaskCompletionSource();
        _faults.Setting = () => _going.Task;
        var call = await file.Tree.Session.Connection.SendAsync(Set(file, FileInformationClass.FileRenameInformation, SetBuffer.Rename(@"d\g")));
        _isAnswered = () => call.IsAnswered;
        Assert.Empty(_told);
        return call;
    }

    private void Go()
    {
        _faults.Setting = static () => Task.CompletedTask;
        _going!.SetResult();
    }

    private async Task<SmbTestTree> StartAsync(string share = "data")
    {
        Start(new TestServerOptions
        {
            Inline = true,
            Transport = TestTransport.InMemory,
            Settings = new ServerSettings { TimeProvider = _time },
            Store = store => new FaultyStore(store, _faults),
        });
        var tree = await Server.ConnectToAsync(share);
        await (await tree.OpenAsync("d", options: CreateOptions.DirectoryFile)).CloseAsync();
        return tree;
    }

    /// <summary>Another client caches a directory, and what it is told of is noted.</summary>
    private async Task<SmbTestTree> LeaseAsync(char name, string path, string share = "data")
    {
        var tree = await Server.ConnectToAsync(share);
        await OpenLeasedAsync(tree, path, Guid.NewGuid(), CreateOptions.DirectoryFile);
        Observe(name, tree);
        return tree;
    }

    private void Observe(char name, SmbTestTree tree) =>
        tree.Session.Connection.Unsolicited = _ => _told.Add(name + (_isAnswered() ? " after" : " before"));

    private static async Task<SmbTestFile> OpenLeasedAsync(
        SmbTestTree tree, string path, Guid key, CreateOptions options = CreateOptions.None, Guid? parent = null)
    {
        var lease = new LeaseContext
        {
            Version = 2,
            LeaseKey = key,
            State = ReadHandle,
            Flags = parent is null ? LeaseFlags.None : LeaseFlags.ParentLeaseKeySet,
            ParentLeaseKey = parent ?? Guid.Empty,
        };
        var access = options == CreateOptions.DirectoryFile ? FileAccessMask.FileGenericRead : SmbTestTree.ReadWrite;
        var body = RequestBody.Create(
            path, access, options: options, oplock: Smb2OplockLevel.Lease, contexts: (ref CreateContextWriter writer) => writer.Lease(lease));
        var answer = CreateAnswer.Parse((await tree.CallAsync(Smb2Command.Create, body)).Expect(NtStatus.Success).Message);
        Assert.Equal(ReadHandle, answer.Lease!.Value.State);
        return new SmbTestFile(tree, answer);
    }

    private static SmbTestRequest Set(SmbTestFile file, FileInformationClass informationClass, byte[] buffer) =>
        file.Tree.Request(Smb2Command.SetInfo, RequestBody.SetFile(file.FileId, informationClass, buffer));

    private static async Task SetAsync(SmbTestFile file, FileInformationClass informationClass, byte[] buffer) =>
        (await file.Tree.Session.CallAsync(Set(file, informationClass, buffer))).Expect(NtStatus.Success);

    private async Task CallAsync(SmbTestTree tree, SmbTestRequest request) => await (await SendAsync(tree, request))[0].ExpectAsync(NtStatus.Success);

    /// <summary>Sends one message; the credits that its answers give tell whether all of them have arrived.</summary>
    private async Task<SmbTestCall[]> SendAsync(SmbTestTree tree, params SmbTestRequest[] requests)
    {
        var connection = tree.Session.Connection;
        await connection.EnsureCreditsAsync(requests.Length);
        var credits = connection.Credits;
        _isAnswered = () => connection.Credits >= credits;
        return await connection.SendAsync(requests);
    }
}
