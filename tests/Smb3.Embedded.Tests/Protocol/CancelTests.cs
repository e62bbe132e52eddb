using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>CANCEL (MS-SMB2 3.3.5.16), which has no answer of its own.</summary>
public sealed class CancelTests : ProtocolTest
{
    [Theory]
    [InlineData("data")]
    [InlineData("sealed")]
    public async Task The_answer_to_what_was_cancelled_is_not_overtaken_by_that_to_what_was_sent_behind(string share)
    {
        // The clock stands still: nobody loses patience because the machine is busy.
        Start(new TestServerOptions { Settings = new ServerSettings { TimeProvider = new FakeTimeProvider() } });
        var tree = await Server.ConnectToAsync(share);
        var folder = await tree.OpenAsync("folder", options: CreateOptions.DirectoryFile);
        for (var i = 0; i < 300; i++)
        {
            var waiting = await tree.Session.Connection.SendAsync(
                tree.Request(Smb2Command.ChangeNotify, RequestBody.ChangeNotify(folder.FileId)));
            var asyncId = (await waiting.InterimAsync()).AsyncId;
            await tree.Session.CancelAsync(waiting, i % 2 == 0 ? asyncId : 0);
            (await tree.Session.CallAsync(Smb2Command.Echo, RequestBody.Empty())).Expect(NtStatus.Success);
            Assert.True(waiting.IsAnswered, $"round {i}");
            await waiting.ExpectAsync(NtStatus.Cancelled);
        }
    }

    [Fact]
    public void What_is_cancelled_holds_back_the_next_until_it_is_answered_or_has_had_its_time()
    {
        var pending = new PendingRequests();
        var first = new Waiting(1);
        var second = new Waiting(2);
        var working = new Waiting(3) { IsWaiting = false };
        Assert.All([first, second, working], request => Assert.True(pending.Add(request)));

        // Another session's request, one that the store works on, and one that is not there hold back nothing.
        pending.CancelByMessageId(1, sessionId: 8);
        pending.CancelByMessageId(3, sessionId: 7);
        pending.CancelByMessageId(4, sessionId: 7);
        Assert.Null(pending.WhenCancelledAreAnswered());

        pending.CancelByMessageId(1, sessionId: 7);
        pending.CancelByMessageId(2, sessionId: 7);
        var answered = pending.WhenCancelledAreAnswered()!;
        first.HoldsBack!.End();
        Assert.False(answered.IsCompleted);
        second.HoldsBack!.End();
        Assert.True(answered.IsCompleted);
        Assert.Null(pending.WhenCancelledAreAnswered());

        // Who cancels again and again is held back once.
        var third = new Waiting(5);
        pending.Add(third);
        pending.CancelByMessageId(5, sessionId: 7);
        Assert.NotNull(pending.WhenCancelledAreAnswered());
        pending.GiveUpOnCancelled();
        pending.CancelByMessageId(5, sessionId: 7);
        Assert.Null(pending.WhenCancelledAreAnswered());
        Assert.Equal(2, third.Cancelled);
        third.HoldsBack!.End();
        Assert.Null(pending.WhenCancelledAreAnswered());
    }

    private sealed class Waiting(ulong messageId) : IPendingRequest
    {
        public ulong MessageId => messageId;

        public ulong SessionId => 7;

        public bool IsWaiting { get; init; } = true;

        public bool OutlivesConnection => false;

        public bool IsClaimed { get; set; }

        public AnnouncementGate? HoldsBack { get; set; }

        public int Cancelled { get; private set; }

        public void Cancel() => Cancelled++;
    }
}
