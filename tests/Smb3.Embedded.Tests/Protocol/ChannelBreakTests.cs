using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>Breaks of oplocks and leases of a client that has several channels, some of which no longer deliver.</summary>
public sealed class ChannelBreakTests : ProtocolTest
{
    private static readonly Guid Key = new("00112233-4455-6677-8899-aabbccddeeff");

    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);

    [Fact]
    public async Task A_lease_break_that_does_not_arrive_goes_out_on_the_next_channel_within_a_second()
    {
        Start(new ServerSettings { TimeProvider = _clock });
        var tree = await Server.ConnectToAsync();
        var second = await ChannelTests.BindAsync(Server, tree.Session);
        var third = await ChannelTests.BindAsync(Server, tree.Session);
        await OpenLeasedAsync(tree);
        var waiting = await OpenElsewhereAsync();
        var notice = BreakAnswer.Parse((await tree.Session.Connection.NextUnsolicitedAsync()).Message);
        Assert.Equal(Key, notice.LeaseKey);

        Pass(TimeSpan.FromSeconds(0.9));
        Assert.Equal(notice, BreakAnswer.Parse((await second.NextUnsolicitedAsync()).Message));
        Assert.False(waiting.IsAnswered);
        await AcknowledgeLeaseAsync(tree, second);
        await waiting.ExpectAsync(NtStatus.Success);

        // It kept what it was told that it may keep, and nobody sends again what was answered.
        Pass(TimeSpan.FromSeconds(5));
        await AssertSilentAsync(third);
        Assert.True(Assert.Single(Server.Graph.Clients, c => c.Leases.Count > 0).Leases.TryFind(Key, out var lease));
        Assert.Equal(Smb2LeaseState.Read | Smb2LeaseState.Handle, (Smb2LeaseState)lease.State);
    }

    [Fact]
    public async Task A_lease_break_follows_the_client_when_the_channel_ends_that_it_went_over()
    {
        Start(new ServerSettings { TimeProvider = _clock });
        var tree = await Server.ConnectToAsync();
        var second = await ChannelTests.BindAsync(Server, tree.Session);
        await OpenLeasedAsync(tree);
        var waiting = await OpenElsewhereAsync();
        await tree.Session.Connection.NextUnsolicitedAsync();
        await tree.Session.Connection.DisposeAsync();
        await TestServer.UntilAsync(() => Server.Graph.Connections.Count == 2, "the first connection is gone");
        Pass(TimeSpan.FromSeconds(0.2));
        await second.NextUnsolicitedAsync();
        await AcknowledgeLeaseAsync(tree, second);
        await waiting.ExpectAsync(NtStatus.Success);
    }

    [Theory]
    [InlineData("data")]
    [InlineData("sealed")]
    public async Task A_lease_break_reaches_the_second_user_of_a_client_when_the_session_of_the_first_has_ended(string share)
    {
        Start(new ServerSettings { TimeProvider = _clock });
        var client = new SmbTestClientOptions { ClientGuid = Guid.NewGuid() };
        var first = await Server.ConnectToAsync(share, client);
        var second = await (await Server.LogOnAsync(client, TestServer.Bob)).ConnectAsync(share);
        await OpenLeasedAsync(first);
        await OpenLeasedAsync(second);
        var waiting = await OpenElsewhereAsync(share);
        await first.Session.Connection.NextUnsolicitedAsync();
        await first.Session.Connection.DisposeAsync();
        await TestServer.UntilAsync(() => Server.Graph.Connections.Count == 2, "the first connection is gone");
        Pass(TimeSpan.FromSeconds(0.2));
        Assert.Equal(Key, BreakAnswer.Parse((await second.Session.Connection.NextUnsolicitedAsync()).Message).LeaseKey);
        await AcknowledgeLeaseAsync(second, second.Session.Connection);
        await waiting.ExpectAsync(NtStatus.Success);
    }

    [Fact]
    public async Task A_lease_break_finds_a_channel_that_was_bound_after_it_was_sent()
    {
        Start(new ServerSettings { TimeProvider = _clock });
        var tree = await Server.ConnectToAsync();
        await OpenLeasedAsync(tree);
        var waiting = await OpenElsewhereAsync();
        await tree.Session.Connection.NextUnsolicitedAsync();
        Pass(TimeSpan.FromSeconds(2));
        var late = await ChannelTests.BindAsync(Server, tree.Session);
        Pass(TimeSpan.FromSeconds(0.9));
        await late.NextUnsolicitedAsync();
        await AcknowledgeLeaseAsync(tree, late);
        await waiting.ExpectAsync(NtStatus.Success);
    }

    [Fact]
    public async Task A_channel_that_has_the_break_is_given_all_the_time_there_is()
    {
        Start(new ServerSettings { TimeProvider = _clock });
        var tree = await Server.ConnectToAsync();
        var second = await ChannelTests.BindAsync(Server, tree.Session);
        await OpenLeasedAsync(tree);
        var waiting = await OpenElsewhereAsync();
        await tree.Session.Connection.NextUnsolicitedAsync();
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        await tree.Session.Connection.EchoAsync();
        Pass(TimeSpan.FromSeconds(10));
        await AssertSilentAsync(second);
        await AcknowledgeLeaseAsync(tree, tree.Session.Connection);
        await waiting.ExpectAsync(NtStatus.Success);
    }

    [Fact]
    public async Task A_break_of_a_sealed_share_comes_sealed_on_every_channel()
    {
        Start(new ServerSettings { TimeProvider = _clock });
        var tree = await Server.ConnectToAsync("sealed");
        var second = await ChannelTests.BindAsync(Server, tree.Session);
        await OpenLeasedAsync(tree);
        var waiting = await OpenElsewhereAsync();
        await tree.Session.Connection.NextUnsolicitedAsync();
        Pass(TimeSpan.FromSeconds(0.9));
        Assert.Equal(Key, BreakAnswer.Parse((await second.NextUnsolicitedAsync()).Message).LeaseKey);
        await AcknowledgeLeaseAsync(tree, second);
        await waiting.ExpectAsync(NtStatus.Success);
    }

    [Fact]
    public async Task An_oplock_break_goes_once_over_the_newest_channel_as_windows_does_it()
    {
        Start(new ServerSettings { TimeProvider = _clock });
        var tree = await Server.ConnectToAsync();
        var second = await ChannelTests.BindAsync(Server, tree.Session);
        var fileId = await OpenBatchAsync(tree);
        var waiting = await OpenElsewhereAsync();
        Assert.Equal(fileId, BreakAnswer.Parse((await second.NextUnsolicitedAsync()).Message).FileId);
        Pass(TimeSpan.FromSeconds(5));
        await AssertSilentAsync(tree.Session.Connection);
        await AcknowledgeOplockAsync(tree, tree.Session.Connection, fileId);
        await waiting.ExpectAsync(NtStatus.Success);
    }

    [Fact]
    public async Task An_oplock_break_moves_to_another_channel_when_its_own_ends()
    {
        Start(new ServerSettings { TimeProvider = _clock });
        var tree = await Server.ConnectToAsync();
        var second = await ChannelTests.BindAsync(Server, tree.Session);
        var fileId = await OpenBatchAsync(tree);
        var waiting = await OpenElsewhereAsync();
        await second.NextUnsolicitedAsync();
        await second.DisposeAsync();
        await TestServer.UntilAsync(() => Server.Graph.Connections.Count == 2, "the second connection is gone");
        Pass(TimeSpan.FromSeconds(0.2));
        await tree.Session.Connection.NextUnsolicitedAsync();
        await AcknowledgeOplockAsync(tree, tree.Session.Connection, fileId);
        await waiting.ExpectAsync(NtStatus.Success);
    }

    [Fact]
    public async Task An_oplock_break_starts_where_the_file_was_opened_and_is_sent_again_when_the_host_wants_the_specification()
    {
        Start(new ServerSettings { TimeProvider = _clock, RetryOplockBreaks = true });
        var tree = await Server.ConnectToAsync();
        var second = await ChannelTests.BindAsync(Server, tree.Session);
        var fileId = await OpenBatchAsync(tree);
        var waiting = await OpenElsewhereAsync();
        await tree.Session.Connection.NextUnsolicitedAsync();
        Pass(TimeSpan.FromSeconds(0.9));
        Assert.Equal(fileId, BreakAnswer.Parse((await second.NextUnsolicitedAsync()).Message).FileId);
        await AcknowledgeOplockAsync(tree, second, fileId);
        await waiting.ExpectAsync(NtStatus.Success);
    }

    private static async Task OpenLeasedAsync(SmbTestTree tree)
    {
        var lease = new LeaseContext
        {
            Version = 2,
            LeaseKey = Key,
            State = Smb2LeaseState.Read | Smb2LeaseState.Write | Smb2LeaseState.Handle,
        };
        var body = RequestBody.Create(
            "f", oplock: Smb2OplockLevel.Lease, contexts: (ref CreateContextWriter writer) => writer.Lease(lease));
        var answer = CreateAnswer.Parse((await tree.CallAsync(Smb2Command.Create, body)).Expect(NtStatus.Success).Message);
        Assert.Equal(lease.State, answer.Lease!.Value.State);
    }

    private static async Task<Smb2FileId> OpenBatchAsync(SmbTestTree tree)
    {
        var response = await tree.CallAsync(Smb2Command.Create, RequestBody.Create("f", oplock: Smb2OplockLevel.Batch));
        var answer = CreateAnswer.Parse(response.Expect(NtStatus.Success).Message);
        Assert.Equal(Smb2OplockLevel.Batch, answer.OplockLevel);
        return answer.FileId;
    }

    private static async Task AcknowledgeLeaseAsync(SmbTestTree tree, SmbTestConnection over)
    {
        var body = RequestBody.LeaseBreakAcknowledgment(Key, Smb2LeaseState.Read | Smb2LeaseState.Handle);
        (await over.CallAsync(tree.Request(Smb2Command.OplockBreak, body))).Expect(NtStatus.Success);
    }

    private static async Task AcknowledgeOplockAsync(SmbTestTree tree, SmbTestConnection over, Smb2FileId fileId)
    {
        var body = RequestBody.OplockBreakAcknowledgment(fileId, Smb2OplockLevel.LevelII);
        (await over.CallAsync(tree.Request(Smb2Command.OplockBreak, body))).Expect(NtStatus.Success);
    }

    /// <summary>What was sent before the answer of an ECHO has come before it.</summary>
    private static async Task AssertSilentAsync(SmbTestConnection channel)
    {
        await channel.EchoAsync();
        await Assert.ThrowsAsync<TimeoutException>(() => channel.NextUnsolicitedAsync(TimeSpan.Zero));
    }

    /// <summary>Another client opens the file, which waits for the break.</summary>
    private async Task<SmbTestCall> OpenElsewhereAsync(string share = "data")
    {
        var other = await Server.ConnectToAsync(share);
        var call = await other.Session.Connection.SendAsync(other.Request(Smb2Command.Create, RequestBody.Create("f")));
        await call.InterimAsync();
        return call;
    }

    /// <summary>Lets time go by as it does, in small steps.</summary>
    private void Pass(TimeSpan time)
    {
        var step = TimeSpan.FromMilliseconds(50);
        for (var passed = TimeSpan.Zero; passed < time; passed += step)
        {
            _clock.Advance(step);
        }
    }
}
