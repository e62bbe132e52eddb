using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Storage;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Fscc;
using Smb3.Embedded.Wire.Io;
using Smb3.Embedded.Wire.Ioctl;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol.Persistence;

/// <summary>What an answer on a continuously available share waits for, and what it is when that fails.</summary>
public sealed class SafeAnswerTests : PersistentTest
{
    private readonly HungCalls _calls = new() { IgnoreCancellation = true };

    [Fact]
    public async Task What_is_of_the_handle_alone_waits_for_no_flush()
    {
        var tree = await StartSafeAsync();
        var file = new SmbTestFile(tree, await OpenAsync(tree, "f"));
        _calls.Hang("flush");
        using var end = new End(_calls);
        Assert.Equal(NtStatus.Success, await SetAsync(file, FileInformationClass.FilePositionInformation, SetBuffer.Size(7)));
        Assert.Equal(NtStatus.Success, await SetAsync(file, FileInformationClass.FileModeInformation, SetBuffer.Mode(CreateOptions.SequentialOnly)));
        Assert.Equal(0, _calls.Waiting);
        Assert.True((Assert.Single(Journal.Records).Options & CreateOptions.SequentialOnly) != 0);
        var length = SetAsync(file, FileInformationClass.FileEndOfFileInformation, SetBuffer.Size(7));
        await TestServer.UntilAsync(() => _calls.Waiting > 0, "the length is flushed");
        _calls.Release();
        Assert.Equal(NtStatus.Success, await length);
    }

    [Fact]
    public async Task A_copy_that_fails_after_some_chunks_is_answered_when_those_are_safe()
    {
        var tree = await StartSafeAsync();
        var source = await tree.OpenAsync("source");
        await source.WriteAsync(0, new byte[4096]);
        var target = await tree.OpenAsync("target");
        var key = IoctlAnswer.Parse((await tree.CallAsync(
            Smb2Command.Ioctl, RequestBody.Ioctl(FsControlCode.SrvRequestResumeKey, source.FileId, [], 32))).Expect(NtStatus.Success).Message).Output;
        _calls.Hang("flush");
        using var end = new End(_calls);
        var copy = tree.CallAsync(Smb2Command.Ioctl, RequestBody.Ioctl(
            FsControlCode.SrvCopyChunk, target.FileId, FsctlInput.CopyChunks(key.AsSpan(0, 24), new CopyChunk(0, 0, 4096), new CopyChunk(4096, 0, 1)), 12));
        await TestServer.UntilAsync(() => _calls.Waiting > 0 || copy.IsCompleted, "the copy is over");
        Assert.False(copy.IsCompleted);
        _calls.Release();
        var response = await copy;
        Assert.Equal(NtStatus.InvalidViewSize, response.Status);
        Assert.Equal(1u, BitConverter.ToUInt32(IoctlAnswer.Parse(response.Message).Output));
    }

    [Fact]
    public async Task An_unlock_that_cannot_be_kept_is_one_all_the_same()
    {
        // Told that it has failed, the client would rely on a lock that others can take.
        StartContinuous();
        var tree = await Server.ConnectToAsync("ca", Client);
        var file = new SmbTestFile(tree, await OpenAsync(tree, "f"));
        var other = await (await Server.ConnectToAsync("ca")).OpenAsync("f");
        Assert.Equal(NtStatus.Success, await file.LockAsync(0, 2));
        Journal.Failure = NtStatus.InsufficientResources;
        Assert.Equal(NtStatus.Success, await file.LockAsync(0, 2, LockFlags.Unlock));
        Assert.Equal(NtStatus.Success, await other.LockAsync(0, 2));

        // What cannot be kept is not locked.
        Assert.Equal(NtStatus.InsufficientResources, await file.LockAsync(5, 2));
        Assert.Equal(NtStatus.Success, await other.LockAsync(5, 2));
        Journal.Failure = NtStatus.Success;
    }

    [Fact]
    public async Task A_rename_that_cannot_be_kept_is_one_all_the_same_since_the_record_has_both_names()
    {
        StartContinuous();
        var tree = await Server.ConnectToAsync("ca", Client);
        var file = new SmbTestFile(tree, await OpenAsync(tree, "f", access: SmbTestTree.ReadWrite | FileAccessMask.Delete));
        Journal.Noted = _ => Journal.Failure = Has("g") ? NtStatus.InsufficientResources : NtStatus.Success;
        Assert.Equal(NtStatus.Success, await SetAsync(file, FileInformationClass.FileRenameInformation, SetBuffer.Rename("g")));
        Assert.Equal(NtStatus.InsufficientResources, Journal.Failure);
        Journal.Noted = null;
        await CrashAsync();
        var next = await Server.ConnectToAsync("ca", Client);
        await BackAsync(next, "g", file.FileId);
        Assert.Equal(NtStatus.ObjectNameNotFound, await next.TryOpenAsync("h"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_deletion_that_cannot_be_kept_is_none(bool deletes)
    {
        StartContinuous();
        var tree = await Server.ConnectToAsync("ca", Client);
        var file = new SmbTestFile(tree, await OpenAsync(tree, "f", access: SmbTestTree.ReadWrite | FileAccessMask.Delete));
        if (!deletes)
        {
            Assert.Equal(NtStatus.Success, await SetAsync(file, FileInformationClass.FileDispositionInformation, SetBuffer.Disposition(true)));
        }

        Journal.Failure = NtStatus.InsufficientResources;
        Assert.Equal(
            NtStatus.InsufficientResources, await SetAsync(file, FileInformationClass.FileDispositionInformation, SetBuffer.Disposition(deletes)));
        Journal.Failure = NtStatus.Success;
        await file.CloseAsync();
        Assert.Equal(deletes ? NtStatus.Success : NtStatus.ObjectNameNotFound, await tree.TryOpenAsync("f"));
    }

    [Fact]
    public async Task A_close_that_cannot_be_kept_is_one_all_the_same()
    {
        StartContinuous();
        var tree = await Server.ConnectToAsync("ca", Client);
        var file = new SmbTestFile(tree, await OpenAsync(tree, "f"));
        Journal.Failure = NtStatus.InsufficientResources;
        Assert.Equal(NtStatus.Success, (await file.CloseAsync()).Status);
        Assert.Equal(0, Server.Graph.Opens.Persistent.Count);
        Journal.Failure = NtStatus.Success;
    }

    [Fact]
    public async Task One_handle_that_is_kept_has_so_many_locks_and_no_more()
    {
        // Each lock writes the whole record.
        StartContinuous();
        var tree = await Server.ConnectToAsync("ca", Client);
        var file = new SmbTestFile(tree, await OpenAsync(tree, "f"));
        var most = Server.Volume.Options.MaxKeptLocks;
        for (var at = 0; at < most; at += 64)
        {
            var locks = Enumerable.Range(at, 64).Select(static i => new LockElement((ulong)i, 1, LockFlags.Shared | LockFlags.FailImmediately)).ToArray();
            (await tree.CallAsync(Smb2Command.Lock, RequestBody.Lock(file.FileId, locks, 0, 0))).Expect(NtStatus.Success);
        }

        Assert.Equal(NtStatus.InsufficientResources, await file.LockAsync((ulong)most, 1));
        Assert.Equal(NtStatus.Success, await file.LockAsync(0, 1, LockFlags.Unlock));
        Assert.Equal(NtStatus.Success, await file.LockAsync((ulong)most, 1));
        var other = await (await Server.ConnectToAsync("ca")).OpenAsync("f");
        Assert.Equal(NtStatus.Success, await other.LockAsync((ulong)most + 1, 1));
    }

    [Fact]
    public async Task A_user_who_gets_no_more_persistent_handles_is_in_the_log_once()
    {
        StartContinuous(new ServerLimits { MaxPersistentOpensPerUser = 1 });
        var tree = await Server.ConnectToAsync("ca", Client);
        var first = new SmbTestFile(tree, await OpenAsync(tree, "f"));
        for (var i = 0; i < 3; i++)
        {
            Assert.Null(Granted(await AnswerAsync(tree, Create(tree, $"g{i}", Persistent(Guid.NewGuid())))));
        }

        Assert.Single(Server.Log, static entry => entry.EventId == 43);
        await first.CloseAsync();
        Assert.NotNull(Granted(await AnswerAsync(tree, Create(tree, "h", Persistent(Guid.NewGuid())))));
        Assert.Null(Granted(await AnswerAsync(tree, Create(tree, "i", Persistent(Guid.NewGuid())))));
        Assert.Equal(2, Server.Log.Count(static entry => entry.EventId == 43));
    }

    [Fact]
    public async Task A_client_that_is_back_is_not_reminded_of_a_break_that_is_not_safe()
    {
        StartContinuous();
        var tree = await Server.ConnectToAsync("ca", Client);
        await OpenAsync(tree, "f", ReadWriteHandle);
        await LoseAsync(tree);
        var hold = Journal.Hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var end = new EndOfHold(hold);
        var other = await Server.ConnectToAsync("ca");
        var commits = Journal.Commits;
        var waiting = await other.Session.Connection.SendAsync(Create(other, "f", null));
        await TestServer.UntilAsync(() => Journal.Commits > commits, "the break waits for its commit");

        // The client comes back just behind the commit that its answer waits for.
        var next = await Server.ConnectToAsync("ca", Client);
        var open = Server.Graph.Opens.All.Single();
        var session = Server.Graph.FindSession(next.Session.SessionId)!;
        var sink = new Sink();
        Assert.True(session.Opens.TryReserve());
        var handle = open.TryReconnect(sink, new Smb2FileId(open.PersistentId, Server.Graph.NextFileId()), session.FindTree(next.TreeId)!, 0)!;
        session.Opens.Add(handle);
        Assert.Equal(0, sink.Sent);
        Journal.Hold = null;
        hold.TrySetResult();
        await TestServer.UntilAsync(() => sink.Sent > 0, "it is told");
        await handle.EndAsync();
        await waiting.ExpectAsync(NtStatus.Success);
    }

    private bool Has(string name)
    {
        var opened = Server.Memory.OpenAsync(new StorePath(name), StoreAccess.Metadata, CancellationToken.None);
        return opened.IsCompletedSuccessfully && opened.Result.Succeeded; // in memory, it is there at once
    }

    private async Task<SmbTestTree> StartSafeAsync()
    {
        Start(new TestServerOptions
        {
            Journal = Journal,
            Store = store => new HangingStore(store, _calls),
            Settings = new ServerSettings { TimeProvider = Clock },
            WritesThrough = true,
        });
        return await Server.ConnectToAsync("ca", Client);
    }

    private static async Task<NtStatus> SetAsync(SmbTestFile file, FileInformationClass kind, byte[] buffer) =>
        (await file.Tree.CallAsync(Smb2Command.SetInfo, RequestBody.SetFile(file.FileId, kind, buffer)).WaitAsync(TimeSpan.FromSeconds(10))).Status;

    /// <summary>Lets a server end whose test has failed.</summary>
    private sealed class End(HungCalls calls) : IDisposable
    {
        public void Dispose() => calls.Release();
    }

    private sealed class EndOfHold(TaskCompletionSource hold) : IDisposable
    {
        public void Dispose() => hold.TrySetResult();
    }

    private sealed class Sink : IBreakSink
    {
        private int _sent;

        public int Sent => Volatile.Read(ref _sent);

        public bool IsAnnounced => true;

        public bool IsAwaited => false;

        public bool Send(in CacheBreak notice, CacheGrant grant)
        {
            Interlocked.Increment(ref _sent);
            return true;
        }

        public bool TryClose() => false;

        public void Settled(LeaseIdentity? lease)
        {
        }
    }
}
