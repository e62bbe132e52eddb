using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Fscc;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol.Persistence;

/// <summary>
/// A CREATE that makes or overwrites a file, and whose process dies at any moment of it: when it is sent again, it is answered as the first
/// would have been, and has done what it was to do, once.
/// </summary>
public sealed class PersistentCreateTests : PersistentTest
{
    private static readonly CancellationToken None = CancellationToken.None;

    private Mortality _life = new();

    [Theory]
    [InlineData(CreateDisposition.Create, "f", false, CreateOptions.None)]
    [InlineData(CreateDisposition.OpenIf, "f", false, CreateOptions.None)]
    [InlineData(CreateDisposition.OverwriteIf, "f", false, CreateOptions.None)]
    [InlineData(CreateDisposition.Supersede, "f", false, CreateOptions.DeleteOnClose)]
    [InlineData(CreateDisposition.Create, "d", false, CreateOptions.DirectoryFile)]
    [InlineData(CreateDisposition.Create, "f:s", false, CreateOptions.None)]
    [InlineData(CreateDisposition.OpenIf, "f:s", true, CreateOptions.None)]
    [InlineData(CreateDisposition.Overwrite, "f", true, CreateOptions.None)]
    [InlineData(CreateDisposition.OverwriteIf, "f", true, CreateOptions.None)]
    [InlineData(CreateDisposition.Supersede, "f", true, CreateOptions.None)]
    [InlineData(CreateDisposition.OpenIf, "f", true, CreateOptions.None)]
    public async Task Its_replay_is_answered_as_it_would_have_been(CreateDisposition disposition, string name, bool exists, CreateOptions options)
    {
        for (var step = 0; ; step++)
        {
            Start(StoreOptions());
            var memory = Server.Memory;
            var expected = CreateAction.Created;
            var takesAttributes = (options & CreateOptions.DirectoryFile) == 0;
            if (exists)
            {
                await MakeOldAsync("f");
                expected = name != "f" ? CreateAction.Created
                    : disposition is CreateDisposition.Supersede ? CreateAction.Superseded
                    : disposition is CreateDisposition.OpenIf ? CreateAction.Opened : CreateAction.Overwritten;
            }

            var tree = await Server.ConnectToAsync("ca", Client);
            var request = Create(
                tree, name, Wish(takesAttributes), takesAttributes ? Smb2OplockLevel.Lease : Smb2OplockLevel.None, disposition: disposition, options: options);
            _life.DieAfter(step);
            var first = await tree.Session.CallAsync(request);
            var died = _life.IsDead;
            Assert.Equal(died, first.Status != NtStatus.Success);
            if (!died)
            {
                Die(); // before any later commit
            }

            await RiseAsync(memory);
            var next = await Server.ConnectToAsync("ca", Client);
            var again = await AnswerAsync(next, Again(request, next));
            Assert.Equal(expected, again.Action);
            Assert.Equal((60_000u, DurableHandleFlags.Persistent), Granted(again));
            Assert.Equal(1, Server.Volume.OpenCount);
            if (takesAttributes)
            {
                Assert.Equal(ReadWriteHandle, again.Lease!.Value.State);
                if (!died)
                {
                    var answer = CreateAnswer.Parse(first.Message);
                    Assert.Equal((answer.FileId.Persistent, answer.Lease!.Value.Epoch), (again.FileId.Persistent, again.Lease!.Value.Epoch));
                }
            }

            await CheckAsync(memory, name, expected, takesAttributes && (name == "f" || !exists) && expected != CreateAction.Opened);
            var file = new SmbTestFile(next, again);
            if (takesAttributes)
            {
                Assert.Equal(expected == CreateAction.Opened ? 3 : 0, again.File.EndOfFile);
                await file.WriteAsync(0, [9]);
            }

            await file.CloseAsync();
            Assert.Equal(
                (options & CreateOptions.DeleteOnClose) != 0 ? NtStatus.ObjectNameNotFound : NtStatus.Success, await next.TryOpenAsync(name));
            Assert.Equal(0, Server.Graph.Opens.Persistent.Count);
            await Server.Volume.CommitAsync();
            Assert.Empty(Journal.Records);
            if (!died)
            {
                Assert.True(step > 1 || expected == CreateAction.Opened, "it died nowhere");
                return;
            }

            await Server.DisposeAsync();
            Journal = new();
        }
    }

    [Fact]
    public async Task To_make_or_open_a_file_costs_one_commit_and_to_overwrite_one_two()
    {
        StartContinuous();
        var tree = await Server.ConnectToAsync("ca", Client);
        Assert.Equal((CreateAction.Created, 1), await CommitsAsync(CreateDisposition.Create));
        Assert.Equal((CreateAction.Opened, 1), await CommitsAsync(CreateDisposition.Open));
        Assert.Equal((CreateAction.Overwritten, 2), await CommitsAsync(CreateDisposition.Overwrite));
        Assert.Equal((CreateAction.Superseded, 2), await CommitsAsync(CreateDisposition.Supersede));

        async Task<(CreateAction, int)> CommitsAsync(CreateDisposition disposition)
        {
            var before = Journal.Commits;
            var request = Create(tree, "f", Persistent(Guid.NewGuid(), lease: ReadWriteHandle), Smb2OplockLevel.Lease, disposition: disposition);
            var answer = await AnswerAsync(tree, request);
            var commits = Journal.Commits - before;
            await new SmbTestFile(tree, answer).CloseAsync();
            return (answer.Action, commits);
        }
    }

    [Fact]
    public async Task What_nobody_comes_for_is_an_ordinary_file()
    {
        Start(StoreOptions());
        var memory = Server.Memory;
        var tree = await Server.ConnectToAsync("ca", Client);
        _life.DieAfter(2);
        Assert.NotEqual(NtStatus.Success, (await tree.Session.CallAsync(Create(tree, "f", Persistent(), disposition: CreateDisposition.Create))).Status);
        await RiseAsync(memory);
        var other = await Server.ConnectToAsync("ca");
        Assert.Equal(NtStatus.FileNotAvailable, await other.TryOpenAsync("f")); // as if the first one had been answered
        Clock.Advance(TimeSpan.FromSeconds(61));
        await TestServer.UntilAsync(() => Server.Volume.OpenCount == 0, "its time is over");
        await (await other.OpenAsync("f")).CloseAsync();
        await Server.Volume.CommitAsync();
        Assert.Empty(Journal.Records);
    }

    [Fact]
    public async Task What_it_had_not_made_yet_is_anybodys()
    {
        Start(StoreOptions());
        var memory = Server.Memory;
        var tree = await Server.ConnectToAsync("ca", Client);
        var request = Create(tree, "f", Persistent(), disposition: CreateDisposition.Create);
        _life.DieAfter(0);
        Assert.NotEqual(NtStatus.Success, (await tree.Session.CallAsync(request)).Status);
        await RiseAsync(memory);
        var other = await Server.ConnectToAsync("ca");
        var made = await other.OpenAsync("f", disposition: CreateDisposition.Create);
        await made.WriteAsync(0, [1, 2]);
        await made.CloseAsync();

        // It is too late, as it would have been if the other one had come first.
        var next = await Server.ConnectToAsync("ca", Client);
        Assert.Equal(NtStatus.ObjectNameCollision, (await next.Session.CallAsync(Again(request, next))).Status);
    }

    [Fact]
    public async Task A_create_that_failed_leaves_nothing_that_could_take_the_file_of_another()
    {
        Start(StoreOptions());
        var tree = await Server.ConnectToAsync("ca", Client);
        var commits = Journal.Commits;
        var request = Create(tree, "f", Persistent(), disposition: CreateDisposition.Create);
        _life.IsFull = true;
        Assert.Equal(NtStatus.DiskFull, (await tree.Session.CallAsync(request)).Status);
        Assert.Equal(commits + 2, Journal.Commits); // what it was about to do, and that nothing has come of it
        Assert.Empty(Journal.Records);
        Assert.Equal(0, Server.Graph.Opens.Persistent.Count);
        _life.IsFull = false;
        Assert.Equal(CreateAction.Created, (await AnswerAsync(tree, request)).Action);
    }

    [Fact]
    public async Task No_write_is_answered_that_an_overwrite_could_still_undo()
    {
        Start(StoreOptions());
        await MakeOldAsync("f");
        var other = await Server.ConnectToAsync("ca");
        var writer = await other.OpenAsync("f");
        var tree = await Server.ConnectToAsync("ca", Client);
        var hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Journal.Noted = open =>
        {
            if (open.Capture() is { Plan: null })
            {
                Journal.Hold = hold; // the file is empty now, and a new process would still empty it again
            }
        };
        var commits = Journal.Commits;
        var running = await tree.Session.Connection.SendAsync(Create(tree, "f", Persistent(), disposition: CreateDisposition.OverwriteIf));
        await TestServer.UntilAsync(() => Journal.Commits >= commits + 2, "it waits for its second commit");
        var write = writer.TryWriteAsync(0, [1, 2, 3]);
        await Assert.ThrowsAsync<TimeoutException>(() => write.WaitAsync(TimeSpan.FromMilliseconds(300)));
        Journal.Noted = null;
        Journal.Hold = null;
        hold.SetResult();
        Assert.Equal(NtStatus.Success, await write);
        await running.ExpectAsync(NtStatus.Success);
    }

    [Fact]
    public async Task A_stream_that_was_just_being_renamed_is_found_by_either_name()
    {
        for (var step = 0; ; step++)
        {
            Start(StoreOptions());
            var memory = Server.Memory;
            var tree = await Server.ConnectToAsync("ca", Client);
            var file = new SmbTestFile(tree, await OpenAsync(tree, "f:s", access: SmbTestTree.ReadWrite | FileAccessMask.Delete));
            await file.WriteAsync(0, [1, 2, 3]);
            _life.DieAfter(step);
            var renamed = await tree.CallAsync(Smb2Command.SetInfo, RequestBody.SetFile(
                file.FileId, FileInformationClass.FileRenameInformation, SetBuffer.Rename(":t")));
            var died = _life.IsDead;
            Assert.Equal(died, renamed.Status != NtStatus.Success);
            if (!died)
            {
                Die();
            }

            await RiseAsync(memory);
            var next = await Server.ConnectToAsync("ca", Client);
            var back = await BackAsync(next, "f:s", file.FileId);
            Assert.Equal([1, 2, 3], await back.ReadAsync(0, 3));
            await back.CloseAsync();
            if (!died)
            {
                Assert.Equal(2, step); // before and after
                return;
            }

            await Server.DisposeAsync();
            Journal = new();
        }
    }

    [Theory]
    [InlineData("f", ":t", false)]
    [InlineData("f", ":t", true)]
    [InlineData("f:s", "::$DATA", true)]
    public async Task Data_that_was_just_becoming_a_stream_and_the_other_way_round_is_found_by_either_name(string name, string target, bool exists)
    {
        for (var step = 0; ; step++)
        {
            Start(StoreOptions());
            var memory = Server.Memory;
            var tree = await Server.ConnectToAsync("ca", Client);
            if (exists && target == ":t")
            {
                await new SmbTestFile(tree, await OpenAsync(tree, "f:t")).CloseAsync();
            }

            var file = new SmbTestFile(tree, await OpenAsync(tree, name, access: SmbTestTree.ReadWrite | FileAccessMask.Delete));
            await file.WriteAsync(0, [1, 2, 3]);
            _life.DieAfter(step);
            var renamed = await tree.CallAsync(Smb2Command.SetInfo, RequestBody.SetFile(
                file.FileId, FileInformationClass.FileRenameInformation, SetBuffer.Rename(target, replaceIfExists: exists)));
            var died = _life.IsDead;
            Assert.Equal(died, renamed.Status != NtStatus.Success);
            if (!died)
            {
                Die();
            }

            await RiseAsync(memory);
            var next = await Server.ConnectToAsync("ca", Client);
            var back = await BackAsync(next, name, file.FileId);
            Assert.Equal([1, 2, 3], await back.ReadAsync(0, 3));
            await back.CloseAsync();
            if (!died)
            {
                Assert.True(step >= 2); // before and after
                return;
            }

            await Server.DisposeAsync();
            Journal = new();
        }
    }

    private TestServerOptions StoreOptions(MemoryFileStore? memory = null, bool isMortal = true)
    {
        _life = new Mortality { Died = Die };
        return new TestServerOptions
        {
            Journal = Journal,
            Store = store => isMortal ? new MortalStore(memory ?? store, _life) : memory ?? store,
            Settings = new ServerSettings { TimeProvider = Clock },
            FaultsExpected = isMortal,
        };
    }

    private Files.TestJournal _left = new();

    /// <summary>What is committed now is what the next process finds.</summary>
    private void Die() => _left = Journal.Survivor();

    private async Task RiseAsync(MemoryFileStore memory)
    {
        await Server.DisposeAsync();
        Journal = _left;
        Start(StoreOptions(memory, isMortal: false));
    }

    private async Task MakeOldAsync(string name)
    {
        var tree = await Server.ConnectToAsync("ca");
        var old = await tree.OpenAsync(name);
        await old.WriteAsync(0, [1, 2, 3]);
        await old.CloseAsync();
        var stream = await tree.OpenAsync(name + ":old");
        await stream.CloseAsync();
        await tree.Session.Connection.DisposeAsync();
    }

    private static WriteCreateContexts Wish(bool takesAttributes) => (ref CreateContextWriter writer) =>
    {
        Persistent(lease: takesAttributes ? ReadWriteHandle : null)(ref writer);
        if (takesAttributes)
        {
            writer.Raw(CreateContextName.ExtendedAttributes, [0, 0, 0, 0, 0, 2, 1, 0, .. "EA"u8, 0, 7]);
        }
    };

    private static async Task CheckAsync(MemoryFileStore memory, string name, CreateAction action, bool hasAttribute)
    {
        var opened = await memory.OpenAsync(new StorePath(name.Split(':')[0]), StoreAccess.Metadata, None);
        await using var file = opened.Value;
        if (action == CreateAction.Created)
        {
            Assert.False((await ((ISecurableFile)file).GetSecurityDescriptorAsync(None)).Value.IsEmpty);
        }

        var attributes = (await ((IExtendedAttributeFile)file).GetExtendedAttributesAsync(None)).Value;
        Assert.Equal(hasAttribute ? ["EA"] : [], attributes.Select(static one => one.Name));
        var streams = (await ((IStreamedFile)file).ListStreamsAsync(None)).Value.Select(static one => one.Name);
        Assert.Equal(action == CreateAction.Opened || (action == CreateAction.Created && name == "f:s" && streams.Count() == 2), streams.Contains("old"));
    }
}
