using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Info;
using Smb3.Embedded.Wire.Ioctl;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>
/// What is slow is pending (MS-SMB2 3.3.4.2): a store that does not come back holds up neither the connection nor its credits, and what it
/// was asked can be cancelled.
/// </summary>
public sealed class SlowStoreTests : ProtocolTest
{
    private const int Large = 1 << 20;

    private static readonly TimeSpan Delay = new ServerSettings().InterimResponseDelay;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    private readonly HungCalls _calls = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);

    public static TheoryData<string, string, string> Requests()
    {
        var requests = new TheoryData<string, string, string>();
        foreach (var share in new[] { "data", "sealed" })
        {
            requests.Add(share, "READ", "read");
            requests.Add(share, "WRITE", "write");
            requests.Add(share, "FLUSH", "flush");
            requests.Add(share, "QUERY_DIRECTORY", "list");
            requests.Add(share, "QUERY_INFO", "metadata");
            requests.Add(share, "QUERY_INFO of the volume", "volume");
            requests.Add(share, "SET_INFO", "length");
            requests.Add(share, "IOCTL", "metadata");
            requests.Add(share, "CREATE", "open");
            requests.Add(share, "CREATE of what is new", "create");
        }

        return requests;
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task A_request_that_takes_long_is_pending_and_can_be_cancelled(string share, string what, string hangs)
    {
        var tree = await StartAsync(share);
        var file = await tree.OpenAsync("f");
        await file.WriteAsync(0, new byte[1000]);
        var root = await tree.OpenAsync(string.Empty, CreateDisposition.Open, FileAccessMask.FileGenericRead);
        var client = tree.Session.Connection;
        _calls.Hang(hangs);
        var before = client.Credits;
        var call = await client.SendAsync(Request(what, file, root));
        await HungAsync(client);
        _time.Advance(Delay - Tick);
        await client.EchoAsync();
        Assert.False(call.IsAnswered);
        _time.Advance(Tick + Tick);
        var interim = await call.InterimAsync();
        Assert.Equal(share == "sealed", interim.WasEncrypted);
        Assert.True(client.Credits >= before, "The credits came with the interim response.");
        Assert.Equal(1, Server.Graph.Connections.Single().Pending.Count);

        await tree.Session.CancelAsync(call, interim.AsyncId);
        Assert.Equal(interim.AsyncId, (await call.ExpectAsync(NtStatus.Cancelled)).AsyncId);
        Assert.Equal(1, _calls.Cancelled);
        Assert.Equal(0, _calls.Waiting);

        // All goes on as if nothing had been.
        _calls.Hang(null);
        Assert.NotEqual(NtStatus.Cancelled, (await client.CallAsync(Request(what, file, root))).Status);
        await TestServer.UntilAsync(() => Server.Graph.Connections.Single().Pending.Count == 0, "nothing is pending");
    }

    [Theory]
    [InlineData("data")]
    [InlineData("sealed")]
    public async Task A_request_that_is_pending_is_answered_when_the_store_comes_back(string share)
    {
        var tree = await StartAsync(share);
        var file = await tree.OpenAsync("f");
        await file.WriteAsync(0, [1, 2, 3]);
        var client = tree.Session.Connection;
        for (var i = 0; i < 3; i++)
        {
            _calls.Hang("read");
            var call = await client.SendAsync(file.ReadRequest(0, 3));
            await HungAsync(client);
            _time.Advance(Delay + Tick);
            Assert.NotEqual(0ul, (await call.InterimAsync()).AsyncId);
            _calls.Release();
            Assert.Equal([1, 2, 3], ReadAnswer.Parse((await call.ExpectAsync(NtStatus.Success)).Message).Data);
        }
    }

    [Fact]
    public async Task What_completes_within_the_moment_says_nothing_before()
    {
        var tree = await StartAsync();
        var file = await tree.OpenAsync("f");
        await file.WriteAsync(0, [1, 2, 3]);
        for (var i = 0; i < 10; i++)
        {
            _calls.Hang("read");
            var call = await tree.Session.Connection.SendAsync(file.ReadRequest(0, 3));
            await HungAsync(tree.Session.Connection);
            _time.Advance(Delay / 2);
            _calls.Release();
            Assert.Equal(0ul, (await call.ExpectAsync(NtStatus.Success)).AsyncId);
        }

        // The timer that ran meanwhile has nobody to tell.
        _time.Advance(Delay * 2);
        await tree.Session.Connection.EchoAsync();
    }

    [Fact]
    public async Task A_request_can_be_cancelled_before_its_moment_is_over()
    {
        var tree = await StartAsync();
        var file = await tree.OpenAsync("f");
        await file.WriteAsync(0, [1]);
        _calls.Hang("read");
        var call = await tree.Session.Connection.SendAsync(file.ReadRequest(0, 1));
        await HungAsync(tree.Session.Connection);
        await tree.Session.CancelAsync(call);
        Assert.Equal(0ul, (await call.ExpectAsync(NtStatus.Cancelled)).AsyncId);
    }

    [Fact]
    public async Task Only_the_last_of_a_compound_is_pending_and_what_is_before_it_leaves()
    {
        var tree = await StartAsync("sealed");
        var file = await tree.OpenAsync("f");
        await file.WriteAsync(0, new byte[70_000]);
        var client = tree.Session.Connection;
        await client.EnsureCreditsAsync(16);

        _calls.Hang("read");
        var calls = await client.SendAsync([file.WriteRequest(0, [7, 8]), file.ReadRequest(0, 66_000)]);
        await HungAsync(client);
        Assert.False(calls[0].IsAnswered);
        _time.Advance(Delay + Tick);
        await calls[1].InterimAsync();
        await calls[0].ExpectAsync(NtStatus.Success);
        _calls.Release();
        Assert.Equal([7, 8], ReadAnswer.Parse((await calls[1].ExpectAsync(NtStatus.Success)).Message).Data[..2]);

        // In the middle it says nothing, and the compound waits as a whole.
        _calls.Hang("read");
        calls = await client.SendAsync([file.ReadRequest(0, 1), file.WriteRequest(0, [1])]);
        await HungAsync(client);
        _time.Advance(Delay * 3);
        await client.EchoAsync();
        _calls.Release();
        Assert.Equal(0ul, (await calls[0].ExpectAsync(NtStatus.Success)).AsyncId);
        await calls[1].ExpectAsync(NtStatus.Success);
    }

    [Fact]
    public async Task A_slow_create_lets_the_rest_of_its_compound_follow()
    {
        var tree = await StartAsync();
        var client = tree.Session.Connection;
        _calls.Hang("create");
        var read = tree.Request(Smb2Command.Flush, RequestBody.Flush(SmbTestFile.Previous)) with { Flags = Smb2HeaderFlags.Related };
        var close = tree.Request(Smb2Command.Close, RequestBody.Close(SmbTestFile.Previous)) with { Flags = Smb2HeaderFlags.Related };
        var calls = await client.SendAsync([tree.Request(Smb2Command.Create, RequestBody.Create("new")), read, close]);
        await HungAsync(client);
        _time.Advance(Delay + Tick);
        await calls[0].InterimAsync();
        _calls.Release();
        foreach (var call in calls)
        {
            await call.ExpectAsync(NtStatus.Success);
        }
    }

    [Fact]
    public async Task A_store_that_hangs_in_many_large_reads_does_not_stop_the_connection()
    {
        var tree = await StartAsync();
        var file = await tree.OpenAsync("f");
        await file.WriteAsync(0, [1]);
        var client = tree.Session.Connection;
        // As many as the connection can have in memory: each of them with what it is charged for small outputs.
        var reads = (int)(new ServerLimits().MaxBytesInFlight / (Large + (2 * 65_536)));
        await client.EnsureCreditsAsync(reads * (Large / 65_536) * 2);
        _calls.Hang("read");
        var calls = new List<SmbTestCall>();
        for (var i = 0; i < reads; i++)
        {
            calls.Add(await client.SendAsync(file.ReadRequest(0, Large)));
        }

        await HungAsync(client, reads);
        _time.Advance(Delay + Tick);
        foreach (var call in calls)
        {
            await call.InterimAsync();
        }

        // All else goes on.
        for (var i = 0; i < 10; i++)
        {
            await file.WriteAsync(0, new byte[Large]);
        }

        foreach (var call in calls)
        {
            await tree.Session.CancelAsync(call);
            await call.ExpectAsync(NtStatus.Cancelled);
        }

        Assert.Equal(reads, _calls.Cancelled);
    }

    [Fact]
    public async Task No_more_are_pending_than_there_may_be()
    {
        var tree = await StartAsync();
        var file = await tree.OpenAsync("f");
        await file.WriteAsync(0, [1]);
        var client = tree.Session.Connection;
        const int Reads = PendingRequests.MaxAsync + 20;
        await client.EnsureCreditsAsync(Reads + 20);
        _calls.Hang("read");
        var calls = new List<SmbTestCall>();
        for (var i = 0; i < Reads; i++)
        {
            calls.Add(await client.SendAsync(file.ReadRequest(0, 1)));
        }

        await HungAsync(client, Reads);
        _time.Advance(Delay + Tick);
        await client.EchoAsync();
        _calls.Release();
        var pending = 0;
        foreach (var call in calls)
        {
            // Who is not told that it is pending is served all the same.
            pending += (await call.ExpectAsync(NtStatus.Success)).AsyncId != 0 ? 1 : 0;
        }

        Assert.Equal(PendingRequests.MaxAsync, pending);
    }

    [Fact]
    public async Task A_connection_that_ends_cancels_what_its_store_hangs_in()
    {
        var tree = await StartAsync();
        var file = await tree.OpenAsync("f");
        await file.WriteAsync(0, [1]);
        _calls.Hang("read");
        await tree.Session.Connection.SendAsync(file.ReadRequest(0, 1));
        var pending = await tree.Session.Connection.SendAsync(file.ReadRequest(0, 1));
        await HungAsync(tree.Session.Connection, 2);
        _time.Advance(Delay + Tick);
        await pending.InterimAsync();
        await tree.Session.Connection.DisposeAsync();
        await TestServer.UntilAsync(() => Server.Graph.Connections.Count == 0, "the connection is gone");
        Assert.Equal(2, _calls.Cancelled);
    }

    [Fact]
    public async Task A_server_stops_although_its_store_hangs()
    {
        var tree = await StartAsync();
        var file = await tree.OpenAsync("f");
        await file.WriteAsync(0, [1]);
        _calls.Hang("read");
        var pending = await tree.Session.Connection.SendAsync(file.ReadRequest(0, 1));
        await HungAsync(tree.Session.Connection);
        _time.Advance(Delay + Tick);
        await pending.InterimAsync();
        var stopping = Server.StopAsync(TimeSpan.FromSeconds(5));
        await TestServer.UntilAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                return stopping.IsCompleted;
            },
            "the server has stopped");
        await stopping;
        Assert.Equal(1, _calls.Cancelled);
        Assert.Empty(Server.Graph.Connections);
    }

    [Fact]
    public async Task A_server_that_stops_lets_the_store_finish_its_work()
    {
        var tree = await StartAsync();
        var file = await tree.OpenAsync("f");
        _calls.Hang("write");
        var write = await tree.Session.Connection.SendAsync(file.WriteRequest(0, [1, 2, 3]));
        await HungAsync(tree.Session.Connection);
        var stopping = Server.StopAsync(TimeSpan.FromSeconds(5));
        await Task.Delay(50);
        Assert.Equal(0, _calls.Cancelled);
        _calls.Release();
        await write.ExpectAsync(NtStatus.Success);
        await stopping;
    }

    private static SmbTestRequest Request(string what, SmbTestFile file, SmbTestFile root) => what switch
    {
        "READ" => file.ReadRequest(0, 100),
        "WRITE" => file.WriteRequest(0, new byte[100]),
        "FLUSH" => file.Tree.Request(Smb2Command.Flush, RequestBody.Flush(file.FileId)),
        "QUERY_DIRECTORY" => file.Tree.Request(
            Smb2Command.QueryDirectory, RequestBody.QueryDirectory(root.FileId, flags: QueryDirectoryFlags.Reopen)),
        "QUERY_INFO" => file.Tree.Request(
            Smb2Command.QueryInfo,
            RequestBody.QueryInfo(file.FileId, Smb2InfoType.File, (byte)FileInformationClass.FileNetworkOpenInformation)),
        "QUERY_INFO of the volume" => file.Tree.Request(
            Smb2Command.QueryInfo,
            RequestBody.QueryInfo(file.FileId, Smb2InfoType.FileSystem, (byte)FsInformationClass.FileFsSizeInformation)),
        "SET_INFO" => file.Tree.Request(
            Smb2Command.SetInfo,
            RequestBody.SetInfo(
                file.FileId, Smb2InfoType.File, (byte)FileInformationClass.FileEndOfFileInformation, BitConverter.GetBytes(500L))),
        "IOCTL" => file.Tree.Request(
            Smb2Command.Ioctl, RequestBody.Ioctl(FsControlCode.QueryFileRegions, file.FileId, [])),
        "CREATE" => file.Tree.Request(Smb2Command.Create, RequestBody.Create("f", disposition: CreateDisposition.Open)),
        _ => file.Tree.Request(
            Smb2Command.Create, RequestBody.Create(Guid.NewGuid().ToString(), disposition: CreateDisposition.Create)),
    };

    /// <summary>Waits until the store hangs, and the server has noticed: what comes after a request is read when that has been begun.</summary>
    private async Task HungAsync(SmbTestConnection client, int count = 1)
    {
        await TestServer.UntilAsync(() => _calls.Waiting == count, "the store hangs");
        await client.EchoAsync();
    }

    private async Task<SmbTestTree> StartAsync(string share = "data")
    {
        Start(new TestServerOptions
        {
            Settings = new ServerSettings { TimeProvider = _time },
            Store = store => new HangingStore(store, _calls),
        });
        return await Server.ConnectToAsync(share);
    }
}
