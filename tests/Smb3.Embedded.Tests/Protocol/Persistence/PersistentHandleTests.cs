using Smb3.Embedded.Hosting.Life;
using Smb3.Embedded.Hosting.Users;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Authentication;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Storage;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Io;
using Smb3.Embedded.Wire.Ioctl;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol.Persistence;

/// <summary>
/// Who gets a persistent handle, how long it is kept, and how it is taken up again (MS-SMB2 3.3.5.4, 3.3.5.7, 3.3.5.9.7, 3.3.5.9.10,
/// 3.3.5.9.12 and 3.3.7.1).
/// </summary>
public sealed class PersistentHandleTests : PersistentTest
{
    [Theory]
    [InlineData((byte)Smb2OplockLevel.None)]
    [InlineData((byte)Smb2OplockLevel.LevelII)]
    [InlineData((byte)Smb2OplockLevel.Batch)]
    public async Task It_needs_no_oplock(byte level)
    {
        StartContinuous();
        var tree = await Server.ConnectToAsync("ca");
        var answer = await AnswerAsync(tree, Create(tree, "f", Persistent(), (Smb2OplockLevel)level));
        Assert.Equal((60_000u, DurableHandleFlags.Persistent), Granted(answer));
        Assert.Equal((Smb2OplockLevel)level, answer.OplockLevel);
    }

    [Theory]
    [InlineData(Smb2LeaseState.Read)]
    [InlineData(ReadHandle)]
    [InlineData(ReadWriteHandle)]
    public async Task It_needs_no_handle_lease(object state)
    {
        StartContinuous();
        var answer = await OpenAsync(await Server.ConnectToAsync("ca"), "f", (Smb2LeaseState)state);
        Assert.Equal((60_000u, DurableHandleFlags.Persistent), Granted(answer));
        Assert.Equal((Smb2LeaseState)state, answer.Lease!.Value.State);
    }

    [Theory]
    [InlineData(0u, 60_000u)]
    [InlineData(20_000u, 20_000u)]
    [InlineData(uint.MaxValue, 300_000u)]
    public async Task The_client_is_told_how_long_it_is_kept(uint asked, uint granted)
    {
        StartContinuous();
        var tree = await Server.ConnectToAsync("ca");
        Assert.Equal((granted, DurableHandleFlags.Persistent), Granted(await AnswerAsync(tree, Create(tree, "f", Persistent(timeout: asked)))));
    }

    [Fact]
    public async Task A_directory_and_a_stream_have_it_too()
    {
        StartContinuous();
        var tree = await Server.ConnectToAsync("ca");
        Assert.NotNull(Granted(await OpenAsync(tree, "d", options: CreateOptions.DirectoryFile)));
        Assert.NotNull(Granted(await AnswerAsync(tree, Create(tree, "f:s", Persistent(Guid.NewGuid())))));
    }

    [Fact]
    public async Task Only_a_continuously_available_share_has_it()
    {
        StartContinuous();
        var tree = await Server.ConnectToAsync();
        Assert.Null(Granted(await OpenAsync(tree, "f")));
        var cached = await AnswerAsync(tree, Create(tree, "g", Persistent(Guid.NewGuid()), Smb2OplockLevel.Batch));
        Assert.Equal((60_000u, DurableHandleFlags.None), Granted(cached));
    }

    [Fact]
    public async Task A_client_that_does_not_ask_gets_a_durable_handle_at_most()
    {
        StartContinuous();
        var tree = await Server.ConnectToAsync("ca");
        Assert.Null(Granted(await AnswerAsync(tree, Create(tree, "f", Persistent(flag: false)))));
        var cached = await AnswerAsync(tree, Create(tree, "g", Persistent(Guid.NewGuid(), flag: false), Smb2OplockLevel.Batch));
        Assert.Equal((60_000u, DurableHandleFlags.None), Granted(cached));
    }

    [Theory]
    [InlineData((ushort)Smb2Dialect.Smb210, false)]
    [InlineData((ushort)Smb2Dialect.Smb300, true)]
    [InlineData((ushort)Smb2Dialect.Smb302, true)]
    [InlineData((ushort)Smb2Dialect.Smb311, true)]
    public async Task The_capabilities_say_so_to_clients_of_SMB_3(ushort dialect, bool expected)
    {
        StartContinuous();
        var session = await Server.LogOnAsync(Speaking((Smb2Dialect)dialect));
        var capabilities = session.Connection.Negotiated!.Capabilities;
        Assert.Equal(expected, (capabilities & Smb2Capabilities.PersistentHandles) != 0);
        Assert.Equal(
            expected ? Smb2ShareCapabilities.ContinuousAvailability : Smb2ShareCapabilities.None,
            (await session.ConnectAsync("ca")).Answer.Capabilities);
        Assert.Equal(Smb2ShareCapabilities.None, (await session.ConnectAsync("data")).Answer.Capabilities);
        Assert.Equal(Smb2ShareCapabilities.None, (await session.ConnectAsync("IPC$")).Answer.Capabilities);
    }

    [Fact]
    public async Task The_share_says_so_to_administrators_too()
    {
        // SHI1005_FLAGS_ENABLE_CA, MS-SRVS 2.2.4.29.
        StartContinuous();
        var host = new PipeHost(Server.Graph, new AccountDirectory("SERVER", new InMemoryUserStore()));
        foreach (var share in await host.ListSharesAsync(default!, default))
        {
            Assert.Equal(share.Name == "ca", (share.Flags & 0x4000) != 0);
        }
    }

    [Fact]
    public async Task A_client_that_cannot_is_not_granted_it()
    {
        StartContinuous();
        var capabilities = Client.Capabilities & ~Smb2Capabilities.PersistentHandles;
        var tree = await Server.ConnectToAsync("ca", new SmbTestClientOptions { Capabilities = capabilities });
        Assert.Equal(Smb2Capabilities.None, tree.Session.Connection.Negotiated!.Capabilities & Smb2Capabilities.PersistentHandles);
        Assert.Null(Granted(await OpenAsync(tree, "f")));
    }

    [Fact]
    public async Task The_epoch_of_its_lease_is_told_when_it_is_safe()
    {
        StartContinuous();
        var tree = await Server.ConnectToAsync("ca", Client);
        var first = await OpenAsync(tree, "f", ReadHandle);
        await LoseAsync(tree);
        var other = await Server.ConnectToAsync("ca");
        var file = await other.OpenAsync("f");
        var hold = Journal.Hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var commits = Journal.Commits;
        var write = await other.Session.Connection.SendAsync(file.WriteRequest(0, [1]));
        await TestServer.UntilAsync(() => Journal.Commits > commits, "the break is to be kept");

        var next = await Server.ConnectToAsync("ca", Client);
        var back = await next.Session.Connection.SendAsync(next.Request(
            Smb2Command.Create,
            RequestBody.Create("f", contexts: (ref CreateContextWriter writer) =>
            {
                writer.ReconnectDurableHandleV2(new DurableHandleReconnectV2(first.FileId, CreateGuid, DurableHandleFlags.Persistent));
                writer.Lease(new LeaseContext { Version = 2, LeaseKey = Key });
            })));
        await next.Session.Connection.EchoAsync();
        Assert.False(back.IsAnswered);
        Journal.Hold = null;
        hold.SetResult();
        var answer = CreateAnswer.Parse((await back.ExpectAsync(NtStatus.Success)).Message);
        Assert.Equal(first.Lease!.Value.Epoch + 1, answer.Lease!.Value.Epoch);
        await write.ExpectAsync(NtStatus.Success);
    }

    [Fact]
    public async Task A_connection_keeps_the_capability_that_it_was_told()
    {
        var before = await Server.LogOnAsync();
        Assert.Equal(Smb2Capabilities.None, before.Connection.Negotiated!.Capabilities & Smb2Capabilities.PersistentHandles);
        Server.Graph.Shares.TryAdd(new Share { Name = "late", Volume = Server.Volume, IsContinuouslyAvailable = true });
        var tree = await before.ConnectAsync("late");
        Assert.Equal(Smb2ShareCapabilities.ContinuousAvailability, tree.Answer.Capabilities);
        Assert.Null(Granted(await OpenAsync(tree, "f")));
        Assert.NotEqual(
            Smb2Capabilities.None, (await Server.LogOnAsync()).Connection.Negotiated!.Capabilities & Smb2Capabilities.PersistentHandles);
        await Server.Graph.Shares.RemoveAsync("late");
        Assert.Equal(Smb2Capabilities.None, (await Server.LogOnAsync()).Connection.Negotiated!.Capabilities & Smb2Capabilities.PersistentHandles);
    }

    [Fact]
    public async Task A_guest_cannot_have_one()
    {
        StartContinuous(allowGuest: true);
        Server.Graph.Shares.TryAdd(new Share { Name = "guests", Volume = Server.Volume, IsContinuouslyAvailable = true, AllowGuest = true });
        var tree = await (await Server.Connect().LogOnAsync("stranger", "x")).ConnectAsync("guests");
        Assert.Null(Granted(await OpenAsync(tree, "f")));
        Assert.Equal(0, Server.Graph.Opens.Persistent.Count);
    }

    [Fact]
    public async Task One_user_cannot_have_more_than_a_limit_and_takes_none_from_another()
    {
        StartContinuous(new ServerLimits { MaxPersistentOpensPerUser = 2, MaxPersistentOpens = 3 });
        var alice = await Server.ConnectToAsync("ca", Client);
        var bob = await (await Server.LogOnAsync(user: TestServer.Bob)).ConnectAsync("ca");
        Assert.NotNull(await GrantAsync(alice, "a1"));
        var second = await AnswerAsync(alice, Create(alice, "a2", Persistent(Guid.NewGuid())));
        Assert.NotNull(Granted(second));
        Assert.Null(await GrantAsync(alice, "a3"));
        Assert.NotNull(await GrantAsync(bob, "b1"));
        Assert.Null(await GrantAsync(bob, "b2"));
        await new SmbTestFile(alice, second).CloseAsync();
        Assert.NotNull(await GrantAsync(bob, "b3"));

        // Those that have lost their client count as well, and another session of the user does not help.
        await LoseAsync(alice);
        await LoseAsync(bob);
        Assert.Equal(3, Server.Graph.Opens.Persistent.Count);
        Assert.Null(await GrantAsync(await Server.ConnectToAsync("ca"), "a4"));

        static async Task<object?> GrantAsync(SmbTestTree tree, string name) =>
            Granted(await AnswerAsync(tree, Create(tree, name, Persistent(Guid.NewGuid()))));
    }

    [Fact]
    public async Task It_stays_when_its_connection_is_lost_and_comes_back_with_its_locks()
    {
        StartContinuous(new ServerLimits { MaxDisconnectedOpens = 0 });
        var tree = await Server.ConnectToAsync("ca", Client);
        var file = new SmbTestFile(tree, await OpenAsync(tree, "f"));
        await file.WriteAsync(0, [1, 2, 3]);
        Assert.Equal(NtStatus.Success, await file.LockAsync(0, 2));
        await LoseAsync(tree);
        Clock.Advance(TimeSpan.FromSeconds(59));

        var next = await Server.ConnectToAsync("ca", Client);
        var back = await BackAsync(next, "f", file.FileId);
        Assert.Empty(back.Answer.Contexts);
        Assert.Equal(CreateAction.Opened, back.Answer.Action);
        Assert.Equal(file.FileId.Persistent, back.FileId.Persistent);
        Assert.Equal([1, 2, 3], await back.ReadAsync(0, 3));
        Assert.Equal(NtStatus.LockNotGranted, await back.LockAsync(1, 1));

        // And again.
        await LoseAsync(next);
        var third = await Server.ConnectToAsync("ca", Client);
        await (await BackAsync(third, "f", file.FileId)).CloseAsync();
        Assert.Empty(Journal.Records);
        Assert.Equal(0, Server.Graph.Opens.Persistent.Count);
    }

    [Fact]
    public async Task It_is_closed_when_its_time_is_over()
    {
        StartContinuous();
        var tree = await Server.ConnectToAsync("ca", Client);
        var answer = await AnswerAsync(tree, Create(tree, "f", Persistent(timeout: 20_000)));
        await LoseAsync(tree);
        Assert.Equal(TimeSpan.FromSeconds(20), Assert.Single(Server.Graph.Opens.All).TimeLeft);
        Clock.Advance(TimeSpan.FromSeconds(20));
        await TestServer.UntilAsync(() => Server.Volume.OpenCount == 0, "the open is closed");
        await TestServer.UntilAsync(() => Journal.Records.Count == 0, "its record is gone");
        var next = await Server.ConnectToAsync("ca", Client);
        Assert.Equal(NtStatus.ObjectNameNotFound, (await ReconnectAsync(next, "f", answer.FileId)).Status);
        Assert.Equal(0, Server.Graph.Opens.Persistent.Count);
    }

    [Fact]
    public async Task What_does_not_match_stays_for_its_owner()
    {
        StartContinuous();
        Server.Graph.Shares.TryAdd(new Share { Name = "other", Volume = Server.Volume, IsContinuouslyAvailable = true });
        var tree = await Server.ConnectToAsync("ca", Client);
        var answer = await OpenAsync(tree, "f");
        Assert.Equal(NtStatus.ObjectNameNotFound, (await ReconnectAsync(tree, "f", answer.FileId)).Status); // still connected
        await LoseAsync(tree);

        var next = await Server.ConnectToAsync("ca", Client);
        Assert.Equal(NtStatus.ObjectNameNotFound, (await ReconnectAsync(next, "f", answer.FileId, flag: false)).Status);
        Assert.Equal(NtStatus.ObjectNameNotFound, (await ReconnectAsync(next, "f", answer.FileId, Guid.NewGuid())).Status);
        Assert.Equal(NtStatus.ObjectNameNotFound, (await ReconnectAsync(next, "f", answer.FileId, leaseKey: Key)).Status);
        var elsewhere = await next.Session.ConnectAsync("other");
        Assert.Equal(NtStatus.ObjectNameNotFound, (await ReconnectAsync(elsewhere, "f", answer.FileId)).Status);
        var bob = await (await Server.LogOnAsync(Client, TestServer.Bob)).ConnectAsync("ca");
        Assert.Equal(NtStatus.AccessDenied, (await ReconnectAsync(bob, "f", answer.FileId)).Status);
        await (await BackAsync(next, "f", answer.FileId)).CloseAsync();
    }

    [Fact]
    public async Task A_durable_handle_is_not_taken_up_as_a_persistent_one()
    {
        StartContinuous();
        var tree = await Server.ConnectToAsync("ca", Client);
        var answer = await AnswerAsync(tree, Create(tree, "f", Persistent(flag: false), Smb2OplockLevel.Batch));
        await LoseAsync(tree);
        var next = await Server.ConnectToAsync("ca", Client);
        Assert.Equal(NtStatus.InvalidParameter, (await ReconnectAsync(next, "f", answer.FileId)).Status);
        (await ReconnectAsync(next, "f", answer.FileId, flag: false)).Expect(NtStatus.Success);
    }

    [Fact]
    public async Task It_is_found_by_its_create_guid_when_its_id_is_not_known()
    {
        StartContinuous();
        var tree = await Server.ConnectToAsync("ca", Client);
        var answer = await OpenAsync(tree, "f");
        await LoseAsync(tree);
        var next = await Server.ConnectToAsync("ca", Client);
        var unknown = new Smb2FileId(0x7777, 0x7777);
        Assert.Equal(NtStatus.ObjectNameNotFound, (await ReconnectAsync(next, "f", unknown, flag: false)).Status);
        Assert.Equal(NtStatus.ObjectNameNotFound, (await ReconnectAsync(next, "f", unknown, Guid.NewGuid())).Status);
        var data = await next.Session.ConnectAsync("data");
        Assert.Equal(NtStatus.ObjectNameNotFound, (await ReconnectAsync(data, "f", unknown)).Status);
        var bob = await (await Server.LogOnAsync(Client, TestServer.Bob)).ConnectAsync("ca");
        Assert.Equal(NtStatus.AccessDenied, (await ReconnectAsync(bob, "f", unknown)).Status);
        Assert.Equal(answer.FileId.Persistent, (await BackAsync(next, "f", unknown)).FileId.Persistent);
    }

    [Theory]
    [InlineData(false, (uint)NtStatus.ObjectNameNotFound)]
    [InlineData(true, (uint)NtStatus.Success)]
    public async Task Version_1_takes_it_up_while_its_client_caches_the_handle(bool cached, uint status)
    {
        StartContinuous();
        var tree = await Server.ConnectToAsync("ca", Client);
        var answer = await AnswerAsync(tree, Create(tree, "f", Persistent(), cached ? Smb2OplockLevel.Batch : Smb2OplockLevel.None));
        await LoseAsync(tree);
        var next = await Server.ConnectToAsync("ca", Client);
        var reconnect = RequestBody.Create(
            "f", contexts: (ref CreateContextWriter writer) => writer.ReconnectDurableHandle(answer.FileId));
        Assert.Equal((NtStatus)status, (await next.CallAsync(Smb2Command.Create, reconnect)).Status);
    }

    [Fact]
    public async Task A_lease_comes_back_with_it_to_its_own_client_alone()
    {
        StartContinuous();
        var tree = await Server.ConnectToAsync("ca", Client);
        var answer = await OpenAsync(tree, "f", ReadHandle);
        await LoseAsync(tree);
        var foreign = await Server.ConnectToAsync("ca");
        Assert.Equal(NtStatus.ObjectNameNotFound, (await ReconnectAsync(foreign, "f", answer.FileId, leaseKey: Key)).Status);
        var next = await Server.ConnectToAsync("ca", Client);
        Assert.Equal(NtStatus.ObjectNameNotFound, (await ReconnectAsync(next, "f", answer.FileId)).Status);
        Assert.Equal(NtStatus.ObjectNameNotFound, (await ReconnectAsync(next, "f", answer.FileId, leaseKey: Guid.NewGuid())).Status);
        Assert.Equal(NtStatus.InvalidParameter, (await ReconnectAsync(next, "g", answer.FileId, leaseKey: Key)).Status);
        Assert.Equal(ReadHandle, (await BackAsync(next, "f", answer.FileId, Key)).Answer.Lease!.Value.State);
    }

    [Fact]
    public async Task A_directory_comes_back_with_its_lease()
    {
        StartContinuous();
        var tree = await Server.ConnectToAsync("ca", Client);
        var answer = await OpenAsync(tree, "d", ReadHandle, options: CreateOptions.DirectoryFile);
        Assert.Equal(ReadHandle, answer.Lease!.Value.State);
        await LoseAsync(tree);
        var next = await Server.ConnectToAsync("ca", Client);
        Assert.Equal(ReadHandle, (await BackAsync(next, "d", answer.FileId, Key)).Answer.Lease!.Value.State);
    }

    [Theory]
    [InlineData("f", CreateOptions.NonDirectoryFile)]
    [InlineData("f:s", CreateOptions.None)]
    [InlineData("d", CreateOptions.DirectoryFile)]
    [InlineData("d:s", CreateOptions.None)]
    public async Task Whatever_was_open_is_open_in_the_next_process(string name, CreateOptions options)
    {
        StartContinuous();
        var tree = await Server.ConnectToAsync("ca", Client);
        if (name.StartsWith('d'))
        {
            await (await tree.OpenAsync("d", options: CreateOptions.DirectoryFile)).CloseAsync();
        }

        var answer = await OpenAsync(tree, name, options: options);
        Assert.NotNull(Granted(answer));
        await CrashAsync();
        var next = await Server.ConnectToAsync("ca", Client);
        var back = await BackAsync(next, name, answer.FileId);
        Assert.Equal(answer.File.Attributes, back.Answer.File.Attributes);
        await back.CloseAsync();
        Assert.Empty(Journal.Records);
    }

    [Fact]
    public async Task An_open_with_the_POSIX_extensions_is_one_when_it_comes_back()
    {
        StartContinuous(posix: true);
        Server.Graph.Shares.TryAdd(new Share { Name = "unix", Volume = Server.Volume, IsContinuouslyAvailable = true, Posix = true });
        var options = new SmbTestClientOptions { ClientGuid = Client.ClientGuid, Posix = true };
        var tree = await Server.ConnectToAsync("unix", options);
        var answer = await AnswerAsync(tree, Create(tree, "f", (ref CreateContextWriter writer) =>
        {
            writer.AskDurableHandleV2(new DurableHandleRequestV2(0, DurableHandleFlags.Persistent, CreateGuid));
            writer.Raw(CreateContextName.Posix, BitConverter.GetBytes(0b110_100_000));
        }));
        Assert.NotNull(Granted(answer));
        Assert.NotNull(answer.Find(CreateContextName.Posix));
        await LoseAsync(tree);
        var next = await Server.ConnectToAsync("unix", options);
        var back = await BackAsync(next, "f", answer.FileId);
        Assert.NotNull(back.Answer.Find(CreateContextName.Posix));
    }

    [Fact]
    public async Task A_logoff_keeps_it_and_the_end_of_its_tree_connect_does_not()
    {
        // MS-SMB2 3.3.5.6 and 3.3.5.8.
        StartContinuous();
        var tree = await Server.ConnectToAsync("ca", Client);
        var answer = await OpenAsync(tree, "f");
        await tree.Session.LogOffAsync();
        Assert.Equal(1, Server.Graph.Opens.DisconnectedCount);
        var next = await Server.ConnectToAsync("ca", Client);
        await BackAsync(next, "f", answer.FileId);
        await next.DisconnectAsync();
        Assert.Equal(0, Server.Graph.Opens.Count);
        Assert.Empty(Journal.Records);
    }

    [Fact]
    public async Task The_removal_of_its_share_closes_it()
    {
        StartContinuous();
        var tree = await Server.ConnectToAsync("ca", Client);
        await OpenAsync(tree, "f");
        await LoseAsync(tree);
        await Server.Graph.Shares.RemoveAsync("ca");
        Assert.Equal(0, Server.Volume.OpenCount);
        Assert.Equal(0, Server.Graph.Opens.Persistent.Count);
        await Journal.CommitAsync();
        Assert.Empty(Journal.Records);
    }

    [Fact]
    public async Task A_lock_that_is_sent_again_after_the_loss_is_not_carried_out_again()
    {
        StartContinuous();
        var one = new SmbTestClientOptions { ClientGuid = Client.ClientGuid, Capabilities = Client.Capabilities & ~Smb2Capabilities.MultiChannel };
        var tree = await Server.ConnectToAsync("ca", one);
        var file = new SmbTestFile(tree, await OpenAsync(tree, "f"));

        // Index 1, number 5 (MS-SMB2 2.2.26).
        var request = file.LockRequest(0, 1, LockFlags.Exclusive | LockFlags.FailImmediately);
        (await tree.Session.CallAsync(request with { Body = request.Body.Patched(4, 0x15, 0, 0, 0) })).Expect(NtStatus.Success);
        await LoseAsync(tree);
        var next = await Server.ConnectToAsync("ca", one);
        var back = await BackAsync(next, "f", file.FileId);
        request = back.LockRequest(0, 1, LockFlags.Exclusive | LockFlags.FailImmediately);
        (await next.Session.CallAsync(request with { Body = request.Body.Patched(4, 0x15, 0, 0, 0) })).Expect(NtStatus.Success);
        Assert.Equal(NtStatus.LockNotGranted, await back.LockAsync(0, 1));
    }

    [Fact]
    public async Task A_resiliency_request_leaves_it_persistent_and_sets_its_time()
    {
        // MS-SMB2 3.3.5.15.9.
        StartContinuous();
        var tree = await Server.ConnectToAsync("ca", Client);
        var answer = await OpenAsync(tree, "f");
        var input = new byte[8];
        BitConverter.TryWriteBytes(input, 90_000);
        (await tree.CallAsync(Smb2Command.Ioctl, RequestBody.Ioctl(FsControlCode.LmrRequestResiliency, answer.FileId, input)))
            .Expect(NtStatus.Success);
        Assert.Equal(TimeSpan.FromSeconds(90), Assert.Single(Journal.Records).Durable.Timeout);
        await LoseAsync(tree);
        Clock.Advance(TimeSpan.FromSeconds(80));
        var next = await Server.ConnectToAsync("ca", Client);
        await BackAsync(next, "f", answer.FileId);
    }

    [Fact]
    public async Task What_was_to_be_deleted_is_deleted_by_its_close()
    {
        StartContinuous();
        var tree = await Server.ConnectToAsync("ca", Client);
        var answer = await OpenAsync(tree, "f", options: CreateOptions.DeleteOnClose);
        await LoseAsync(tree);
        var next = await Server.ConnectToAsync("ca", Client);
        await (await BackAsync(next, "f", answer.FileId)).CloseAsync();
        Assert.Equal(NtStatus.ObjectNameNotFound, await next.TryOpenAsync("f"));
    }
}
