using System.Buffers;
using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Creating;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Tests.Files;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>
/// What a client did on a connection that has ended is out of the way of whoever comes after, though the end of the connection takes its
/// time: here a write holds it up that the store does not finish.
/// </summary>
public sealed class LeavingTests : ProtocolTest
{
    private const Smb2LeaseState ReadWriteHandle = Smb2LeaseState.Read | Smb2LeaseState.Write | Smb2LeaseState.Handle;

    private readonly StoreFaults _faults = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_lease_of_a_client_that_has_gone_is_free_with_its_open(bool durable)
    {
        var (first, second) = await StartAsync();
        await LeaseAsync(first, 1, durable);
        await BeginToLeaveAsync(first);
        var answer = await LeaseAsync(second, 2, durable);
        Assert.Equal(ReadWriteHandle, answer.Lease!.Value.State);
        _faults.WriteGate.Open();
    }

    [Fact]
    public async Task A_resilient_open_of_a_client_that_has_gone_stays_and_loses_its_caching()
    {
        var (first, second) = await StartAsync();
        var answer = await LeaseAsync(first, 1, durable: false);
        var control = RequestBody.Ioctl(FsControlCode.LmrRequestResiliency, answer.FileId, new byte[8]);
        (await first.CallAsync(Smb2Command.Ioctl, control)).Expect(NtStatus.Success);
        await BeginToLeaveAsync(first);
        Assert.Equal(Smb2LeaseState.Read | Smb2LeaseState.Handle, (await LeaseAsync(second, 2, durable: false)).Lease!.Value.State);
        _faults.WriteGate.Open();
        await TestServer.UntilAsync(() => Server.Graph.FindSession(first.Session.SessionId) is null, "the session has ended");
        var state = Assert.Single(Server.Graph.Opens.All).File.State.Capture()!;
        Assert.Equal(answer.FileId.Persistent, state.Durable.PersistentId);
        Assert.Equal(CacheState.None, state.Caching);
        await Server.Graph.Opens.CloseDisconnectedAsync(_ => true);
    }

    [Fact]
    public async Task A_client_that_comes_back_waits_for_its_session_that_is_ending_already()
    {
        var (first, _) = await StartAsync();
        var busy = await first.OpenAsync("busy");
        _faults.WriteGate.Close();
        await first.Session.Connection.SendAsync(busy.WriteRequest(0, [1]));
        await first.Session.Connection.EchoAsync();
        var id = first.Session.SessionId;
        var ending = Server.Graph.FindSession(id)!.EndAsync();
        Assert.Null(Server.Graph.FindSession(id));
        var back = Server.Connect().LogOnAsync(TestServer.Alice, TestServer.Password, id);
        await Task.WhenAny(back, Task.Delay(TimeSpan.FromMilliseconds(200)));
        Assert.False(back.IsCompleted);
        _faults.WriteGate.Open();
        await back;
        Assert.True(await ending);
        Assert.Equal(0, Server.Volume.OpenCount);
        Assert.Null(Server.Graph.FindEndingSession(id));
    }

    [Fact]
    public async Task An_open_that_does_not_share_is_waited_for()
    {
        var (first, second) = await StartAsync();
        await first.OpenAsync("f", share: ShareAccess.None);
        await BeginToLeaveAsync(first);
        await SucceedsWhenItHasLeftAsync(second, RequestBody.Create("f"));
    }

    [Fact]
    public async Task An_open_is_waited_for_whose_client_has_closed_its_connection_before_anybody_has_read_that()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        const int Piece = 1 << 14;
        Start(new TestServerOptions
        {
            Transport = TestTransport.Tcp,
            Store = store => new FaultyStore(store, _faults),
            Settings = new ServerSettings { Limits = new ServerLimits { MaxBytesInFlight = Piece } },
        });
        var first = await (await (await Server.ConnectUntrackedAsync()).LogOnAsync(TestServer.Alice, TestServer.Password)).ConnectAsync("data");
        var second = await Server.ConnectToAsync();
        await first.OpenAsync("f", share: ShareAccess.None);
        var busy = await first.OpenAsync("busy");
        _faults.WriteGate.Close();
        for (var i = 0; i < 4; i++)
        {
            await first.Session.Connection.SendAsync(busy.WriteRequest(0, new byte[Piece])); // more than is read at a time
        }

        var connection = Assert.Single(Server.Graph.FindSession(first.Session.SessionId)!.Channels).Connection;
        await first.Session.Connection.DisposeAsync();
        await TestServer.UntilAsync(() => connection.HasPeerClosed(), "the system knows");
        Assert.False(connection.Ended.IsCancellationRequested);
        await SucceedsWhenItHasLeftAsync(second, RequestBody.Create("f"));
    }

    [Fact]
    public async Task A_name_that_it_is_to_delete_is_waited_for()
    {
        var (first, second) = await StartAsync();
        var file = await first.OpenAsync("f");
        (await first.CallAsync(Smb2Command.SetInfo, RequestBody.SetFile(
            file.FileId, FileInformationClass.FileDispositionInformation, SetBuffer.Disposition(true)))).Expect(NtStatus.Success);
        await BeginToLeaveAsync(first);
        var answer = await SucceedsWhenItHasLeftAsync(second, RequestBody.Create("f", disposition: CreateDisposition.OpenIf));
        Assert.Equal(CreateAction.Created, answer.Action);
    }

    [Fact]
    public async Task An_open_that_would_keep_others_from_caching_is_waited_for()
    {
        var (first, second) = await StartAsync();
        await first.OpenAsync("f");
        await BeginToLeaveAsync(first);
        var answer = await SucceedsWhenItHasLeftAsync(second, RequestBody.Create("f", oplock: Smb2OplockLevel.Batch));
        Assert.Equal(Smb2OplockLevel.Batch, answer.OplockLevel);
    }

    [Fact]
    public async Task It_is_waited_for_no_longer_than_a_moment_and_not_beside_somebody_who_stays()
    {
        var (first, second) = await StartAsync();
        await first.OpenAsync("f", share: ShareAccess.None);
        var third = await Server.ConnectToAsync();
        await first.OpenAsync("g", access: FileAccessMask.FileGenericRead, share: ShareAccess.Read | ShareAccess.Write);
        await third.OpenAsync("g", access: FileAccessMask.FileGenericRead, share: ShareAccess.Read | ShareAccess.Write);
        await BeginToLeaveAsync(first);
        var call = await second.Session.Connection.SendAsync(second.Request(Smb2Command.Create, RequestBody.Create("g", SmbTestTree.ReadWrite)));
        await call.ExpectAsync(NtStatus.SharingViolation);
        await Assert.ThrowsAsync<SmbTestException>(call.InterimAsync);

        call = await second.Session.Connection.SendAsync(second.Request(Smb2Command.Create, RequestBody.Create("f")));
        await call.InterimAsync();
        await call.ExpectAsync(NtStatus.SharingViolation);
        _faults.WriteGate.Open();
    }

    [Fact]
    public async Task A_client_is_forgotten_when_a_lease_outlives_its_connection_by_a_slow_close()
    {
        var (first, _) = await StartAsync();
        await LeaseAsync(first, 1, durable: false);
        var handle = (FileHandle)Assert.Single(Server.Graph.FindSession(first.Session.SessionId)!.Opens.All);
        _faults.Gate.Close();
        var reading = handle.File.ReadAsync(0, new byte[1], 0, CancellationToken.None).AsTask();
        var closing = handle.EndAsync().AsTask();
        await first.Session.Connection.DisposeAsync();
        await TestServer.UntilAsync(() => Server.Graph.Connections.Count == 1, "the connection is gone");
        Assert.Equal(2, Server.Graph.Clients.Count);
        _faults.Gate.Open();
        await reading;
        await closing;
        await TestServer.UntilAsync(() => Server.Graph.Clients.Count == 1, "the client is forgotten");
    }

    [Fact]
    public async Task A_break_that_waited_for_the_response_to_a_create_is_not_sent_when_the_open_is_closed_by_then()
    {
        var (tree, _) = await StartAsync();
        var session = Server.Graph.FindSession(tree.Session.SessionId)!;
        var connection = Assert.Single(session.Channels).Connection;
        var notifier = new BreakNotifier(Assert.Single(session.Trees), connection, new Smb2FileId(99, 99));
        var client = connection.Client!;
        var lease = new LeaseIdentity(client.ClientGuid, new Guid(1, 0, 0, new byte[8]), ParentKey: null, Version: 2);
        var caching = new CachingRequest
        {
            State = CacheState.Read | CacheState.Handle, Sink = notifier, Table = client.Leases, Lease = lease,
        };
        var open = (await Server.Volume.CreateAsync(Parameters(caching), CancellationToken.None)).Open!;
        var writer = (await Server.Volume.CreateAsync(Parameters(null), CancellationToken.None)).Open!;
        await writer.WriteAsync(0, new ReadOnlySequence<byte>([1]), writeThrough: false, CancellationToken.None);
        Assert.True(open.Grant!.IsBreaking);
        await open.CloseAsync();
        await writer.CloseAsync();
        var told = 0;
        tree.Session.Connection.Unsolicited = _ => told++;
        notifier.Announce();
        notifier.SendEarly();
        (await tree.Session.Connection.EchoAsync()).Expect(NtStatus.Success);
        Assert.Equal(0, told);
    }

    [Fact]
    public async Task What_a_client_asks_after_the_response_to_a_create_is_answered_behind_the_breaks_that_waited_for_it()
    {
        var (tree, _) = await StartAsync();
        var session = Server.Graph.FindSession(tree.Session.SessionId)!;
        var connection = Assert.Single(session.Channels).Connection;
        var notifier = new BreakNotifier(Assert.Single(session.Trees), connection, new Smb2FileId(99, 99));
        var client = connection.Client!;
        var lease = new LeaseIdentity(client.ClientGuid, new Guid(1, 0, 0, new byte[8]), ParentKey: null, Version: 2);
        var caching = new CachingRequest { State = CacheState.Read, Sink = notifier, Table = client.Leases, Lease = lease };
        var open = (await Server.Volume.CreateAsync(Parameters(caching), CancellationToken.None)).Open!;
        var writer = (await Server.Volume.CreateAsync(Parameters(null), CancellationToken.None)).Open!;
        await writer.WriteAsync(0, new ReadOnlySequence<byte>([1]), writeThrough: false, CancellationToken.None);
        notifier.Announce();
        var echo = tree.Session.Connection.EchoAsync();
        await Task.Delay(50);
        Assert.False(echo.IsCompleted);
        notifier.SendEarly();
        var told = await tree.Session.Connection.NextUnsolicitedAsync();
        Assert.True(told.Arrival < (await echo).Expect(NtStatus.Success).Arrival);
        await open.CloseAsync();
        await writer.CloseAsync();
    }

    private static CreateParameters Parameters(CachingRequest? caching) => new()
    {
        Path = "f",
        Caller = TestVolume.Alice,
        DesiredAccess = FileAccessMask.FileGenericRead | FileAccessMask.FileGenericWrite,
        ShareAccess = ShareAccess.All,
        Disposition = CreateDisposition.OpenIf,
        Caching = caching,
    };

    private async Task<(SmbTestTree First, SmbTestTree Second)> StartAsync()
    {
        Start(new TestServerOptions { Store = store => new FaultyStore(store, _faults) });
        var first = await Server.ConnectToAsync();
        return (first, await Server.ConnectToAsync());
    }

    /// <summary>The client closes its connection; the server has noticed, and cannot end the session yet.</summary>
    private async Task BeginToLeaveAsync(SmbTestTree tree)
    {
        var busy = await tree.OpenAsync("busy");
        _faults.WriteGate.Close();
        await tree.Session.Connection.SendAsync(busy.WriteRequest(0, [1]));
        var connection = Assert.Single(Server.Graph.FindSession(tree.Session.SessionId)!.Channels).Connection;
        await tree.Session.Connection.DisposeAsync();
        await TestServer.UntilAsync(() => connection.Ended.IsCancellationRequested, "the connection has ended");
        Assert.NotNull(Server.Graph.FindSession(tree.Session.SessionId));
    }

    private async Task<CreateAnswer> SucceedsWhenItHasLeftAsync(SmbTestTree tree, byte[] create)
    {
        var call = await tree.Session.Connection.SendAsync(tree.Request(Smb2Command.Create, create));
        await call.InterimAsync();
        Assert.False(call.IsAnswered);
        _faults.WriteGate.Open();
        return CreateAnswer.Parse((await call.ExpectAsync(NtStatus.Success)).Message);
    }

    private static async Task<CreateAnswer> LeaseAsync(SmbTestTree tree, byte key, bool durable)
    {
        var lease = new LeaseContext { Version = 1, LeaseKey = new Guid(key, 0, 0, new byte[8]), State = ReadWriteHandle };
        var body = RequestBody.Create("f", oplock: Smb2OplockLevel.Lease, contexts: (ref CreateContextWriter writer) =>
        {
            writer.Lease(lease);
            if (durable)
            {
                writer.AskDurableHandle();
            }
        });
        return CreateAnswer.Parse((await tree.CallAsync(Smb2Command.Create, body)).Expect(NtStatus.Success).Message);
    }
}
