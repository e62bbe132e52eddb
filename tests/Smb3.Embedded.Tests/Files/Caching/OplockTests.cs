using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Creating;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Locking;
using Smb3.Embedded.Nt;
using Xunit;
using static Smb3.Embedded.Tests.Files.Caching.CachingClient;

namespace Smb3.Embedded.Tests.Files.Caching;

public sealed class OplockTests
{
    private readonly TestVolume _volume = new();
    private readonly CachingClient _a;
    private readonly CachingClient _b;

    public OplockTests()
    {
        _a = new CachingClient(_volume);
        _b = new CachingClient(_volume);
    }

    [Theory]
    [InlineData((int)R)]
    [InlineData((int)RW)]
    [InlineData((int)RWH)]
    public async Task TheOnlyOpenGetsTheOplockItAsksFor(int asked)
    {
        var open = await _a.OplockAsync((CacheState)asked);
        Assert.Equal((CacheState)asked, open.Grant!.State);
        await open.CloseAsync();
    }

    [Fact]
    public async Task ASecondOpenWaitsForTheBreakAndBothGetLevelII()
    {
        var first = await _a.OplockAsync(RWH);
        var second = _b.TryOplockAsync(RWH);
        Assert.False(second.IsCompleted);
        Assert.Equal(new CacheBreak(null, RWH, R, 0, MustAnswer: true, 1), _a.TakeBreak());

        Assert.Equal(NtStatus.Success, Answer(first, R));
        var outcome = await second;
        Assert.Equal(R, outcome.Open!.Grant!.State);
        Assert.Equal(R, first.Grant!.State);
        await first.CloseAsync();
        await outcome.Open.CloseAsync();
        Assert.Equal(0, _volume.Volume.OpenFiles.Count);
    }

    [Theory]
    [InlineData(CreateOptions.CompleteIfOplocked)]
    [InlineData(CreateOptions.OpenRequiringOplock)]
    public async Task OptionsThatAreNotForServersChangeNothingAboutTheWait(CreateOptions options)
    {
        // MS-SMB2 2.2.13: the server ignores both bits; a client's own object store has answered them before anything is sent.
        var first = await _a.OplockAsync(RWH);
        var second = _b.TryOplockAsync(RWH, options: options);
        Assert.False(second.IsCompleted);
        Assert.Equal(R, _a.TakeBreak().To);
        Answer(first, R);
        Assert.Equal(NtStatus.Success, (await second).Status);
    }

    [Fact]
    public async Task WaitingHoldsUpNobodyElseWhoOpensTheName()
    {
        var first = await _a.OplockAsync(RWH);
        var second = _b.TryOplockAsync(0);
        var attributes = await _b.TryOplockAsync(0, access: FileAccessMask.ReadAttributes);
        Assert.Equal(NtStatus.Success, attributes.Status);
        Assert.Single(_a.TakeBreaks());
        Assert.False(second.IsCompleted);
        Answer(first, CacheState.None);
        Assert.Equal(NtStatus.Success, (await second).Status);
    }

    [Fact]
    public async Task AttributesAreReadWithoutABreak()
    {
        var first = await _a.OplockAsync(RWH);
        var outcome = await _b.TryOplockAsync(0, access: FileAccessMask.ReadAttributes | FileAccessMask.Synchronize);
        Assert.Equal(NtStatus.Success, outcome.Status);
        Assert.Empty(_a.TakeBreaks());
        Assert.Equal(RWH, first.Grant!.State);
    }

    [Fact]
    public async Task ABatchOplockIsBrokenBeforeSharingIsJudged()
    {
        var first = (await _a.TryOplockAsync(RWH, share: ShareAccess.None)).Open!;
        var second = _b.TryOplockAsync(0);
        Assert.Equal(R, _a.TakeBreak().To);
        await first.CloseAsync();
        Assert.Equal(NtStatus.Success, (await second).Status);
    }

    [Fact]
    public async Task AnExclusiveOplockIsNoReasonToWaitWhenSharingCollides()
    {
        var first = (await _a.TryOplockAsync(RW, share: ShareAccess.None)).Open!;
        Assert.Equal(NtStatus.SharingViolation, (await _b.TryOplockAsync(0)).Status);
        Assert.Empty(_a.TakeBreaks());
        await first.CloseAsync();
    }

    [Fact]
    public async Task OverwritingTakesEverything()
    {
        var first = await _a.OplockAsync(RWH);
        var second = _b.TryOplockAsync(0, CreateDisposition.Overwrite);
        Assert.Equal(CacheState.None, _a.TakeBreak().To);
        Answer(first, CacheState.None);
        Assert.Equal(CreateAction.Overwritten, (await second).Action);
    }

    [Fact]
    public async Task WritingAndLockingBreakLevelIIWithoutAnAnswer()
    {
        var first = await _a.OplockAsync(R);
        var second = await _b.OplockAsync(R);
        await second.WriteAsync(0, new(new byte[1]), false, default);
        Assert.Equal(new CacheBreak(null, R, CacheState.None, 0, MustAnswer: false, 1), _a.TakeBreak());
        Assert.False(_b.TakeBreak().MustAnswer);
        Assert.Equal(NtStatus.InvalidOplockProtocol, Answer(first, CacheState.None));

        var third = await _a.OplockAsync(R);
        await second.LockAsync(new[] { new LockRequest(new ByteRange(0, 1), true) }, true, default);
        Assert.Single(_a.TakeBreaks());
        Assert.Equal(CacheState.None, third.Grant!.State);
    }

    [Fact]
    public async Task AnAnswerMustFitTheBreak()
    {
        var first = await _a.OplockAsync(RWH);
        Assert.Equal(NtStatus.InvalidDeviceState, Answer(first, R));
        var second = _b.TryOplockAsync(0);
        Assert.Equal(NtStatus.InvalidOplockProtocol, Answer(first, RW));

        // A wrong answer gives up everything.
        Assert.Equal(NtStatus.Success, (await second).Status);
        Assert.Equal(CacheState.None, first.Grant!.State);
    }

    [Fact]
    public async Task AClientThatDoesNotAnswerLosesTheOplockAfterTheTimeout()
    {
        var first = await _a.OplockAsync(RWH);
        var second = _b.TryOplockAsync(0);
        _volume.Clock.Advance(_volume.Volume.Options.BreakTimeout - TimeSpan.FromSeconds(1));
        Assert.False(second.IsCompleted);
        _volume.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(NtStatus.Success, (await second).Status);
        Assert.Equal(CacheState.None, first.Grant!.State);
    }

    [Fact]
    public async Task AClientThatCouldBeToldNowhereIsNotWaitedForAllTheTime()
    {
        await _a.OplockAsync(RWH);
        _a.IsUnreachable = true;
        var second = _b.TryOplockAsync(0);
        _volume.Clock.Advance(_volume.Volume.Options.BreakTimeout * 4 / 5);
        Assert.False(second.IsCompleted);
        _volume.Clock.Advance(_volume.Volume.Options.BreakTimeout / 10);
        Assert.Equal(NtStatus.Success, (await second).Status);
        Assert.Equal(1, _a.Closings);
    }

    [Fact]
    public async Task ATimerThatIsEarlyTakesNothingFromTheTimeForAnAnswer()
    {
        var volume = new TestVolume(clock: new HastyClock(TimeSpan.FromMilliseconds(20)));
        var first = await new CachingClient(volume).OplockAsync(RWH);
        var second = new CachingClient(volume).TryOplockAsync(0);
        volume.Clock.Advance(volume.Volume.Options.BreakTimeout - TimeSpan.FromMilliseconds(1));
        Assert.False(second.IsCompleted);
        Assert.True(first.Grant!.IsBreaking);
        volume.Clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(NtStatus.Success, (await second).Status);
    }

    [Fact]
    public async Task BreaksThatBeganOneAfterTheOtherEndSoAndOneIsWaitedForNoLonger()
    {
        var deadlines = _volume.Volume.BreakDeadlines;
        var timeout = _volume.Volume.Options.BreakTimeout;
        var waits = new List<Task<CreateOutcome>>();
        for (var i = 0; i < 3; i++)
        {
            var name = $"f{i}";
            await _a.OplockAsync(RWH, path: name);
            waits.Add(_b.TryOplockAsync(0, path: name));
            _volume.Clock.Advance(timeout / 4);
        }

        Assert.Equal(3, deadlines.Count);
        for (var i = 0; i < 3; i++)
        {
            Assert.False(waits[i].IsCompleted);
            _volume.Clock.Advance(timeout / 4);
            Assert.Equal(NtStatus.Success, (await waits[i]).Status);
            Assert.Equal(2 - i, deadlines.Count);
        }

        // What is answered is forgotten at once, and the timer runs again for what comes next.
        await _a.OplockAsync(RWH, path: "g");
        var next = _b.TryOplockAsync(0, path: "g");
        Assert.Equal(1, deadlines.Count);
        _volume.Clock.Advance(timeout);
        Assert.Equal(NtStatus.Success, (await next).Status);
        Assert.Equal(0, deadlines.Count);
    }

    [Fact]
    public async Task NobodyWaitsForAClientThatCannotBeReached()
    {
        await _a.OplockAsync(RWH);
        _a.IsConnected = false;
        Assert.Equal(NtStatus.Success, (await _b.TryOplockAsync(0)).Status);
    }

    [Fact]
    public async Task AWaitCanBeCancelledAndLeavesNothing()
    {
        var first = await _a.OplockAsync(RWH);
        using var cancel = new CancellationTokenSource();
        var second = _b.TryOplockAsync(0, token: cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.Equal(1, _volume.Volume.OpenCount);
        await first.CloseAsync();
        Assert.Equal(0, _volume.Volume.OpenFiles.Count);
    }
}
