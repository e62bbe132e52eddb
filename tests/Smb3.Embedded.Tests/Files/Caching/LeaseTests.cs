using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Locking;
using Smb3.Embedded.Files.Names;
using Smb3.Embedded.Nt;
using Xunit;
using static Smb3.Embedded.Tests.Files.Caching.CachingClient;

namespace Smb3.Embedded.Tests.Files.Caching;

public sealed class LeaseTests
{
    private const CacheState None = CacheState.None;

    private readonly TestVolume _volume = new();
    private readonly CachingClient _a;
    private readonly CachingClient _b;

    public LeaseTests()
    {
        _a = new CachingClient(_volume);
        _b = new CachingClient(_volume);
    }

    [Fact]
    public async Task OpensWithOneKeyShareTheLeaseAndDoNotBreakIt()
    {
        var first = await _a.LeaseAsync(1, RWH);
        var second = await _a.LeaseAsync(1, R);
        Assert.Same(first.Grant, second.Grant);
        Assert.Equal((RWH, (ushort)11, false), first.Grant!.Show());
        Assert.Empty(_a.TakeBreaks());
        await first.CloseAsync();
        Assert.Equal(1, _a.Leases.Count);
        await second.CloseAsync();
        Assert.Equal(0, _a.Leases.Count);
    }

    /// <summary>
    /// MS-FSA 2.1.5.1.2, 2.1.5.5 and 2.1.5.15.3: an open to delete on close breaks what any other open would; cached handles are asked for when
    /// the name is on its way out.
    /// </summary>
    [Theory]
    [InlineData("close", false)]
    [InlineData("close", true)]
    [InlineData("disposition", false)]
    [InlineData("disposition", true)]
    public async Task OnlyWhatDeletesTheNameBreaksCachedHandles(string how, bool writing)
    {
        var cached = await _a.LeaseAsync(1, writing ? RWH : RH);
        var opening = _b.TryOplockAsync(None, options: how == "close" ? CreateOptions.DeleteOnClose : CreateOptions.None);
        if (writing)
        {
            Assert.Equal(RH, _a.TakeBreak().To); // as for any open
            Assert.Equal(NtStatus.Success, _a.Answer(1, RH));
        }

        var open = (await opening.WaitAsync(TimeSpan.FromSeconds(30))).Open!;
        Assert.Empty(_a.TakeBreaks());
        Assert.Equal(RH, cached.Grant!.Show().State);
        if (how == "close")
        {
            await open.CloseAsync();
            Assert.True(cached.IsDeletePending);
        }
        else
        {
            var deleting = TestVolume.DeleteAsync(open);
            Assert.False(deleting.IsCompleted);
            Assert.Equal(R, _a.TakeBreak().To);
            await cached.CloseAsync();
            Assert.Equal(NtStatus.Success, await deleting);
            await open.CloseAsync();
            _volume.AssertEmpty();
            return;
        }

        Assert.Equal(R, _a.TakeBreak().To);
        await cached.CloseAsync();
        Assert.Equal(NtStatus.ObjectNameNotFound, await _volume.StatusAsync("f"));
        _volume.AssertEmpty();
    }

    [Theory]
    [InlineData("write")]
    [InlineData("append")]
    [InlineData("zero")]
    [InlineData("cut")]
    [InlineData("lock")]
    [InlineData("overwrite")]
    public async Task NoChangeIsAnsweredBeforeANoticeThatAnotherHasDecided(string change)
    {
        var open = await _a.LeaseAsync(1, R);
        var first = await _b.OplockAsync(None);
        var second = await _b.OplockAsync(
            None, change == "append" ? FileAccessMask.AppendData | FileAccessMask.ReadAttributes : TestVolume.All);
        await TestVolume.WriteAsync(first, 0, new byte[100]);
        Assert.Equal(None, _a.TakeBreak().To);
        await _a.LeaseAsync(1, R);
        Assert.Equal(R, open.Grant!.Show().State);
        using var reached = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        _a.Sending = () =>
        {
            reached.Set();
            goOn.Wait();
        };
        var writing = Task.Run(() => TestVolume.WriteAsync(first, 0, 1));
        reached.Wait();

        // It finds nothing more to break, while the client that caches does not know that yet.
        var changing = ChangeAsync();
        Assert.False(changing.IsCompleted);
        Assert.False(writing.IsCompleted);
        goOn.Set();
        Assert.Equal(NtStatus.Success, await changing);
        Assert.Equal(NtStatus.Success, await writing);

        async Task<NtStatus> ChangeAsync()
        {
            switch (change)
            {
                case "write":
                    return await TestVolume.WriteAsync(second, 0, 2);
                case "append":
                    return await TestVolume.WriteAsync(second, -1, 2);
                case "zero":
                    return await second.ZeroAsync(0, 50, default);
                case "cut":
                    return await second.SetEndOfFileAsync(10, default);
                case "lock":
                    return await second.LockAsync(
                        new[] { new LockRequest(new ByteRange(0, 10), Exclusive: true) }, failImmediately: true, default);
                default:
                    var outcome = await _b.TryOplockAsync(None, CreateDisposition.Overwrite);
                    return outcome.Status;
            }
        }
    }

    [Fact]
    public async Task ABreakIsToldFromAnEarlierOneThatSaysTheSame()
    {
        _a.LeaseVersion = 1; // without an epoch
        var open = await _a.LeaseAsync(1, RWH);
        var first = await BreakAsync();
        await _a.LeaseAsync(1, RWH);
        var second = await BreakAsync(answer: false);
        Assert.Equal(first with { Number = second.Number }, second);
        Assert.False(open.Grant!.Awaits(first));
        Assert.True(open.Grant.Awaits(second));

        async Task<CacheBreak> BreakAsync(bool answer = true)
        {
            var opening = _b.TryOplockAsync(None);
            var notice = _a.TakeBreak();
            if (answer)
            {
                Assert.Equal(NtStatus.Success, _a.Answer(1, RH));
                await (await opening).Open!.CloseAsync();
            }

            return notice;
        }
    }

    [Fact]
    public async Task WhatBecameOfABreakIsNotTakenForTheNextOne()
    {
        var open = await _a.LeaseAsync(1, RWH);
        _a.IsUnreachable = true;
        var opening = _b.TryOplockAsync(None);
        Assert.True(open.Grant!.Progress!.IsUnreachable);
        Assert.Equal(NtStatus.Success, _a.Answer(1, RH));
        await (await opening).Open!.CloseAsync();
        await _a.LeaseAsync(1, RWH);
        _a.IsAnnounced = false; // the next one is kept for now
        _ = _b.TryOplockAsync(None);
        Assert.True(open.Grant.Show().IsBreaking);
        Assert.Null(open.Grant.Progress);
    }

    [Fact]
    public async Task ABreakThatGoesOnIsOverWhenItsLastNoticeIsOnItsWay()
    {
        var open = await _a.LeaseAsync(1, RWH);
        var opening = _b.TryOplockAsync(None);
        Assert.Equal(RH, _a.TakeBreak().To);
        var overwriting = _b.TryOplockAsync(None, CreateDisposition.Overwrite);
        Assert.Equal(NtStatus.Success, open.File.Caching.AcknowledgeLease(open.Grant!, R, out var next));
        Assert.False(overwriting.IsCompleted);
        Assert.True(open.Grant!.Show().IsBreaking);
        next.Send();
        var last = _a.TakeBreak();
        Assert.Equal((R, None, false), (last.From, last.To, last.MustAnswer));
        Assert.Equal(NtStatus.Success, (await opening).Status);
        Assert.Equal(NtStatus.Success, (await overwriting).Status);
        Assert.Equal((None, false), (open.Grant.Show().State, open.Grant.Show().IsBreaking));
    }

    [Fact]
    public async Task ACloseIsNotAnsweredBeforeABreakThatIsBeingSent()
    {
        var open = await _a.LeaseAsync(1, RH);
        var writer = await _b.OplockAsync(None);
        using var reached = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        _a.Sending = () =>
        {
            reached.Set();
            goOn.Wait();
        };
        var writing = Task.Run(() => TestVolume.WriteAsync(writer, 0, 1));
        reached.Wait();
        var closing = open.CloseAsync().AsTask();
        Assert.False(closing.IsCompleted);
        Assert.Equal(0, _a.Leases.Count);
        goOn.Set();
        await closing;
        Assert.Equal(NtStatus.Success, await writing);
        await writer.CloseAsync();
        _volume.AssertEmpty();
    }

    [Fact]
    public async Task ABreakOfALeaseThatHasEndedIsNotSent()
    {
        var first = await _a.LeaseAsync(1, RH);
        var second = await _b.LeaseAsync(1, RH);
        FileOpen[] opens = [first, second];
        CachingClient[] clients = [_a, _b];
        var told = 0;
        foreach (var (client, other) in clients.Zip(opens.Reverse()))
        {
            client.Sending = () =>
            {
                told++;
                other.CloseAsync().AsTask().Wait();
            };
        }

        var writer = await _volume.OpenAsync("f");
        Assert.Equal(NtStatus.Success, await TestVolume.WriteAsync(writer, 0, 1));
        Assert.Equal(1, told);
    }

    [Fact]
    public async Task AClientThatCouldNotBeToldLosesItsOpensAndOneThatKeepsSilentOnlyItsCache()
    {
        var open = await _a.LeaseAsync(1, RWH);
        var waiting = _b.TryLeaseAsync(2, RWH);
        _volume.Clock.Advance(TimeSpan.FromSeconds(40));
        Assert.Equal(NtStatus.Success, (await waiting).Status);
        Assert.Equal(0, _a.Closings);
        Assert.Equal(None, open.Grant!.State);

        var other = await _a.LeaseAsync(3, RWH, path: "g");
        waiting = _b.TryLeaseAsync(4, RWH, path: "g");
        _a.IsUnreachable = true;
        _volume.Clock.Advance(TimeSpan.FromSeconds(40));
        Assert.Equal(NtStatus.Success, (await waiting).Status);
        Assert.Equal(1, _a.Closings);
        Assert.Equal(None, other.Grant!.State);
    }

    [Theory]
    [InlineData((int)R, (int)RH, (int)RH)]
    [InlineData((int)R, (int)RWH, (int)RWH)]
    [InlineData((int)RH, (int)RW, (int)RH)]
    [InlineData((int)RWH, (int)R, (int)RWH)]
    [InlineData((int)RW, (int)RWH, (int)RWH)]
    public async Task AnUpgradeMustContainWhatIsHeld(int held, int asked, int result)
    {
        var first = await _a.LeaseAsync(1, (CacheState)held);
        await _a.LeaseAsync(1, (CacheState)asked);
        Assert.Equal((CacheState)result, first.Grant!.State);
        Assert.Equal(held == result ? 11 : 12, first.Grant.Epoch);
    }

    [Fact]
    public async Task AKeyMeansOneFile()
    {
        await _a.LeaseAsync(1, RH);
        Assert.Equal(NtStatus.InvalidParameter, (await _a.TryLeaseAsync(1, RH, path: "new")).Status);
        Assert.Equal(NtStatus.ObjectNameNotFound, await _volume.StatusAsync("new"));
        await _volume.MakeAsync("old");
        Assert.Equal(NtStatus.InvalidParameter, (await _a.TryLeaseAsync(1, RH, path: "old")).Status);
        Assert.Equal(NtStatus.Success, (await _b.TryLeaseAsync(1, RH, path: "old")).Status);
    }

    [Fact]
    public async Task AFileThatLostItsNameDoesNotKeepItsClientFromTheNextOneOfThatName()
    {
        var old = await _a.LeaseAsync(1, R);
        var doomed = await _a.LeaseAsync(1, R);
        Assert.Equal(NtStatus.Success, await TestVolume.DeleteAsync(doomed, posix: true));
        await doomed.CloseAsync();
        var next = await _a.TryLeaseAsync(1, RWH, path: "f", disposition: CreateDisposition.OpenIf);
        Assert.Equal(NtStatus.Success, next.Status);
        Assert.Null(next.Open!.Grant);
        Assert.NotSame(old.File, next.Open.File);

        // The old file's lease is found by its key as before, and its end frees it.
        Assert.Same(old.Grant!.File, old.File);
        await old.CloseAsync();
        Assert.Equal(0, _a.Leases.Count);
        Assert.NotNull((await _a.LeaseAsync(1, RH)).Grant);
    }

    [Fact]
    public async Task AnotherClientBreaksWriteCachingOnly()
    {
        var first = await _a.LeaseAsync(1, RWH);
        var second = _b.TryLeaseAsync(1, RWH);
        var notice = _a.TakeBreak();
        Assert.Equal((RWH, RH, (ushort)12, true), (notice.From, notice.To, notice.Epoch, notice.MustAnswer));
        Assert.Equal(NtStatus.RequestNotAccepted, _a.Answer(1, RW));
        Assert.False(second.IsCompleted);
        Assert.Equal(NtStatus.Success, _a.Answer(1, RH));
        Assert.Equal(NtStatus.Unsuccessful, _a.Answer(1, RH));
        Assert.Equal(RH, (await second).Open!.Grant!.State);
        Assert.Equal(RH, first.Grant!.State);
    }

    [Fact]
    public async Task MoreThatIsAskedDuringABreakFollowsInSteps()
    {
        await _a.LeaseAsync(1, RWH);
        var open = _b.TryOplockAsync(0);
        Assert.Equal(RH, _a.TakeBreak().To);
        var overwrite = _b.TryOplockAsync(0, CreateDisposition.Overwrite);
        Assert.Empty(_a.TakeBreaks());
        var own = await _a.LeaseAsync(1, RWH);
        Assert.Equal((RWH, true), (own.Grant!.State, own.Grant.IsBreaking));

        Assert.Equal(NtStatus.Success, _a.Answer(1, RH));
        var step = _a.TakeBreak();
        Assert.Equal((RH, R, true), (step.From, step.To, step.MustAnswer));
        Assert.False(overwrite.IsCompleted);
        Assert.Equal(NtStatus.Success, _a.Answer(1, R));
        step = _a.TakeBreak();
        Assert.Equal((R, None, false), (step.From, step.To, step.MustAnswer));
        Assert.Equal(NtStatus.Success, (await open).Status);
        Assert.Equal(NtStatus.Success, (await overwrite).Status);
    }

    [Fact]
    public async Task OneTimeoutCoversAllStepsOfABreak()
    {
        var first = await _a.LeaseAsync(1, RWH);
        var open = _b.TryOplockAsync(0);
        var overwrite = _b.TryOplockAsync(0, CreateDisposition.Overwrite);
        _volume.Clock.Advance(TimeSpan.FromSeconds(20));
        _a.Answer(1, RH);
        _volume.Clock.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal(NtStatus.Success, (await open).Status);
        Assert.Equal(NtStatus.Success, (await overwrite).Status);
        Assert.Equal(None, first.Grant!.State);
    }

    [Fact]
    public async Task WritesSpareTheLeaseThatMakesThem()
    {
        var first = await _a.LeaseAsync(1, RH);
        var second = await _b.LeaseAsync(1, RH);
        await first.WriteAsync(0, new(new byte[1]), false, default);
        Assert.Empty(_a.TakeBreaks());
        Assert.Equal((RH, None, true), _b.TakeBreak() is var b ? (b.From, b.To, b.MustAnswer) : default);
        await second.SetEndOfFileAsync(0, default);
        Assert.Equal(None, _a.TakeBreak().To);
    }

    [Fact]
    public async Task CachedHandlesAreClosedForARenameAndADelete()
    {
        var cached = await _a.LeaseAsync(1, RH);
        var open = await _b.OplockAsync(0);
        var rename = open.RenameAsync("g", false, false, null, default).AsTask();
        Assert.Equal((RH, R), _a.TakeBreak() is var b ? (b.From, b.To) : default);
        Assert.False(rename.IsCompleted);
        await cached.CloseAsync();
        Assert.Equal(NtStatus.Success, await rename);

        cached = await _a.LeaseAsync(1, RH, path: "g");
        var delete = open.SetDispositionAsync(true, false, false, false, null, default).AsTask();
        Assert.False(delete.IsCompleted);
        _a.Answer(1, R);
        Assert.Equal(NtStatus.Success, await delete);
        Assert.Equal(R, cached.Grant!.State);
    }

    [Fact]
    public async Task AHandleThatIsOnlyCachedDoesNotKeepARenameFromReplacingTheFile()
    {
        var cached = await _a.LeaseAsync(1, RH, path: "target");
        var open = await _b.OplockAsync(0);
        var rename = open.RenameAsync("target", true, false, null, default).AsTask();
        Assert.Equal(R, _a.TakeBreak().To);
        await cached.CloseAsync();
        Assert.Equal(NtStatus.Success, await rename);
    }

    [Fact]
    public async Task LeasesAndOplocksLiveTogetherAsFarAsTheyCan()
    {
        var lease = await _a.LeaseAsync(1, RH);
        Assert.Null((await _b.OplockAsync(RWH)).Grant);
        await lease.CloseAsync();
        var oplock = await _b.OplockAsync(R, path: "g");
        Assert.Equal(R, (await _a.LeaseAsync(2, RWH, path: "g")).Grant!.State);
        Assert.Equal(R, oplock.Grant!.State);
    }

    [Fact]
    public async Task AClientCachesOnlySoManyHandles()
    {
        var small = new CachingClient(_volume, leases: 2);
        Assert.Equal(RWH, (await small.LeaseAsync(1, RWH, path: "1")).Grant!.State);
        Assert.Equal(RW, (await small.LeaseAsync(2, RWH, path: "2")).Grant!.State);
    }

    [Fact]
    public async Task ALeaseThatIsNotGrantedHasTheEpochOfTheRequest()
    {
        var writer = await _volume.OpenAsync("f");
        await writer.WriteAsync(0, new(new byte[1]), false, default);
        Assert.Equal(NtStatus.Success, await LockFirstByteAsync(writer));
        var lease = await _a.LeaseAsync(1, R);
        Assert.Equal((None, (ushort)10, false), lease.Grant!.Show());
    }

    [Fact]
    public async Task ALockBehindTheEndOfTheFileKeepsNobodyFromCaching()
    {
        var first = await _a.LeaseAsync(1, RWH);
        Assert.Equal(NtStatus.Success, await LockFirstByteAsync(first));
        var second = _b.TryLeaseAsync(1, RWH);
        Assert.Equal(RH, _a.TakeBreak().To);
        _a.Answer(1, RH);
        Assert.Equal(RH, (await second).Open!.Grant!.State);
    }

    [Fact]
    public async Task AFileThatIsOverwrittenHasNothingLeftThatIsLocked()
    {
        var first = await _a.LeaseAsync(1, RWH);
        await first.WriteAsync(0, new(new byte[1]), false, default);
        Assert.Equal(NtStatus.Success, await LockFirstByteAsync(first));
        var second = _b.TryLeaseAsync(1, RWH, disposition: CreateDisposition.Overwrite);
        Assert.Equal((RWH, None), _a.TakeBreak() is var b ? (b.From, b.To) : default);
        _a.Answer(1, None);
        Assert.Equal(RH, (await second).Open!.Grant!.State);
    }

    [Fact]
    public async Task AnOverwriteThatCollidesTakesTheHandlesOnly()
    {
        var held = await _a.TryLeaseAsync(1, RWH, share: ShareAccess.None);
        var overwrite = _b.TryLeaseAsync(1, RWH, disposition: CreateDisposition.Overwrite);
        Assert.Equal((RWH, RW), _a.TakeBreak() is var b ? (b.From, b.To) : default);
        _a.Answer(1, RW);
        Assert.Equal(NtStatus.SharingViolation, (await overwrite).Status);
        Assert.Empty(_a.TakeBreaks());
        Assert.Equal(RW, held.Open!.Grant!.State);
    }

    [Fact]
    public async Task WhoNeedsNothingThatABreakIsAboutDoesNotWaitForItsAnswer()
    {
        var writer = await _a.LeaseAsync(1, RH);
        var reader = await _a.LeaseAsync(2, RH);
        await writer.WriteAsync(0, new(new byte[1]), false, default);
        Assert.Equal((RH, None, true), _a.TakeBreak() is var b ? (b.From, b.To, b.MustAnswer) : default);
        var third = _b.TryLeaseAsync(3, RWH);
        Assert.True(third.IsCompleted);
        Assert.Equal(RH, (await third).Open!.Grant!.State);
        Assert.True(reader.Grant!.IsBreaking);
    }

    private static async Task<NtStatus> LockFirstByteAsync(FileOpen open) =>
        await open.LockAsync(new[] { new LockRequest(new ByteRange(0, 1), Exclusive: true) }, false, default);
}
