using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Io;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>Credits, message ids, compounds, and requests that wait.</summary>
public sealed class FlowTests : ProtocolTest
{
    [Fact]
    public async Task A_stranger_gets_no_more_credits_than_it_spends()
    {
        var client = Server.Connect(new SmbTestClientOptions { CreditsWanted = 8192 });
        await client.NegotiateAsync();
        Assert.Equal(1, client.Credits);
        await client.EchoAsync();
        Assert.Equal(1, client.Credits);
        await client.LogOnAsync(TestServer.Alice, TestServer.Password);
        Assert.True(client.Credits > 1);
    }

    [Fact]
    public async Task The_window_never_exceeds_the_limit_however_much_is_asked_for()
    {
        Start(new ServerSettings { Limits = new ServerLimits { MaxCredits = 128 } });
        var session = await Server.LogOnAsync(new SmbTestClientOptions { CreditsWanted = ushort.MaxValue });
        var client = session.Connection;
        for (var i = 0; i < 10; i++)
        {
            await client.EchoAsync();
            Assert.InRange(client.Credits, 1, 128);
        }

        Assert.Equal(128, client.Credits);
    }

    [Fact]
    public async Task A_client_that_asks_for_no_credits_does_not_run_dry()
    {
        var session = await Server.LogOnAsync(new SmbTestClientOptions { CreditsWanted = 0 });
        for (var i = 0; i < 10; i++)
        {
            await session.Connection.EchoAsync();
        }

        Assert.True(session.Connection.Credits >= 1);
    }

    [Fact]
    public async Task Message_ids_inside_the_window_may_come_in_any_order()
    {
        var session = await Server.LogOnAsync();
        var client = session.Connection;
        await client.EnsureCreditsAsync(40);
        var first = client.NextMessageId;
        for (var i = 19; i >= 0; i--)
        {
            (await client.CallAsync(Echo() with { MessageId = first + (ulong)i })).Expect(NtStatus.Success);
        }

        client.NextMessageId = first + 20;
        await client.EchoAsync();
    }

    [Fact]
    public async Task A_message_id_that_was_used_ends_the_connection()
    {
        var session = await Server.LogOnAsync();
        var client = session.Connection;
        await client.EchoAsync();
        var call = await client.SendAsync(Echo() with { MessageId = client.NextMessageId - 1 });
        await Assert.ThrowsAsync<EndOfStreamException>(call.ResponseAsync);
        Assert.True(Server.Logged("SequenceViolation"));
    }

    [Fact]
    public async Task A_message_id_outside_the_window_ends_the_connection()
    {
        var session = await Server.LogOnAsync();
        var call = await session.Connection.SendAsync(Echo() with { MessageId = 1_000_000 });
        await Assert.ThrowsAsync<EndOfStreamException>(call.ResponseAsync);
    }

    [Fact]
    public async Task A_charge_beyond_the_window_ends_the_connection()
    {
        var session = await Server.LogOnAsync();
        var call = await session.Connection.SendAsync(Echo() with { CreditCharge = 60_000 });
        await Assert.ThrowsAsync<EndOfStreamException>(call.ResponseAsync);
    }

    [Fact]
    public async Task A_payload_is_paid_for_by_the_64_kib()
    {
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("file.bin");
        await tree.Session.Connection.EnsureCreditsAsync(40);
        var data = new byte[65537];
        Assert.Equal(NtStatus.InvalidParameter, await StatusAsync(file.WriteRequest(0, data) with { CreditCharge = 1 }));
        Assert.Equal(NtStatus.InvalidParameter, await StatusAsync(file.ReadRequest(0, 131073) with { CreditCharge = 2 }));
        Assert.Equal(NtStatus.Success, await StatusAsync(file.WriteRequest(0, data) with { CreditCharge = 2 }));
        Assert.Equal(NtStatus.Success, await StatusAsync(file.ReadRequest(0, 131072) with { CreditCharge = 2 }));
        Assert.Equal(NtStatus.InvalidParameter, await StatusAsync(tree.Request(
            Smb2Command.QueryDirectory, RequestBody.QueryDirectory(file.FileId, outputLength: 65537)) with { CreditCharge = 1 }));
        Assert.Equal(NtStatus.InvalidParameter, await StatusAsync(tree.Request(
            Smb2Command.QueryInfo, RequestBody.QueryFile(file.FileId, FileInformationClass.FileAllInformation, 65537)) with { CreditCharge = 1 }));
        await file.CloseAsync();

        async Task<NtStatus> StatusAsync(SmbTestRequest request) => (await tree.Session.CallAsync(request)).Status;
    }

    [Fact]
    public async Task Reads_and_writes_beyond_the_negotiated_size_are_invalid_parameters()
    {
        Start(new ServerSettings { Limits = new ServerLimits { MaxReadSize = 1 << 20, MaxWriteSize = 1 << 20, MaxTransactSize = 1 << 20 } });
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("file.bin");
        var megabyte = new byte[1 << 20];
        await file.WriteAsync(0, megabyte);
        Assert.Equal(megabyte.Length, (await file.ReadAsync(0, 1 << 20)).Length);
        Assert.Equal(NtStatus.InvalidParameter, await file.TryReadAsync(0, (1 << 20) + 1));
        Assert.Equal(NtStatus.InvalidParameter, await file.TryWriteAsync(0, new byte[(1 << 20) + 1]));
        Assert.Equal(NtStatus.InvalidParameter, await file.TryReadAsync(ulong.MaxValue - 1, 10));
        Assert.Equal(NtStatus.EndOfFile, await file.TryReadAsync(1 << 20, 10));
        await file.CloseAsync();
    }

    [Trait("Transport", "own")] // bytes below the messages
    [Fact]
    public async Task A_frame_that_is_too_long_ends_the_connection_before_it_is_read()
    {
        var tree = await Server.ConnectToAsync();
        await tree.Session.Connection.SendBytesAsync(new byte[] { 0, 0xFF, 0xFF, 0xFF });
        await tree.Session.Connection.WaitForCloseAsync();
        Assert.True(Server.Logged("FrameTooLong"));
    }

    [Fact]
    public async Task A_related_compound_opens_writes_reads_and_closes_in_one_frame()
    {
        var tree = await Server.ConnectToAsync();
        var data = new byte[] { 1, 2, 3, 4, 5 };
        var calls = await tree.Session.Connection.SendAsync(
        [
            tree.Request(Smb2Command.Create, RequestBody.Create("compound.txt")),
            tree.Request(Smb2Command.Write, RequestBody.Write(SmbTestFile.Previous, 0, data)).Related(),
            tree.Request(Smb2Command.Read, RequestBody.Read(SmbTestFile.Previous, 0, 100)).Related() with { TreeId = uint.MaxValue },
            tree.Request(Smb2Command.Close, RequestBody.Close(SmbTestFile.Previous)).Related() with { SessionId = ulong.MaxValue },
        ]);
        await calls[0].ExpectAsync(NtStatus.Success);
        Assert.Equal(5u, WriteAnswer.Parse((await calls[1].ExpectAsync(NtStatus.Success)).Message).Count);
        Assert.Equal(data, ReadAnswer.Parse((await calls[2].ExpectAsync(NtStatus.Success)).Message).Data);
        var closed = await calls[3].ExpectAsync(NtStatus.Success);
        Assert.True((closed.Flags & Smb2HeaderFlags.Related) != 0);
        Assert.Equal(0, Server.Volume.OpenCount);
    }

    [Fact]
    public async Task A_sealed_compound_is_answered_by_a_sealed_compound()
    {
        var tree = await Server.ConnectToAsync("sealed");
        var calls = await tree.Session.Connection.SendAsync(
        [
            tree.Request(Smb2Command.Create, RequestBody.Create("compound.txt")),
            tree.Request(Smb2Command.Close, RequestBody.Close(SmbTestFile.Previous)).Related(),
        ]);
        Assert.True((await calls[0].ExpectAsync(NtStatus.Success)).WasEncrypted);
        Assert.True((await calls[1].ExpectAsync(NtStatus.Success)).WasEncrypted);
    }

    [Fact]
    public async Task When_the_create_of_a_compound_fails_so_does_what_depends_on_it()
    {
        var tree = await Server.ConnectToAsync();
        var calls = await tree.Session.Connection.SendAsync(
        [
            tree.Request(Smb2Command.Create, RequestBody.Create("none", disposition: CreateDisposition.Open)),
            tree.Request(Smb2Command.Read, RequestBody.Read(SmbTestFile.Previous, 0, 100)).Related(),
            tree.Request(Smb2Command.Close, RequestBody.Close(SmbTestFile.Previous)).Related(),
        ]);
        foreach (var call in calls)
        {
            await call.ExpectAsync(NtStatus.ObjectNameNotFound);
        }
    }

    [Fact]
    public async Task Unrelated_requests_of_a_compound_do_not_share_their_failures()
    {
        var tree = await Server.ConnectToAsync();
        var calls = await tree.Session.Connection.SendAsync(
        [
            tree.Request(Smb2Command.Create, RequestBody.Create("none", disposition: CreateDisposition.Open)),
            tree.Request(Smb2Command.Create, RequestBody.Create("some")),
            tree.Request(Smb2Command.Close, RequestBody.Close(SmbTestFile.Previous)).Related(),
            tree.Request(Smb2Command.Create, RequestBody.Create("other")) with { TreeId = 4711 },
            tree.Request(Smb2Command.Create, RequestBody.Create("third")),
            tree.Request(Smb2Command.Close, RequestBody.Close(SmbTestFile.Previous)).Related(),
        ]);
        await calls[0].ExpectAsync(NtStatus.ObjectNameNotFound);
        await calls[1].ExpectAsync(NtStatus.Success);
        await calls[2].ExpectAsync(NtStatus.Success);
        await calls[3].ExpectAsync(NtStatus.NetworkNameDeleted);
        await calls[4].ExpectAsync(NtStatus.Success);
        await calls[5].ExpectAsync(NtStatus.Success);
        Assert.Equal(0, Server.Volume.OpenCount);
    }

    [Fact]
    public async Task A_related_request_that_comes_first_is_an_invalid_parameter()
    {
        var tree = await Server.ConnectToAsync();
        (await tree.Session.CallAsync(tree.Request(Smb2Command.Create, RequestBody.Create("x")).Related())).Expect(NtStatus.InvalidParameter);
    }

    [Fact]
    public async Task What_is_related_to_a_cancel_goes_on_in_its_session_and_tree()
    {
        var tree = await Server.ConnectToAsync();
        var session = tree.Session;
        var cancel = tree.Request(Smb2Command.Cancel, RequestBody.Empty()) with { MessageId = 12345, CreditCharge = 0, CreditsWanted = 0 };

        var calls = await session.Connection.SendAsync(
        [
            cancel,
            tree.Request(Smb2Command.Create, RequestBody.Create("file.txt")).Related(),
            tree.Request(Smb2Command.Close, RequestBody.Close(SmbTestFile.Previous)).Related(),
        ]);

        Assert.True((await calls[1].ExpectAsync(NtStatus.Success)).HasValidSignature(session.SignerOn(session.Connection)));
        await calls[2].ExpectAsync(NtStatus.Success);
    }

    [Fact]
    public async Task A_wrong_signature_in_a_compound_stops_its_own_request_and_what_is_related_to_it()
    {
        var tree = await Server.ConnectToAsync();
        var calls = await tree.Session.Connection.SendAsync(
        [
            tree.Request(Smb2Command.Create, RequestBody.Create("x")) with { AfterSigning = message => message[Smb2Header.SignatureOffset] ^= 1 },
            tree.Request(Smb2Command.Close, RequestBody.Close(SmbTestFile.Previous)).Related(),
        ]);
        await calls[0].ExpectAsync(NtStatus.AccessDenied);
        await calls[1].ExpectAsync(NtStatus.AccessDenied);
        Assert.Equal(0, Server.Volume.OpenCount);
    }

    [Theory]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(63)]
    [InlineData(68)]
    [InlineData(100_000)]
    [InlineData(-8)]
    public async Task A_next_command_that_points_to_no_request_ends_the_connection(int next)
    {
        var session = await Server.LogOnAsync();
        var call = await session.Connection.SendAsync(Echo() with { NextCommand = (uint)next });
        await Assert.ThrowsAsync<EndOfStreamException>(call.ResponseAsync);
    }

    [Fact]
    public async Task A_lock_that_waits_says_so_and_is_granted_later()
    {
        var tree = await Server.ConnectToAsync();
        var holder = await tree.OpenAsync("file.txt");
        var waiter = await tree.OpenAsync("file.txt");
        Assert.Equal(NtStatus.Success, await holder.LockAsync(0, 10));
        var call = await tree.Session.Connection.SendAsync(waiter.LockRequest(0, 10));
        var interim = await call.InterimAsync();
        Assert.NotEqual(0ul, interim.AsyncId);
        Assert.False(call.IsAnswered);
        await tree.Session.Connection.EchoAsync();
        Assert.Equal(NtStatus.Success, await holder.LockAsync(0, 10, LockFlags.Unlock));
        var final = await call.ExpectAsync(NtStatus.Success);
        Assert.Equal(interim.AsyncId, final.AsyncId);
        Assert.Equal(0, final.Credits);
        Assert.True(final.IsSigned);
        await holder.CloseAsync();
        await waiter.CloseAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Cancel_ends_a_wait_by_async_id_and_by_message_id(bool byMessageId)
    {
        var tree = await Server.ConnectToAsync();
        var holder = await tree.OpenAsync("file.txt");
        var waiter = await tree.OpenAsync("file.txt");
        Assert.Equal(NtStatus.Success, await holder.LockAsync(0, 10));
        var call = await tree.Session.Connection.SendAsync(waiter.LockRequest(0, 10));
        var interim = await call.InterimAsync();
        await tree.Session.CancelAsync(call, byMessageId ? 0 : interim.AsyncId);
        await call.ExpectAsync(NtStatus.Cancelled);

        // The lock that was given up is not held: whoever comes next gets it.
        Assert.Equal(NtStatus.Success, await holder.LockAsync(0, 10, LockFlags.Unlock));
        Assert.Equal(NtStatus.Success, await holder.LockAsync(0, 10));
        await holder.CloseAsync();
        await waiter.CloseAsync();
    }

    [Fact]
    public async Task Too_many_requests_that_wait_are_refused_and_there_is_room_again_when_one_has_ended()
    {
        var tree = await Server.ConnectToAsync(options: new SmbTestClientOptions { CreditsWanted = 1024 });
        var client = tree.Session.Connection;
        var holder = await tree.OpenAsync("file.txt");
        var waiter = await tree.OpenAsync("file.txt");
        Assert.Equal(NtStatus.Success, await holder.LockAsync(0, 10));
        var first = await client.SendAsync(waiter.LockRequest(0, 10));
        var interim = await first.InterimAsync();
        for (var i = 1; i < PendingRequests.MaxAsync; i++)
        {
            await (await client.SendAsync(waiter.LockRequest(0, 10))).InterimAsync();
        }

        await (await client.SendAsync(waiter.LockRequest(0, 10))).ExpectAsync(NtStatus.InsufficientResources);

        // What is granted at once takes no place, and another connection has places of its own.
        Assert.Equal(NtStatus.Success, await waiter.LockAsync(20, 10));
        var other = await Server.ConnectToAsync();
        await (await other.Session.Connection.SendAsync((await other.OpenAsync("file.txt")).LockRequest(0, 10))).InterimAsync();

        await tree.Session.CancelAsync(first, interim.AsyncId);
        await first.ExpectAsync(NtStatus.Cancelled);
        await (await client.SendAsync(waiter.LockRequest(0, 10))).InterimAsync();
        await waiter.CloseAsync();
        await holder.CloseAsync();
    }

    [Fact]
    public async Task A_rename_that_waits_for_other_clients_does_not_say_so()
    {
        var tree = await Server.ConnectToAsync();
        var other = await Server.ConnectToAsync();
        var key = Guid.NewGuid();
        var lease = new LeaseContext { Version = 1, LeaseKey = key, State = Smb2LeaseState.Read | Smb2LeaseState.Handle };
        var body = RequestBody.Create(
            "file.txt", oplock: Smb2OplockLevel.Lease, contexts: (ref CreateContextWriter writer) => writer.Lease(lease));
        (await other.CallAsync(Smb2Command.Create, body)).Expect(NtStatus.Success);
        foreach (var name in new[] { "other.txt", "file.txt" })
        {
            // The name may even be the one that it has.
            var file = await tree.OpenAsync("file.txt");
            var call = await tree.Session.Connection.SendAsync(Rename(file, name));
            Assert.Equal(key, BreakAnswer.Parse((await other.Session.Connection.NextUnsolicitedAsync()).Message).LeaseKey);
            await tree.Session.Connection.EchoAsync();
            Assert.False(call.IsAnswered);
            (await other.CallAsync(Smb2Command.OplockBreak, RequestBody.LeaseBreakAcknowledgment(key, Smb2LeaseState.Read)))
                .Expect(NtStatus.Success);
            Assert.Equal(0ul, (await call.ExpectAsync(NtStatus.Success)).AsyncId);
            (await tree.Session.Connection.CallAsync(Rename(file, "file.txt"))).Expect(NtStatus.Success);
            await file.CloseAsync();
            (await other.CallAsync(Smb2Command.Create, body)).Expect(NtStatus.Success);
        }

        static SmbTestRequest Rename(SmbTestFile file, string name) => file.Tree.Request(
            Smb2Command.SetInfo,
            RequestBody.SetFile(file.FileId, FileInformationClass.FileRenameInformation, SetBuffer.Rename(name)));
    }

    [Fact]
    public async Task A_related_request_means_the_open_before_whatever_it_names()
    {
        var tree = await Server.ConnectToAsync();
        var half = new Smb2FileId(ulong.MaxValue, 0);
        var calls = await tree.Session.Connection.SendAsync(
        [
            tree.Request(Smb2Command.Create, RequestBody.Create("file.txt")),
            tree.Request(Smb2Command.QueryInfo, RequestBody.QueryFile(half, FileInformationClass.FileBasicInformation)).Related(),
            tree.Request(Smb2Command.Close, RequestBody.Close(SmbTestFile.Previous)).Related(),
        ]);
        foreach (var call in calls)
        {
            await call.ExpectAsync(NtStatus.Success);
        }
    }

    [Fact]
    public async Task Cancel_with_a_wrong_signature_cancels_nothing_and_one_for_nothing_is_ignored()
    {
        var tree = await Server.ConnectToAsync();
        var session = tree.Session;
        var holder = await tree.OpenAsync("file.txt");
        var waiter = await tree.OpenAsync("file.txt");
        await holder.LockAsync(0, 10);
        var call = await session.Connection.SendAsync(waiter.LockRequest(0, 10));
        var interim = await call.InterimAsync();
        var cancel = new SmbTestRequest
        {
            Command = Smb2Command.Cancel,
            Session = session,
            MessageId = call.MessageId,
            AsyncId = interim.AsyncId,
            Flags = Smb2HeaderFlags.Async,
        };
        await session.Connection.SendAsync(cancel with { AfterSigning = message => message[Smb2Header.SignatureOffset] ^= 1 });
        await session.Connection.SendAsync(cancel with { AsyncId = 999_999 });
        await session.Connection.EchoAsync();
        Assert.False(call.IsAnswered);
        await session.CancelAsync(call, interim.AsyncId);
        await call.ExpectAsync(NtStatus.Cancelled);
    }

    [Fact]
    public async Task A_wait_ends_when_its_file_its_session_or_its_connection_ends()
    {
        var tree = await Server.ConnectToAsync();
        var holder = await tree.OpenAsync("file.txt");
        await holder.LockAsync(0, 10);
        var waiter = await tree.OpenAsync("file.txt");
        var closed = await tree.Session.Connection.SendAsync(waiter.LockRequest(0, 10));
        await closed.InterimAsync();
        await waiter.CloseAsync();
        await closed.ExpectAsync(NtStatus.RangeNotLocked);

        var other = await Server.ConnectToAsync();
        var waiting = await (await other.OpenAsync("file.txt")).Tree.Session.Connection.SendAsync(
            (await other.OpenAsync("file.txt")).LockRequest(0, 10));
        await waiting.InterimAsync();
        await other.Session.Connection.DisposeAsync();
        await TestServer.UntilAsync(() => Server.Volume.OpenCount == 1, "only the holder is left");
    }

    [Fact]
    public async Task The_last_of_a_compound_may_wait_and_its_answer_comes_alone()
    {
        var tree = await Server.ConnectToAsync();
        var holder = await tree.OpenAsync("file.txt");
        await holder.LockAsync(0, 10);
        var calls = await tree.Session.Connection.SendAsync(
        [
            tree.Request(Smb2Command.Create, RequestBody.Create("file.txt")),
            tree.Request(Smb2Command.Lock, RequestBody.Lock(SmbTestFile.Previous, [new LockElement(0, 10, LockFlags.Exclusive)])).Related(),
        ]);
        await calls[0].ExpectAsync(NtStatus.Success);
        await calls[1].InterimAsync();
        await holder.CloseAsync();
        await calls[1].ExpectAsync(NtStatus.Success);
    }

    [Fact]
    public async Task A_create_in_the_middle_of_a_compound_that_waits_for_a_break_says_so_and_the_rest_follows_it()
    {
        var tree = await Server.ConnectToAsync();
        var client = tree.Session.Connection;
        var held = CreateAnswer.Parse(
            (await tree.CallAsync(Smb2Command.Create, RequestBody.Create("file.txt", oplock: Smb2OplockLevel.Batch)))
                .Expect(NtStatus.Success).Message);
        var calls = await client.SendAsync(
        [
            tree.Request(Smb2Command.Create, RequestBody.Create("other.txt")),
            tree.Request(Smb2Command.Create, RequestBody.Create("file.txt")),
            tree.Request(Smb2Command.Close, RequestBody.Close(SmbTestFile.Previous)).Related(),
        ]);

        // What was ready does not wait with it, and the client gets the credits with which it answers the break.
        var other = CreateAnswer.Parse((await calls[0].ExpectAsync(NtStatus.Success)).Message);
        var interim = await calls[1].InterimAsync();
        Assert.NotEqual(0ul, interim.AsyncId);
        Assert.True(interim.Credits > 0);
        Assert.Equal(held.FileId, BreakAnswer.Parse((await client.NextUnsolicitedAsync()).Message).FileId);
        Assert.False(calls[1].IsAnswered);
        Assert.False(calls[2].IsAnswered);

        (await tree.CallAsync(Smb2Command.OplockBreak, RequestBody.OplockBreakAcknowledgment(held.FileId, Smb2OplockLevel.None)))
            .Expect(NtStatus.Success);
        var final = await calls[1].ExpectAsync(NtStatus.Success);
        Assert.Equal(interim.AsyncId, final.AsyncId);
        Assert.Equal(0, final.Credits);
        await calls[2].ExpectAsync(NtStatus.Success);
        foreach (var fileId in new[] { other.FileId, held.FileId })
        {
            (await tree.CallAsync(Smb2Command.Close, RequestBody.Close(fileId))).Expect(NtStatus.Success);
        }
    }

    [Fact]
    public async Task A_create_that_waits_in_a_compound_is_cancelled_and_what_is_related_to_it_fails_with_it()
    {
        var tree = await Server.ConnectToAsync();
        var client = tree.Session.Connection;
        var held = CreateAnswer.Parse(
            (await tree.CallAsync(Smb2Command.Create, RequestBody.Create("file.txt", oplock: Smb2OplockLevel.Batch)))
                .Expect(NtStatus.Success).Message);
        var calls = await client.SendAsync(
        [
            tree.Request(Smb2Command.Create, RequestBody.Create("file.txt")),
            tree.Request(Smb2Command.Close, RequestBody.Close(SmbTestFile.Previous)).Related(),
        ]);
        var interim = await calls[0].InterimAsync();
        await client.NextUnsolicitedAsync();
        await tree.Session.CancelAsync(calls[0], interim.AsyncId);
        await calls[0].ExpectAsync(NtStatus.Cancelled);
        await calls[1].ExpectAsync(NtStatus.Cancelled);
        (await tree.CallAsync(Smb2Command.Close, RequestBody.Close(held.FileId))).Expect(NtStatus.Success);
    }

    [Fact]
    public async Task Unknown_commands_classes_and_controls_are_refused_and_the_connection_lives()
    {
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("file.txt");
        var directory = await tree.OpenAsync(string.Empty, options: CreateOptions.DirectoryFile, access: FileAccessMask.FileGenericRead);
        await ExpectAsync(NtStatus.InvalidParameter, (Smb2Command)0x13, RequestBody.Empty());
        await ExpectAsync(NtStatus.InvalidParameter, (Smb2Command)0x7FFF, RequestBody.Empty());
        await ExpectAsync(NtStatus.InvalidInfoClass, Smb2Command.QueryInfo, RequestBody.QueryInfo(file.FileId, Smb2InfoType.File, 0xEE));
        await ExpectAsync(NtStatus.InvalidInfoClass, Smb2Command.QueryInfo, RequestBody.QueryInfo(file.FileId, Smb2InfoType.FileSystem, 0xEE));
        await ExpectAsync(NtStatus.InvalidParameter, Smb2Command.QueryInfo, RequestBody.QueryInfo(file.FileId, (Smb2InfoType)9, 1));
        await ExpectAsync(NtStatus.InvalidInfoClass, Smb2Command.SetInfo, RequestBody.SetInfo(file.FileId, Smb2InfoType.File, 0xEE, [1]));
        await ExpectAsync(NtStatus.InvalidParameter, Smb2Command.SetInfo, RequestBody.SetInfo(file.FileId, (Smb2InfoType)9, 1, [1]));
        await ExpectAsync(
            NtStatus.InvalidInfoClass,
            Smb2Command.QueryDirectory,
            RequestBody.QueryDirectory(directory.FileId, informationClass: (FileInformationClass)0xEE));
        await ExpectAsync(NtStatus.InvalidDeviceRequest, Smb2Command.Ioctl, RequestBody.Ioctl((FsControlCode)0xEEEEEEEE, file.FileId, []));
        await ExpectAsync(
            NtStatus.NotSupported, Smb2Command.Ioctl, RequestBody.Ioctl(FsControlCode.PipeTransceive, file.FileId, [], isFsctl: false));
        await ExpectAsync(NtStatus.FileClosed, Smb2Command.Read, RequestBody.Read(new Smb2FileId(77, 77), 0, 1));
        await ExpectAsync(NtStatus.BadNetworkName, Smb2Command.TreeConnect, RequestBody.TreeConnect(@"\\server\nothing"));
        await ExpectAsync(NtStatus.InvalidParameter, Smb2Command.TreeConnect, RequestBody.TreeConnect("data"));
        (await tree.Session.CallAsync(tree.Request(Smb2Command.Create, RequestBody.Create("x")) with { TreeId = 4711 }))
            .Expect(NtStatus.NetworkNameDeleted);
        await tree.Session.Connection.EchoAsync();

        async Task ExpectAsync(NtStatus status, Smb2Command command, byte[] body) =>
            Assert.Equal((command, status), (command, (await tree.CallAsync(command, body)).Status));
    }

    private static SmbTestRequest Echo() => new() { Command = Smb2Command.Echo };
}
