using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Fencing;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>Once the time is over for which a share was this server's, nothing of it leaves the server: what was in work is dropped with its connection.</summary>
public sealed class OwnerFenceTests : ProtocolTest
{
    private readonly HungCalls _calls = new() { IgnoreCancellation = true };
    private readonly FakeTimeProvider _clock = new();
    private OwnerLease _lease = null!;
    private Volume _volume = null!;

    [Theory]
    [InlineData("read")]
    [InlineData("write")]
    [InlineData("open")]
    public async Task An_answer_that_was_worked_out_too_late_is_not_sent(string call)
    {
        var tree = await StartAsync();
        var file = await tree.OpenAsync("f");
        await file.WriteAsync(0, [1]);
        var connection = tree.Session.Connection;
        _calls.Hang(call);
        var request = await connection.SendAsync(call switch
        {
            "read" => file.ReadRequest(0, 1),
            "write" => file.WriteRequest(0, [2]),
            _ => tree.Request(Smb2Command.Create, RequestBody.Create("f")),
        });
        await TestServer.UntilAsync(() => _calls.Waiting == 1, "it hangs");
        _clock.Advance(TimeSpan.FromSeconds(10)); // the process was stopped, say, and nobody has told the share
        _calls.Release();
        await Assert.ThrowsAsync<EndOfStreamException>(() => request.ResponseAsync());
    }

    [Fact]
    public async Task A_request_that_comes_too_late_is_not_answered()
    {
        var tree = await StartAsync();
        var file = await tree.OpenAsync("f");
        _clock.Advance(TimeSpan.FromSeconds(10));
        await Assert.ThrowsAsync<EndOfStreamException>(() => file.TryWriteAsync(0, [1]));
    }

    [Fact]
    public async Task Requests_for_other_shares_of_the_connection_are_answered_until_then()
    {
        var tree = await StartAsync();
        var other = await tree.Session.ConnectAsync("data");
        _clock.Advance(TimeSpan.FromSeconds(10));
        await (await other.OpenAsync("f")).CloseAsync();
    }

    [Fact]
    public async Task A_wait_that_ends_by_it_is_not_answered()
    {
        var tree = await StartAsync();
        var holder = await tree.OpenAsync("f");
        Assert.Equal(NtStatus.Success, await holder.LockAsync(0, 1));
        var waiter = await (await Server.LogOnAsync()).ConnectAsync("owned");
        var waiting = await waiter.Session.Connection.SendAsync((await waiter.OpenAsync("f")).LockRequest(0, 1));
        await waiting.InterimAsync();
        _clock.Advance(TimeSpan.FromSeconds(10));
        Server.Graph.Shares.Fence("owned");
        await Server.Graph.Shares.RemoveAsync("owned");
        await Assert.ThrowsAsync<EndOfStreamException>(() => waiting.ResponseAsync());
    }

    [Fact]
    public async Task A_break_is_not_sent_any_more()
    {
        var tree = await StartAsync();
        (await tree.CallAsync(Smb2Command.Create, RequestBody.Create("f", oplock: Smb2OplockLevel.Batch))).Expect(NtStatus.Success);
        var connection = tree.Session.Connection;
        var notifier = Server.Graph.Connections.Single().Notifications!;
        _clock.Advance(TimeSpan.FromSeconds(10));
        var share = Server.Graph.Shares.Find("owned")!;
        Assert.NotNull(notifier.TrySend(new byte[Smb2Header.Size], sealedFor: null, share.Guard));
        await connection.WaitForCloseAsync();
        await Assert.ThrowsAsync<TimeoutException>(() => connection.NextUnsolicitedAsync(TimeSpan.Zero));
    }

    private async Task<SmbTestTree> StartAsync()
    {
        Start(new TestServerOptions());
        _lease = new OwnerLease(_clock, _clock.GetTimestamp() + (10 * _clock.TimestampFrequency));
        _volume = new Volume(new HangingStore(new MemoryFileStore(), _calls), new VolumeOptions { Lease = _lease });
        Server.Graph.Shares.TryAdd(new Share { Name = "owned", Volume = _volume, IsClustered = true });
        return await Server.ConnectToAsync("owned");
    }
}
