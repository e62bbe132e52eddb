using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Tests.Files;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Io;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>Answers that depend on what a journal keeps leave when it is safe.</summary>
public sealed class JournaledHandleTests : ProtocolTest
{
    private static readonly Guid Create = new("11111111-2222-3333-4444-555555555555");

    private readonly TestJournal _journal = new();

    [Fact]
    public async Task A_durable_create_a_lock_and_a_close_are_answered_after_their_commit()
    {
        Start(new TestServerOptions { Journal = _journal });
        var tree = await Server.ConnectToAsync();
        var answer = (await HeldAsync(() => tree.CallAsync(Smb2Command.Create, Body("f", durable: true)))).Expect(NtStatus.Success).Parse();
        var record = Assert.Single(_journal.Records);
        Assert.Equal(answer.FileId.Persistent, record.Durable.PersistentId);
        Assert.Equal(Create, record.Durable.CreateGuid);
        Assert.Equal(TestServer.Alice, record.Durable.Owner);

        var file = new SmbTestFile(tree, answer);
        Assert.Equal(NtStatus.Success, await HeldAsync(() => file.LockAsync(0, 2)));
        Assert.Single(Assert.Single(_journal.Records).Locks);
        Assert.Equal(NtStatus.Success, await HeldAsync(() => file.LockAsync(0, 2, LockFlags.Unlock)));
        Assert.Empty(Assert.Single(_journal.Records).Locks);

        await HeldAsync(() => CloseAsync(file));
        Assert.Empty(_journal.Records);
    }

    [Fact]
    public async Task A_lock_that_is_asked_for_again_is_not_acknowledged_before_its_commit()
    {
        Start(new TestServerOptions { Journal = _journal });
        var tree = await Server.ConnectToAsync();
        var file = new SmbTestFile(tree, (await tree.CallAsync(Smb2Command.Create, Body("f", durable: true))).Parse());
        var request = tree.Request(
            Smb2Command.Lock,
            RequestBody.Lock(file.FileId, [new LockElement(0, 2, LockFlags.Exclusive | LockFlags.FailImmediately)], 1, 1));
        var hold = _journal.Hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var commits = _journal.Commits;
        var first = await tree.Session.Connection.SendAsync(request);
        await TestServer.UntilAsync(() => _journal.Commits > commits, "a commit");

        // What comes after it on the connection is answered: it is not merely late.
        var again = await tree.Session.Connection.SendAsync(request with { Flags = Smb2HeaderFlags.Replay });
        await tree.Session.Connection.EchoAsync();
        Assert.False(again.IsAnswered);
        _journal.Hold = null;
        hold.SetResult();
        await first.ExpectAsync(NtStatus.Success);
        await again.ExpectAsync(NtStatus.Success);
        Assert.Single(Assert.Single(_journal.Records).Locks);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_takes_its_handle_up_in_the_next_process_with_its_locks_and_its_cache(bool leased)
    {
        var options = new SmbTestClientOptions { ClientGuid = Guid.NewGuid() };
        var store = new MemoryFileStore();
        TestJournal survivor;
        Smb2FileId fileId;
        await using (var died = new TestServer(new TestServerOptions { Journal = _journal, Store = _ => store }))
        {
            var tree = await died.ConnectToAsync(options: options);
            var answer = (await tree.CallAsync(Smb2Command.Create, Body("f", durable: true, leased))).Expect(NtStatus.Success).Parse();
            var file = new SmbTestFile(tree, answer);
            await file.WriteAsync(0, [1, 2, 3]);
            Assert.Equal(NtStatus.Success, await file.LockAsync(0, 2));
            fileId = answer.FileId;
            survivor = _journal.Survivor();
        }

        Start(new TestServerOptions { Journal = survivor, Store = _ => store });
        Assert.Equal(1, Server.Graph.Opens.DisconnectedCount);
        Assert.Equal(1, Server.Volume.OpenCount);
        var stranger = await Server.LogOnAsync(options, TestServer.Bob);
        var foreign = await stranger.ConnectAsync("data");
        Assert.Equal(NtStatus.AccessDenied, (await foreign.CallAsync(Smb2Command.Create, Reconnect("f", fileId, leased))).Status);

        var next = await Server.ConnectToAsync(options: options);
        var back = (await next.CallAsync(Smb2Command.Create, Reconnect("f", fileId, leased))).Expect(NtStatus.Success).Parse();
        Assert.Equal(fileId.Persistent, back.FileId.Persistent);
        Assert.Equal(leased ? Smb2OplockLevel.Lease : Smb2OplockLevel.Batch, back.OplockLevel);
        var again = new SmbTestFile(next, back);
        Assert.Equal([1, 2, 3], await again.ReadAsync(0, 3));
        Assert.Equal(NtStatus.LockNotGranted, await again.LockAsync(1, 1));
        Assert.Equal(NtStatus.Success, await again.LockAsync(0, 2, LockFlags.Unlock));

        // No new open gets the number of one that was there before.
        var other = (await next.CallAsync(Smb2Command.Create, Body("g", durable: false))).Expect(NtStatus.Success).Parse();
        Assert.True(other.FileId.Persistent > fileId.Persistent);
        await new SmbTestFile(next, other).CloseAsync();
        await again.CloseAsync();
        Assert.Empty(survivor.Records);
    }

    [Fact]
    public async Task An_open_whose_file_is_gone_costs_a_line_in_the_log()
    {
        var store = new MemoryFileStore();
        TestJournal survivor;
        await using (var died = new TestServer(new TestServerOptions { Journal = _journal, Store = _ => store }))
        {
            var tree = await died.ConnectToAsync();
            (await tree.CallAsync(Smb2Command.Create, Body("f", durable: true))).Expect(NtStatus.Success);
            survivor = _journal.Survivor();
        }

        Assert.Equal(NtStatus.Success, await store.DeleteAsync(new StorePath("f"), default));
        Start(new TestServerOptions { Journal = survivor, Store = _ => store });
        Assert.True(Server.Logged("'f' of share 'data', which was open before the server came up, cannot be opened again"));
        Assert.Empty(survivor.Records);
        Assert.Equal(0, Server.Graph.Opens.Count);
    }

    [Fact]
    public async Task Who_does_not_come_back_in_time_loses_the_handle_that_was_restored()
    {
        var store = new MemoryFileStore();
        TestJournal survivor;
        await using (var died = new TestServer(new TestServerOptions { Journal = _journal, Store = _ => store }))
        {
            var tree = await died.ConnectToAsync();
            (await tree.CallAsync(Smb2Command.Create, Body("f", durable: true))).Expect(NtStatus.Success);
            survivor = _journal.Survivor();
        }

        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        Start(new TestServerOptions { Journal = survivor, Store = _ => store, Settings = new ServerSettings { TimeProvider = clock } });
        Assert.Equal(1, Server.Volume.OpenCount);
        clock.Advance(TimeSpan.FromMinutes(5));
        await TestServer.UntilAsync(() => Server.Volume.OpenCount == 0, "the open is closed");
        await TestServer.UntilAsync(() => survivor.Records.Count == 0, "its record is gone");
    }

    [Fact]
    public async Task What_ends_with_its_connection_waits_for_no_commit()
    {
        Start(new TestServerOptions { Journal = _journal });
        var tree = await Server.ConnectToAsync();
        var commits = _journal.Commits;
        var answer = (await tree.CallAsync(Smb2Command.Create, Body("f", durable: false))).Expect(NtStatus.Success).Parse();
        var file = new SmbTestFile(tree, answer);
        Assert.Equal(NtStatus.Success, await file.LockAsync(0, 2));
        await file.CloseAsync();
        Assert.Equal(commits, _journal.Commits);
    }

    private static async Task<bool> CloseAsync(SmbTestFile file)
    {
        await file.CloseAsync();
        return true;
    }

    private async Task<T> HeldAsync<T>(Func<Task<T>> call)
    {
        var hold = _journal.Hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var commits = _journal.Commits;
        var answering = call();
        await TestServer.UntilAsync(() => _journal.Commits > commits, "a commit");
        Assert.False(answering.IsCompleted);
        _journal.Hold = null;
        hold.SetResult();
        return await answering;
    }

    private static readonly Guid Key = new("00112233-4455-6677-8899-aabbccddeeff");

    private static LeaseContext Lease(Smb2LeaseState state = Smb2LeaseState.Read | Smb2LeaseState.Write | Smb2LeaseState.Handle) =>
        new() { Version = 2, LeaseKey = Key, State = state };

    private static byte[] Body(string name, bool durable, bool leased = false) => RequestBody.Create(
        name,
        SmbTestTree.ReadWrite,
        oplock: leased ? Smb2OplockLevel.Lease : Smb2OplockLevel.Batch,
        contexts: durable
            ? (ref CreateContextWriter writer) =>
            {
                if (leased)
                {
                    writer.Lease(Lease());
                }

                writer.AskDurableHandleV2(new DurableHandleRequestV2(0, 0, Create));
            }
            : null);

    private static byte[] Reconnect(string name, Smb2FileId fileId, bool leased) => RequestBody.Create(
        name,
        contexts: (ref CreateContextWriter writer) =>
        {
            writer.ReconnectDurableHandleV2(new DurableHandleReconnectV2(fileId, Create, 0));
            if (leased)
            {
                writer.Lease(Lease());
            }
        });
}

file static class CreateAnswers
{
    public static CreateAnswer Parse(this SmbTestResponse response) => CreateAnswer.Parse(response.Message);
}
