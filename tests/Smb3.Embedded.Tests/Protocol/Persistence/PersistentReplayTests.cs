using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Storage;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Fscc;
using Smb3.Embedded.Wire.Create.Contexts;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol.Persistence;

/// <summary>A CREATE whose answer was lost with the connection or with the process, and is asked for again (MS-SMB2 3.3.5.9).</summary>
public sealed class PersistentReplayTests : PersistentTest
{
    [Theory]
    [InlineData((byte)Smb2OplockLevel.None, false)]
    [InlineData((byte)Smb2OplockLevel.Batch, false)]
    [InlineData((byte)Smb2OplockLevel.Lease, false)]
    [InlineData((byte)Smb2OplockLevel.None, true)]
    [InlineData((byte)Smb2OplockLevel.Batch, true)]
    [InlineData((byte)Smb2OplockLevel.Lease, true)]
    public async Task It_is_answered_as_the_first_one_was(byte level, bool crashes)
    {
        StartContinuous();
        var tree = await Server.ConnectToAsync("ca", Client);
        var lease = (Smb2OplockLevel)level == Smb2OplockLevel.Lease ? ReadWriteHandle : (Smb2LeaseState?)null;
        var request = Create(tree, "f", Persistent(lease: lease), (Smb2OplockLevel)level);
        var first = await AnswerAsync(tree, request);
        Assert.Equal(CreateAction.Created, first.Action);
        if (crashes)
        {
            await CrashAsync();
        }
        else
        {
            await LoseAsync(tree);
        }

        var next = await Server.ConnectToAsync("ca", Client);
        var again = await AnswerAsync(next, Again(request, next));
        Assert.Equal(CreateAction.Created, again.Action);
        Assert.Equal(first.FileId.Persistent, again.FileId.Persistent);
        Assert.Equal(first.OplockLevel, again.OplockLevel);
        Assert.Equal(first.Lease?.State, again.Lease?.State);
        Assert.Equal((60_000u, DurableHandleFlags.Persistent), Granted(again));
        Assert.Equal(1, Server.Volume.OpenCount);
        await new SmbTestFile(next, again).WriteAsync(0, [1]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_finds_its_open_although_that_has_been_used(bool crashes)
    {
        StartContinuous();
        var tree = await Server.ConnectToAsync("ca", Client);
        var request = Create(tree, "f", Persistent());
        await new SmbTestFile(tree, await AnswerAsync(tree, request)).WriteAsync(0, [1]);

        // Not while its session has it.
        Assert.Equal(NtStatus.FileNotAvailable, (await tree.Session.CallAsync(Again(request, tree))).Status);
        if (crashes)
        {
            await CrashAsync();
        }
        else
        {
            await LoseAsync(tree);
        }

        var next = await Server.ConnectToAsync("ca", Client);
        await AnswerAsync(next, Again(request, next));
        Assert.Equal(1, Server.Volume.OpenCount);
    }

    [Theory]
    [InlineData(CreateAction.Created)]
    [InlineData(CreateAction.Opened)]
    public async Task A_create_that_still_runs_when_its_client_is_back_already_is_carried_through_once(CreateAction action)
    {
        StartContinuous();
        var tree = await Server.ConnectToAsync("ca", Client);
        if (action == CreateAction.Opened)
        {
            await (await tree.OpenAsync("f")).CloseAsync();
        }

        var hold = Journal.Hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var request = Create(tree, "f", Persistent(), options: CreateOptions.DeleteOnClose);
        var commits = Journal.Commits;
        var running = await tree.Session.Connection.SendAsync(request);
        await TestServer.UntilAsync(() => Journal.Commits > commits, "it waits for its commit");

        // The server does not know yet that the old connection is dead.
        var session = new SmbTestSession(Server.Connect(Client));
        await session.Connection.NegotiateAsync();
        (await session.LogOnAsync(TestServer.Alice, TestServer.Password, tree.Session.SessionId)).Expect(NtStatus.Success);
        var next = await session.ConnectAsync("ca");
        Journal.Hold = null;
        hold.SetResult();
        await running.ExpectAsync(NtStatus.NetworkNameDeleted);
        var answer = await AnswerAsync(next, Again(request, next));
        Assert.Equal(action, answer.Action);
        await new SmbTestFile(next, answer).CloseAsync();
        Assert.Equal(NtStatus.ObjectNameNotFound, await next.TryOpenAsync("f"));
    }

    [Fact]
    public async Task What_is_no_replay_does_not_get_the_file()
    {
        StartContinuous();
        var tree = await Server.ConnectToAsync("ca", Client);
        var request = Create(tree, "f", Persistent());
        var cached = Create(tree, "g", Persistent(Guid.NewGuid(), lease: ReadHandle), Smb2OplockLevel.Lease);
        await AnswerAsync(tree, request);
        await AnswerAsync(tree, cached);
        await LoseAsync(tree);
        var next = await Server.ConnectToAsync("ca", Client);
        Assert.Equal(NtStatus.FileNotAvailable, await StatusAsync(next, request with { Session = next.Session, TreeId = next.TreeId }));
        Assert.Equal(NtStatus.DuplicateObjectId, await StatusAsync(next, cached with { Session = next.Session, TreeId = next.TreeId }));
    }

    [Fact]
    public async Task Another_create_under_its_guid_is_no_replay_of_it()
    {
        StartContinuous();
        var tree = await Server.ConnectToAsync("ca", Client);
        var first = await AnswerAsync(tree, Create(tree, "f", Persistent()));
        await LoseAsync(tree);
        var next = await Server.ConnectToAsync("ca", Client);
        Assert.Equal(NtStatus.ContextMismatch, await StatusAsync(next, Again(Create(next, "f", Persistent(), share: ShareAccess.None), next)));
        Assert.Equal(
            NtStatus.ContextMismatch,
            await StatusAsync(next, Again(Create(next, "f", Persistent(), access: FileAccessMask.FileGenericRead), next)));
        Assert.Equal(
            NtStatus.ContextMismatch,
            await StatusAsync(next, Again(Create(next, "f", Persistent(), options: CreateOptions.NonDirectoryFile), next)));
        Assert.Equal(
            NtStatus.ContextMismatch,
            await StatusAsync(next, Again(Create(next, "f", Persistent(lease: ReadHandle), Smb2OplockLevel.Lease), next)));
        var bob = await (await Server.LogOnAsync(Client, TestServer.Bob)).ConnectAsync("ca");
        Assert.Equal(NtStatus.AccessDenied, await StatusAsync(bob, Again(Create(bob, "f", Persistent()), bob)));

        // Without the flag it is the replay of a durable one, which another session cannot have.
        Assert.Equal(NtStatus.DuplicateObjectId, await StatusAsync(next, Again(Create(next, "f", Persistent(flag: false)), next)));
        await BackAsync(next, "f", first.FileId);
    }

    [Fact]
    public async Task It_waits_for_the_end_of_the_session_that_has_its_open()
    {
        // The session is over, but something else that it had open does not come to an end.
        var calls = new HungCalls();
        Start(new TestServerOptions
        {
            Journal = Journal,
            Store = store => new HangingStore(store, calls),
            Settings = new ServerSettings { TimeProvider = Clock },
        });
        var tree = await Server.ConnectToAsync("ca", Client);
        await AnswerAsync(tree, Create(tree, "slow", null, options: CreateOptions.DeleteOnClose));
        var request = Create(tree, "f", Persistent());
        var first = await AnswerAsync(tree, request);
        calls.Hang("delete");
        await tree.Session.Connection.DisposeAsync();
        await TestServer.UntilAsync(() => calls.Waiting > 0, "the session ends");

        var next = await Server.ConnectToAsync("ca", Client);
        var early = await StatusAsync(next, Again(request, next));
        calls.Release(); // whatever it was: the server could not end
        Assert.Equal(NtStatus.FileNotAvailable, early);
        await TestServer.UntilAsync(() => Server.Graph.Opens.DisconnectedCount > 0, "the open waits for its client");
        Assert.Equal(first.FileId.Persistent, (await AnswerAsync(next, Again(request, next))).FileId.Persistent);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_the_lost_session_had_begun_ends_before_the_open_is_taken_up(bool replays)
    {
        var calls = new HungCalls { IgnoreCancellation = true };
        Start(new TestServerOptions
        {
            Journal = Journal,
            Store = store => new HangingStore(store, calls),
            Settings = new ServerSettings { TimeProvider = Clock },
        });
        var tree = await Server.ConnectToAsync("ca", Client);
        var request = Create(tree, "f", Persistent());
        var first = await AnswerAsync(tree, request);
        calls.Hang("write");
        await tree.Session.Connection.SendAsync(tree.Request(Smb2Command.Write, RequestBody.Write(first.FileId, 0, [1])));
        await TestServer.UntilAsync(() => calls.Waiting > 0, "the write is under way");
        calls.Hang(null);

        // The client names its old session, which is lost then, whatever runs in it.
        var session = await Server.Connect(Client).LogOnAsync(TestServer.Alice, TestServer.Password, tree.Session.SessionId);
        var next = await session.ConnectAsync("ca");
        var taking = replays ? next.Session.CallAsync(Again(request, next)) : ReconnectAsync(next, "f", first.FileId);
        await next.Session.Connection.EchoAsync();
        await Task.Delay(200);
        var early = taking.IsCompleted;
        calls.Release(); // whatever it was: the server could not end
        Assert.False(early);
        var file = new SmbTestFile(next, CreateAnswer.Parse((await taking).Expect(NtStatus.Success).Message));
        await file.WriteAsync(0, [2]);
        Assert.Equal([2], await file.ReadAsync(0, 1));
    }

    [Fact]
    public async Task Who_comes_back_while_the_lost_session_renames_the_file_finds_it_by_its_new_name()
    {
        var calls = new HungCalls { IgnoreCancellation = true };
        Start(new TestServerOptions
        {
            Journal = Journal,
            Store = store => new HangingStore(store, calls),
            Settings = new ServerSettings { TimeProvider = Clock },
        });
        var tree = await Server.ConnectToAsync("ca", Client);
        var first = await OpenAsync(tree, "f", ReadWriteHandle);
        calls.Hang("rename");
        await tree.Session.Connection.SendAsync(tree.Request(
            Smb2Command.SetInfo,
            RequestBody.SetFile(first.FileId, FileInformationClass.FileRenameInformation, SetBuffer.Rename("g"))));
        await TestServer.UntilAsync(() => calls.Waiting > 0, "the rename is under way");

        // The client names its old session, which is lost then, whatever runs in it.
        var session = await Server.Connect(Client).LogOnAsync(TestServer.Alice, TestServer.Password, tree.Session.SessionId);
        var next = await session.ConnectAsync("ca");
        var back = BackAsync(next, "g", first.FileId, Key);
        await next.Session.Connection.EchoAsync();
        calls.Release();
        Assert.Equal(first.FileId.Persistent, (await back).FileId.Persistent);
    }

    [Fact]
    public async Task In_its_session_it_must_ask_for_persistence_again()
    {
        StartContinuous();
        var tree = await Server.ConnectToAsync("ca", Client);
        var first = await AnswerAsync(tree, Create(tree, "f", Persistent()));
        Assert.Equal(NtStatus.InvalidParameter, await StatusAsync(tree, Again(Create(tree, "f", Persistent(flag: false)), tree)));
        Assert.Equal(first.FileId, (await AnswerAsync(tree, Again(Create(tree, "f", Persistent()), tree))).FileId);
    }

    [Fact]
    public async Task The_answer_to_a_break_does_not_end_its_time()
    {
        // MS-SMB2 3.3.5.22.1.
        StartContinuous();
        var tree = await Server.ConnectToAsync("ca", Client);
        var request = Create(tree, "f", Persistent(), Smb2OplockLevel.Batch);
        var first = await AnswerAsync(tree, request);
        var other = await Server.ConnectToAsync("ca");
        var waiting = await other.Session.Connection.SendAsync(Create(other, "f", null));
        await tree.Session.Connection.NextUnsolicitedAsync();
        (await tree.CallAsync(Smb2Command.OplockBreak, RequestBody.OplockBreakAcknowledgment(first.FileId, Smb2OplockLevel.LevelII)))
            .Expect(NtStatus.Success);
        await waiting.ExpectAsync(NtStatus.Success);
        Assert.Equal(first.FileId, (await AnswerAsync(tree, Again(request, tree))).FileId);
    }

    [Fact]
    public async Task A_client_goes_on_in_the_next_process_where_it_was()
    {
        StartContinuous();
        var tree = await Server.ConnectToAsync("ca", Client);
        var file = new SmbTestFile(tree, await OpenAsync(tree, "f", ReadWriteHandle));
        await file.WriteAsync(0, [1, 2, 3]);
        Assert.Equal(NtStatus.Success, await file.LockAsync(0, 2));
        var directory = await AnswerAsync(
            tree, Create(tree, "d", Persistent(Guid.NewGuid()), options: CreateOptions.DirectoryFile));
        Assert.NotNull(Granted(directory));
        await CrashAsync();
        Assert.Equal(2, Server.Graph.Opens.Persistent.Count);
        var other = await Server.ConnectToAsync("ca");
        var waiting = await other.Session.Connection.SendAsync(Create(other, "f", null));
        await waiting.InterimAsync();

        var next = await Server.ConnectToAsync("ca", Client);
        var back = await BackAsync(next, "f", file.FileId, Key);
        Assert.Equal(ReadWriteHandle, back.Answer.Lease!.Value.State);
        await next.Session.Connection.NextUnsolicitedAsync();
        Assert.Equal([1, 2, 3], await back.ReadAsync(0, 3));
        Assert.Equal(NtStatus.LockNotGranted, await back.LockAsync(1, 1));
        await back.CloseAsync();
        await waiting.ExpectAsync(NtStatus.Success);
    }

    private static async Task<NtStatus> StatusAsync(SmbTestTree tree, SmbTestRequest request) => (await tree.Session.CallAsync(request)).Status;
}
