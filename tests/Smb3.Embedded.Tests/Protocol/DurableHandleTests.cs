using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Files.Locking;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Io;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>Opens that outlive their connection (MS-SMB2 3.3.5.9.6 to 3.3.5.9.13, 3.3.5.14, 3.3.5.15.9 and 3.3.7.1).</summary>
public sealed class DurableHandleTests : ProtocolTest
{
    private static readonly Guid Guid1 = new("11111111-2222-3333-4444-555555555555");
    private static readonly Guid Key = new("00112233-4455-6677-8899-aabbccddeeff");

    private readonly SmbTestClientOptions _client = new() { ClientGuid = Guid.NewGuid() };
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);

    [Theory]
    [InlineData((byte)Smb2OplockLevel.Batch, true)]
    [InlineData((byte)Smb2OplockLevel.Exclusive, false)]
    [InlineData((byte)Smb2OplockLevel.LevelII, false)]
    [InlineData((byte)Smb2OplockLevel.None, false)]
    public async Task Only_a_handle_that_the_client_caches_is_durable(byte level, bool durable)
    {
        var oplock = (Smb2OplockLevel)level;
        var tree = await Server.ConnectToAsync(options: _client);
        var first = await CreateAsync(tree, "one", oplock, (ref CreateContextWriter writer) => writer.AskDurableHandle());
        Assert.Equal(durable, first.Has(CreateContextName.DurableHandleRequest));
        var second = await CreateAsync(tree, "two", oplock, AskV2(0));
        Assert.Equal(durable, second.Has(CreateContextName.DurableHandleRequestV2));
    }

    [Theory]
    [InlineData(0u, 60_000u)]
    [InlineData(20_000u, 20_000u)]
    [InlineData(uint.MaxValue, 300_000u)]
    public async Task The_client_is_told_how_long_its_handle_is_kept(uint asked, uint granted)
    {
        var tree = await Server.ConnectToAsync(options: _client);
        var answer = await CreateAsync(tree, "f", Smb2OplockLevel.Batch, AskV2(asked));
        var data = answer.Contexts.Single(context => context.Name == CreateContextName.DurableHandleRequestV2).Data;
        Assert.Equal(granted, BitConverter.ToUInt32(data));
        Assert.Equal(0u, BitConverter.ToUInt32(data, 4));
    }

    [Fact]
    public async Task A_durable_handle_comes_back_with_its_locks_its_oplock_and_its_pending_deletion()
    {
        var tree = await Server.ConnectToAsync(options: _client);
        var answer = await CreateAsync(tree, "f", Smb2OplockLevel.Batch, AskV2(0), CreateOptions.DeleteOnClose);
        var file = new SmbTestFile(tree, answer);
        await file.WriteAsync(0, [1, 2, 3, 4]);
        Assert.Equal(NtStatus.Success, await file.LockAsync(0, 2));
        await LoseAsync(tree);

        var state = Assert.Single(Server.Graph.Opens.All).File.State.Capture()!;
        Assert.Equal(Guid1, state.Durable.CreateGuid);
        Assert.Equal(TestServer.Alice, state.Durable.Owner);
        Assert.Equal("f", state.Path.Text);
        Assert.True(state.DeleteOnClose);
        Assert.Equal([new Smb3.Embedded.Files.Locking.LockRequest(new ByteRange(0, 2), Exclusive: true)], state.Locks);

        var next = await Server.ConnectToAsync(options: _client);
        var back = new SmbTestFile(next, (await ReconnectV2Async(next, "", file.FileId, Guid1)).Expect(NtStatus.Success).Parse());
        Assert.Equal(Smb2OplockLevel.Batch, back.Answer.OplockLevel);
        Assert.Equal(CreateAction.Opened, back.Answer.Action);
        Assert.Empty(back.Answer.Contexts);
        Assert.Equal(file.FileId.Persistent, back.FileId.Persistent);
        Assert.NotEqual(file.FileId.Volatile, back.FileId.Volatile);
        Assert.Equal([1, 2, 3, 4], await back.ReadAsync(0, 4));
        Assert.Equal(NtStatus.LockNotGranted, await back.LockAsync(1, 1));
        Assert.Equal(NtStatus.Success, await back.LockAsync(0, 2, LockFlags.Unlock));
        await back.CloseAsync();
        Assert.Equal(NtStatus.ObjectNameNotFound, await next.TryOpenAsync("f"));
        Assert.Equal(0, Server.Graph.Opens.Count);
    }

    [Fact]
    public async Task What_the_lost_connection_had_brought_is_over_when_the_open_is_taken_up()
    {
        var tree = await Server.ConnectToAsync(options: _client);
        var answer = await CreateAsync(tree, "f", Smb2OplockLevel.Batch, AskV2(0));
        var former = (FileHandle)Assert.Single(Server.Graph.FindSession(tree.Session.SessionId)!.Opens.All);

        // A WRITE that has found the open and not begun yet.
        Assert.Equal(NtStatus.Success, former.ChannelSequence.Enter(0, changes: true, replay: false));
        await LoseAsync(tree);
        Assert.Equal(NtStatus.FileClosed, former.ChannelSequence.Enter(0, changes: true, replay: false));
        var next = await Server.ConnectToAsync(options: _client);
        var back = ReconnectV2Async(next, "f", answer.FileId, Guid1);
        await Task.WhenAny(back, Task.Delay(200));
        var early = back.IsCompleted;
        former.ChannelSequence.Leave(0);
        (await back).Expect(NtStatus.Success);
        Assert.False(early);
    }

    [Fact]
    public async Task A_lease_comes_back_with_its_handle_and_its_client_is_remembered_meanwhile()
    {
        var tree = await Server.ConnectToAsync(options: _client);
        var answer = await CreateLeasedAsync(tree, "f");
        await LoseAsync(tree);
        Assert.Equal(1, Assert.Single(Server.Graph.Clients).Leases.Count);

        var next = await Server.ConnectToAsync(options: _client);
        Assert.Equal(NtStatus.ObjectNameNotFound, (await ReconnectV2Async(next, "f", answer.FileId, Guid1)).Status);
        Assert.Equal(NtStatus.ObjectNameNotFound, (await ReconnectV2Async(next, "f", answer.FileId, Guid1, Guid.NewGuid())).Status);
        Assert.Equal(NtStatus.InvalidParameter, (await ReconnectV2Async(next, "g", answer.FileId, Guid1, Key)).Status);
        var back = (await ReconnectV2Async(next, "f", answer.FileId, Guid1, Key)).Expect(NtStatus.Success).Parse();
        Assert.Equal(Smb2LeaseState.Read | Smb2LeaseState.Write | Smb2LeaseState.Handle, back.Lease!.Value.State);
        await new SmbTestFile(next, back).CloseAsync();
    }

    [Fact]
    public async Task What_does_not_match_is_not_found_and_stays_for_its_owner()
    {
        var tree = await Server.ConnectToAsync(options: _client);
        var answer = await CreateAsync(tree, "f", Smb2OplockLevel.Batch, AskV2(0));

        // It is still connected.
        Assert.Equal(NtStatus.ObjectNameNotFound, (await ReconnectV2Async(tree, "f", answer.FileId, Guid1)).Status);
        await LoseAsync(tree);

        var next = await Server.ConnectToAsync(options: _client);
        Assert.Equal(NtStatus.ObjectNameNotFound, (await ReconnectV2Async(next, "f", answer.FileId, Guid.NewGuid())).Status);
        Assert.Equal(
            NtStatus.ObjectNameNotFound, (await ReconnectV2Async(next, "f", new Smb2FileId(99, 99), Guid1)).Status);
        Assert.Equal(NtStatus.ObjectNameNotFound, (await ReconnectV2Async(next, "f", answer.FileId, Guid1, Key)).Status);
        Assert.Equal(
            NtStatus.ObjectNameNotFound,
            (await ReconnectV2Async(await next.Session.ConnectAsync("open"), "f", answer.FileId, Guid1)).Status);
        var bob = await (await Server.LogOnAsync(_client, TestServer.Bob)).ConnectAsync("data");
        Assert.Equal(NtStatus.AccessDenied, (await ReconnectV2Async(bob, "f", answer.FileId, Guid1)).Status);
        var back = (await ReconnectV2Async(next, "f", answer.FileId, Guid1)).Expect(NtStatus.Success).Parse();
        await new SmbTestFile(next, back).CloseAsync();
    }

    /// <summary>
    /// Every combination of the four contexts in every dialect (MS-SMB2 3.3.5.9.6, 3.3.5.9.7, 3.3.5.9.10 and 3.3.5.9.12), in both orders: the
    /// versions exclude each other, the two of version 2 as well, and a reconnect of version 1 makes its request count for nothing.
    /// </summary>
    [Theory]
    [InlineData((ushort)Smb2Dialect.Smb202)]
    [InlineData((ushort)Smb2Dialect.Smb210)]
    [InlineData((ushort)Smb2Dialect.Smb300)]
    [InlineData((ushort)Smb2Dialect.Smb302)]
    [InlineData((ushort)Smb2Dialect.Smb311)]
    public async Task The_two_versions_do_not_mix(ushort spoken)
    {
        var dialect = (Smb2Dialect)spoken;
        var tree = await Server.ConnectToAsync(options: _client with { Dialects = [dialect] });
        var id = new Smb2FileId(1, 1);
        for (var mask = 0; mask < 32; mask++)
        {
            var (request, reconnect, requestV2, reconnectV2) = ((mask & 1) != 0, (mask & 2) != 0, (mask & 4) != 0, (mask & 8) != 0);
            var secondFirst = (mask & 16) != 0;
            void First(ref CreateContextWriter writer)
            {
                if (request)
                {
                    writer.AskDurableHandle();
                }

                if (reconnect)
                {
                    writer.ReconnectDurableHandle(id);
                }
            }

            void Second(ref CreateContextWriter writer)
            {
                if (requestV2)
                {
                    writer.AskDurableHandleV2(new(0, 0, Guid1));
                }

                if (reconnectV2)
                {
                    writer.ReconnectDurableHandleV2(new(id, Guid1, 0));
                }
            }

            var body = RequestBody.Create("f", oplock: Smb2OplockLevel.Batch, contexts: (ref CreateContextWriter writer) =>
            {
                if (secondFirst)
                {
                    Second(ref writer);
                    First(ref writer);
                }
                else
                {
                    First(ref writer);
                    Second(ref writer);
                }
            });
            var isSmb3 = dialect >= Smb2Dialect.Smb300;
            var expected = (request || reconnect) && (requestV2 || reconnectV2) ? NtStatus.InvalidParameter
                : requestV2 && reconnectV2 ? NtStatus.InvalidParameter
                : reconnect || (reconnectV2 && isSmb3) ? NtStatus.ObjectNameNotFound
                : NtStatus.Success;
            var answer = await tree.CallAsync(Smb2Command.Create, body);
            Assert.True(expected == answer.Status, $"{dialect}, {mask}: {answer.Status} instead of {expected}");
            if (expected == NtStatus.Success)
            {
                var made = answer.Parse();
                Assert.Equal(request, made.Has(CreateContextName.DurableHandleRequest));
                Assert.Equal(requestV2 && isSmb3, made.Has(CreateContextName.DurableHandleRequestV2));
                await new SmbTestFile(tree, made).CloseAsync();
            }
        }
    }

    /// <summary>
    /// MS-SMB2 3.3.5.9.10: who has lost the answer to a CREATE with its session sends it again from the next one, and means a reconnect.
    /// </summary>
    [Theory]
    [InlineData(false, false, false)]
    [InlineData(false, true, false)]
    [InlineData(false, false, true)]
    [InlineData(false, true, true)]
    [InlineData(true, false, false)]
    [InlineData(true, true, false)]
    [InlineData(true, false, true)]
    [InlineData(true, true, true)]
    public async Task A_create_sent_again_from_a_new_session_takes_up_the_durable_open_that_it_has_made(bool leased, bool used, bool namesPrevious)
    {
        var tree = await Server.ConnectToAsync(options: _client);
        var level = leased ? Smb2OplockLevel.Lease : Smb2OplockLevel.Batch;
        var body = RequestBody.Create("f", SmbTestTree.ReadWrite, share: ShareAccess.Read, oplock: level, contexts: Contexts);
        var first = (await tree.CallAsync(Smb2Command.Create, body)).Expect(NtStatus.Success).Parse();
        if (used)
        {
            await new SmbTestFile(tree, first).WriteAsync(0, [1, 2, 3]);
        }

        var previous = tree.Session.SessionId;
        await LoseAsync(tree);

        // Nobody else has it, not even on the same machine.
        var bob = await (await Server.LogOnAsync(_client, TestServer.Bob)).ConnectAsync("data");
        (await bob.Session.CallAsync(Again(bob))).Expect(NtStatus.AccessDenied);
        var open = await (await Server.LogOnAsync(_client)).ConnectAsync("open");
        (await open.Session.CallAsync(Again(open))).Expect(NtStatus.DuplicateObjectId);
        await bob.Session.Connection.DisposeAsync();
        await open.Session.Connection.DisposeAsync();

        var connection = Server.Connect(_client);
        var session = await connection.LogOnAsync(TestServer.Alice, TestServer.Password, namesPrevious ? previous : 0);
        var next = await session.ConnectAsync("data");
        var back = (await session.CallAsync(Again(next))).Expect(NtStatus.Success).Parse();
        Assert.Equal(first.FileId.Persistent, back.FileId.Persistent);
        Assert.Equal(level, back.OplockLevel);
        Assert.True(back.Has(CreateContextName.DurableHandleRequestV2));
        Assert.Equal(1, Server.Volume.OpenCount);
        var file = new SmbTestFile(next, back);
        await file.WriteAsync(0, [4]);
        Assert.Equal(used ? [4, 2, 3] : new byte[] { 4 }, await file.ReadAsync(0, 3));

        // And it is as durable as it was.
        await LoseAsync(next);
        next = await Server.ConnectToAsync(options: _client);
        file = new SmbTestFile(next, (await next.Session.CallAsync(Again(next))).Expect(NtStatus.Success).Parse());
        await file.CloseAsync();
        Assert.Equal(0, Server.Volume.OpenCount);
        Assert.Equal(CreateAction.Opened, (await next.Session.CallAsync(Again(next))).Expect(NtStatus.Success).Parse().Action);

        void Contexts(ref CreateContextWriter writer)
        {
            if (leased)
            {
                writer.Lease(new LeaseContext { LeaseKey = Key, State = Smb2LeaseState.Read | Smb2LeaseState.Write | Smb2LeaseState.Handle, Version = 2 });
            }

            writer.AskDurableHandleV2(new DurableHandleRequestV2(0, 0, Guid1));
        }

        SmbTestRequest Again(SmbTestTree on)
        {
            var request = on.Request(Smb2Command.Create, body);
            return request with { Flags = request.Flags | Smb2HeaderFlags.Replay };
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_handle_with_locks_is_kept_only_with_writes_cached(bool writes)
    {
        var tree = await Server.ConnectToAsync(options: _client);
        var state = Smb2LeaseState.Read | Smb2LeaseState.Handle | (writes ? Smb2LeaseState.Write : 0);
        var file = new SmbTestFile(tree, await CreateLeasedAsync(tree, "f", state));
        Assert.Equal(NtStatus.Success, await file.LockAsync(0, 1));
        await LoseAsync(tree);
        var next = await Server.ConnectToAsync(options: _client);
        var back = await ReconnectV2Async(next, "f", file.FileId, Guid1, Key);
        Assert.Equal(writes ? NtStatus.Success : NtStatus.ObjectNameNotFound, back.Status);
    }

    [Fact]
    public async Task A_create_guid_is_used_once_at_a_time()
    {
        var tree = await Server.ConnectToAsync(options: _client);
        var file = new SmbTestFile(tree, await CreateAsync(tree, "f", Smb2OplockLevel.None, AskV2(0)));
        var body = RequestBody.Create("g", contexts: AskV2(0));
        Assert.Equal(NtStatus.DuplicateObjectId, (await tree.CallAsync(Smb2Command.Create, body)).Status);
        await file.CloseAsync();
        (await tree.CallAsync(Smb2Command.Create, body)).Expect(NtStatus.Success);
    }

    [Fact]
    public async Task A_create_that_fails_frees_its_create_guid()
    {
        var tree = await Server.ConnectToAsync(options: _client);
        var missing = RequestBody.Create("f", disposition: CreateDisposition.Open, contexts: AskV2(0));
        Assert.Equal(NtStatus.ObjectNameNotFound, (await tree.CallAsync(Smb2Command.Create, missing)).Status);
        await CreateAsync(tree, "f", Smb2OplockLevel.None, AskV2(0));
    }

    [Fact]
    public async Task Its_time_ends()
    {
        Start(new ServerSettings { TimeProvider = _clock });
        var tree = await Server.ConnectToAsync(options: _client);
        var answer = await CreateAsync(tree, "f", Smb2OplockLevel.Batch, AskV2(20_000));
        await LoseAsync(tree);
        _clock.Advance(TimeSpan.FromSeconds(19));
        Assert.Equal(1, Server.Graph.Opens.DisconnectedCount);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await TestServer.UntilAsync(() => Server.Volume.OpenCount == 0, "the open is closed");
        var next = await Server.ConnectToAsync(options: _client);
        Assert.Equal(NtStatus.ObjectNameNotFound, (await ReconnectV2Async(next, "f", answer.FileId, Guid1)).Status);
        Assert.Equal(0, Server.Graph.Opens.DisconnectedCount);
    }

    [Fact]
    public async Task It_gives_way_at_once_to_whoever_needs_the_file()
    {
        Start(new ServerSettings { TimeProvider = _clock });
        var tree = await Server.ConnectToAsync(options: _client);
        var answer = await CreateAsync(tree, "f", Smb2OplockLevel.Batch, AskV2(0), share: ShareAccess.None);
        await LoseAsync(tree);
        var other = await Server.ConnectToAsync();
        Assert.Equal(NtStatus.Success, await other.TryOpenAsync("f"));
        var next = await Server.ConnectToAsync(options: _client);
        Assert.Equal(NtStatus.ObjectNameNotFound, (await ReconnectV2Async(next, "f", answer.FileId, Guid1)).Status);
    }

    [Fact]
    public async Task Who_only_looks_at_attributes_leaves_it_alone()
    {
        var tree = await Server.ConnectToAsync(options: _client);
        var answer = await CreateAsync(tree, "f", Smb2OplockLevel.Batch, AskV2(0), share: ShareAccess.None);
        await LoseAsync(tree);
        var other = await Server.ConnectToAsync();
        Assert.Equal(NtStatus.Success, await other.TryOpenAsync("f", access: FileAccessMask.ReadAttributes));
        var next = await Server.ConnectToAsync(options: _client);
        (await ReconnectV2Async(next, "f", answer.FileId, Guid1)).Expect(NtStatus.Success);
    }

    [Fact]
    public async Task Logoff_keeps_it_and_tree_disconnect_closes_it()
    {
        var tree = await Server.ConnectToAsync(options: _client);
        var kept = await CreateAsync(tree, "f", Smb2OplockLevel.Batch, AskV2(0));
        await tree.Session.LogOffAsync();
        var next = await Server.ConnectToAsync(options: _client);
        var back = (await ReconnectV2Async(next, "f", kept.FileId, Guid1)).Expect(NtStatus.Success).Parse();
        await next.DisconnectAsync();
        var last = await next.Session.ConnectAsync("data");
        Assert.Equal(NtStatus.ObjectNameNotFound, (await ReconnectV2Async(last, "f", back.FileId, Guid1)).Status);
    }

    [Fact]
    public async Task A_new_session_in_place_of_the_old_one_can_take_it_up()
    {
        var tree = await Server.ConnectToAsync(options: _client);
        var answer = await CreateAsync(tree, "f", Smb2OplockLevel.Batch, AskV2(0));
        var session = new SmbTestSession(Server.Connect(_client));
        await session.Connection.NegotiateAsync();
        (await session.LogOnAsync(TestServer.Alice, TestServer.Password, tree.Session.SessionId)).Expect(NtStatus.Success);
        (await ReconnectV2Async(await session.ConnectAsync("data"), "f", answer.FileId, Guid1)).Expect(NtStatus.Success);
    }

    [Fact]
    public async Task Ending_a_share_or_the_sessions_of_a_user_ends_it()
    {
        var tree = await Server.ConnectToAsync(options: _client);
        await CreateAsync(tree, "f", Smb2OplockLevel.Batch, AskV2(0));
        await LoseAsync(tree);
        await Server.Graph.Opens.CloseDisconnectedAsync(open => open.Facts.Owner == TestServer.Bob);
        Assert.Equal(1, Server.Graph.Opens.DisconnectedCount);
        await Server.Graph.Shares.RemoveAsync("data");
        Assert.Equal(0, Server.Graph.Opens.DisconnectedCount);
        Assert.Equal(0, Server.Volume.OpenCount);
    }

    [Fact]
    public async Task There_are_never_more_than_the_limit()
    {
        Start(new ServerSettings { Limits = new ServerLimits { MaxDisconnectedOpens = 2 } });
        var tree = await Server.ConnectToAsync(options: _client);
        for (var i = 0; i < 3; i++)
        {
            await CreateAsync(tree, "f" + i, Smb2OplockLevel.Batch, (ref CreateContextWriter writer) => writer.AskDurableHandle());
        }

        await LoseAsync(tree);
        Assert.Equal(2, Server.Graph.Opens.DisconnectedCount);
        await TestServer.UntilAsync(() => Server.Volume.OpenCount == 2, "the third is closed");
    }

    [Fact]
    public async Task A_resilient_handle_needs_no_oplock_and_holds_the_file_against_others()
    {
        var tree = await Server.ConnectToAsync(options: _client);
        var file = new SmbTestFile(tree, await CreateAsync(tree, "f", Smb2OplockLevel.None, null, share: ShareAccess.None));
        Assert.Equal(NtStatus.InvalidParameter, await ResilientAsync(file, new byte[7]));
        Assert.Equal(NtStatus.InvalidParameter, await ResilientAsync(file, Timeout(300_001)));
        Assert.Equal(NtStatus.Success, await ResilientAsync(file, Timeout(30_000)));
        await LoseAsync(tree);
        var other = await Server.ConnectToAsync();
        Assert.Equal(NtStatus.SharingViolation, await other.TryOpenAsync("f"));
        var next = await Server.ConnectToAsync(options: _client);
        var body = RequestBody.Create("f", contexts: (ref CreateContextWriter writer) => writer.ReconnectDurableHandle(file.FileId));
        (await next.CallAsync(Smb2Command.Create, body)).Expect(NtStatus.Success);

        static byte[] Timeout(uint milliseconds) => [.. BitConverter.GetBytes(milliseconds), 0, 0, 0, 0];
    }

    [Fact]
    public async Task A_repeated_lock_is_carried_out_once_also_after_the_handle_came_back()
    {
        var tree = await Server.ConnectToAsync(options: _client);
        var file = new SmbTestFile(tree, await CreateAsync(tree, "f", Smb2OplockLevel.Batch, AskV2(0)));
        Assert.Equal(NtStatus.Success, await LockAsync(file, 3, 7));
        Assert.Equal(NtStatus.Success, await LockAsync(file, 3, 7));
        await LoseAsync(tree);
        var next = await Server.ConnectToAsync(options: _client);
        var back = new SmbTestFile(next, (await ReconnectV2Async(next, "f", file.FileId, Guid1)).Expect(NtStatus.Success).Parse());
        Assert.Equal(NtStatus.Success, await LockAsync(back, 3, 7));
        Assert.Equal(NtStatus.LockNotGranted, await LockAsync(back, 3, 8));
        Assert.Single(Assert.Single(Server.Graph.Opens.All).File.GetLocks());

        static async Task<NtStatus> LockAsync(SmbTestFile file, uint index, byte number) =>
            (await file.Tree.CallAsync(Smb2Command.Lock, RequestBody.Lock(
                file.FileId, [new LockElement(0, 1, LockFlags.Exclusive | LockFlags.FailImmediately)], index, number))).Status;
    }

    [Fact]
    public async Task A_newer_instance_of_an_application_takes_the_file_over_from_another_machine()
    {
        var id = Guid.NewGuid();
        var tree = await Server.ConnectToAsync(options: _client);
        var held = new SmbTestFile(tree, await CreateAsync(
            tree, "f", Smb2OplockLevel.None, Instance(id, 1, 5), share: ShareAccess.None));
        var other = await Server.ConnectToAsync();
        Assert.Equal(NtStatus.FileForcedClosed, await TryAsync(Instance(id, 1, 5)));
        Assert.Equal(NtStatus.FileForcedClosed, await TryAsync(Instance(id, 0, 9)));
        Assert.Equal(NtStatus.SharingViolation, await TryAsync(Instance(Guid.NewGuid(), 9, 9)));
        Assert.Equal(NtStatus.Success, await TryAsync(Instance(id, 1, 6)));
        Assert.Equal(NtStatus.FileClosed, (await held.TryCloseAsync()).Status);

        // Who has no version takes over only from who has none.
        held = new SmbTestFile(tree, await CreateAsync(tree, "f", Smb2OplockLevel.None, Instance(id, 1, 7), share: ShareAccess.None));
        Assert.Equal(NtStatus.FileForcedClosed, await TryAsync((ref CreateContextWriter writer) => writer.AppInstanceId(id)));
        await held.CloseAsync();
        held = new SmbTestFile(tree, await CreateAsync(
            tree, "f", Smb2OplockLevel.None, (ref CreateContextWriter writer) => writer.AppInstanceId(id), share: ShareAccess.None));
        Assert.Equal(NtStatus.Success, await TryAsync((ref CreateContextWriter writer) => writer.AppInstanceId(id)));
        Assert.Equal(NtStatus.FileClosed, (await held.TryCloseAsync()).Status);

        async Task<NtStatus> TryAsync(WriteCreateContexts contexts) =>
            (await other.CallAsync(Smb2Command.Create, RequestBody.Create("f", contexts: contexts))).Status;

        static WriteCreateContexts Instance(Guid id, ulong high, ulong low) => (ref CreateContextWriter writer) =>
        {
            writer.AppInstanceId(id);
            writer.AppInstanceVersion(new AppInstanceVersion(high, low));
        };
    }

    [Fact]
    public async Task An_open_that_is_closed_while_it_becomes_resilient_leaves_nothing_behind()
    {
        var tree = await Server.ConnectToAsync(options: _client);
        var file = await tree.OpenAsync("f");
        var handle = (FileHandle)Assert.Single(Server.Graph.FindSession(tree.Session.SessionId)!.Opens.All);
        await file.CloseAsync();
        handle.File.State.SetDurable(new DurableFacts { PersistentId = handle.FileId.Persistent, Share = "data", Owner = TestServer.Alice });
        Server.Graph.Opens.Add(new GlobalOpen(Server.Graph.Opens, handle, claim: null));
        Assert.Equal(0, Server.Graph.Opens.Count);
    }

    [Fact]
    public async Task An_instance_takes_over_only_what_it_opens_on_the_same_share()
    {
        var id = Guid.NewGuid();
        var tree = await Server.ConnectToAsync(options: _client);
        await CreateAsync(
            tree, "f", Smb2OplockLevel.None, (ref CreateContextWriter writer) => writer.AppInstanceId(id), share: ShareAccess.None);
        var other = await Server.ConnectToAsync("open");
        var body = RequestBody.Create("f", contexts: (ref CreateContextWriter writer) => writer.AppInstanceId(id));
        Assert.Equal(NtStatus.SharingViolation, (await other.CallAsync(Smb2Command.Create, body)).Status);
        Assert.Equal(NtStatus.Success, (await (await Server.ConnectToAsync()).CallAsync(Smb2Command.Create, body)).Status);
    }

    [Fact]
    public async Task A_lease_comes_back_by_any_name_when_its_file_is_to_be_deleted_and_its_state_says_so()
    {
        var tree = await Server.ConnectToAsync(options: _client);
        var answer = await CreateLeasedAsync(tree, "f");
        (await tree.CallAsync(Smb2Command.SetInfo, RequestBody.SetFile(
            answer.FileId, FileInformationClass.FileDispositionInformation, SetBuffer.Disposition(true)))).Expect(NtStatus.Success);
        await LoseAsync(tree);
        Assert.True(Assert.Single(Server.Graph.Opens.All).File.State.Capture()!.DeletePending);

        var next = await Server.ConnectToAsync(options: _client);
        var back = (await ReconnectV2Async(next, "g", answer.FileId, Guid1, Key)).Expect(NtStatus.Success).Parse();
        await new SmbTestFile(next, back).CloseAsync();
        Assert.Equal(NtStatus.ObjectNameNotFound, await next.TryOpenAsync("f"));
    }

    [Fact]
    public async Task A_lease_comes_back_by_the_name_of_its_stream_too()
    {
        var tree = await Server.ConnectToAsync(options: _client);
        var answer = await CreateLeasedAsync(tree, "f:s");
        await LoseAsync(tree);
        var next = await Server.ConnectToAsync(options: _client);
        Assert.Equal(NtStatus.InvalidParameter, (await ReconnectV2Async(next, "f", answer.FileId, Guid1, Key)).Status);
        var back = (await ReconnectV2Async(next, "f:s", answer.FileId, Guid1, Key)).Expect(NtStatus.Success).Parse();
        await new SmbTestFile(next, back).CloseAsync();
    }

    private static WriteCreateContexts AskV2(uint timeout) =>
        (ref CreateContextWriter writer) => writer.AskDurableHandleV2(new DurableHandleRequestV2(timeout, 0, Guid1));

    private static async Task<CreateAnswer> CreateAsync(
        SmbTestTree tree, string name, Smb2OplockLevel oplock, WriteCreateContexts? contexts, CreateOptions options = CreateOptions.None,
        ShareAccess share = ShareAccess.All)
    {
        var body = RequestBody.Create(
            name, SmbTestTree.ReadWrite, share: share, options: options, oplock: oplock, contexts: contexts);
        return (await tree.CallAsync(Smb2Command.Create, body)).Expect(NtStatus.Success).Parse();
    }

    private static async Task<CreateAnswer> CreateLeasedAsync(
        SmbTestTree tree, string name, Smb2LeaseState state = Smb2LeaseState.Read | Smb2LeaseState.Write | Smb2LeaseState.Handle)
    {
        var lease = new LeaseContext
        {
            Version = 2,
            LeaseKey = Key,
            State = state,
        };
        return await CreateAsync(tree, name, Smb2OplockLevel.Lease, (ref CreateContextWriter writer) =>
        {
            writer.Lease(lease);
            writer.AskDurableHandleV2(new DurableHandleRequestV2(0, 0, Guid1));
        });
    }

    private static Task<SmbTestResponse> ReconnectV2Async(
        SmbTestTree tree, string name, Smb2FileId fileId, Guid createGuid, Guid? leaseKey = null) =>
        tree.CallAsync(Smb2Command.Create, RequestBody.Create(name, contexts: (ref CreateContextWriter writer) =>
        {
            writer.ReconnectDurableHandleV2(new DurableHandleReconnectV2(fileId, createGuid, 0));
            if (leaseKey is { } key)
            {
                writer.Lease(new LeaseContext { Version = 2, LeaseKey = key });
            }
        }));

    private static async Task<NtStatus> ResilientAsync(SmbTestFile file, byte[] input) =>
        (await file.Tree.CallAsync(Smb2Command.Ioctl, RequestBody.Ioctl(FsControlCode.LmrRequestResiliency, file.FileId, input))).Status;

    private async Task LoseAsync(SmbTestTree tree)
    {
        var sessionId = tree.Session.SessionId;
        await tree.Session.Connection.DisposeAsync();
        await TestServer.UntilAsync(() => Server.Graph.FindSession(sessionId) is null, "the session is gone");
        await TestServer.UntilAsync(
            () => Server.Graph.Connections.Count == 0 && Server.Graph.Opens.All.All(open => open.IsWaiting),
            "the connection is gone, and what is left waits for its client");
    }
}

file static class CreateAnswers
{
    public static CreateAnswer Parse(this SmbTestResponse response) => CreateAnswer.Parse(response.Message);

    public static bool Has(this CreateAnswer answer, CreateContextName name) => answer.Contexts.Any(context => context.Name == name);
}
