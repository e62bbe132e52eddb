using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Files.Names;
using Smb3.Embedded.Nt;
using Xunit;
using static Smb3.Embedded.Tests.Files.Caching.CachingClient;

namespace Smb3.Embedded.Tests.Files.Caching;

/// <summary>Leases on directories: what of a listing's changes breaks them, when, and whose they are spared for (MS-FSA 2.1.4.12.1).</summary>
public sealed class DirectoryLeaseTests
{
    private const CacheState None = CacheState.None;

    private readonly TestVolume _volume = new();
    private readonly CachingClient _a;
    private readonly CachingClient _b;

    public DirectoryLeaseTests()
    {
        _a = new CachingClient(_volume);
        _b = new CachingClient(_volume);
    }

    [Theory]
    [InlineData("create")]
    [InlineData("rename")]
    [InlineData("delete")]
    [InlineData("attributes")]
    [InlineData("close")]
    public async Task NoChangeOfTheListingIsAnsweredBeforeANoticeThatAnotherHasDecided(string change)
    {
        await _volume.MakeAsync("d", directory: true);
        var file = await _volume.OpenAsync(@"d\f");
        if (change == "close")
        {
            await TestVolume.WriteAsync(file, 0, 1);
        }
        else if (change == "delete")
        {
            await TestVolume.DeleteAsync(file);
        }

        await _a.LeaseAsync(1, R, options: CreateOptions.DirectoryFile, path: "d");
        _a.TakeBreaks();
        using var reached = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        _a.Sending = () =>
        {
            reached.Set();
            goOn.Wait();
        };
        var making = Task.Run(() => _volume.OpenAsync(@"d\other"));
        reached.Wait();
        var changing = ChangeAsync();
        Assert.False(changing.IsCompleted);
        Assert.False(making.IsCompleted);
        goOn.Set();
        await changing;
        await making;

        async Task ChangeAsync()
        {
            switch (change)
            {
                case "create":
                    await _volume.OpenAsync(@"d\g");
                    break;
                case "rename":
                    Assert.Equal(NtStatus.Success, await file.RenameAsync("g", false, false, null, default));
                    break;
                case "attributes":
                    Assert.Equal(NtStatus.Success, await file.SetBasicAsync(default, FileAttributes.Hidden, default));
                    break;
                default:
                    await file.CloseAsync();
                    break;
            }
        }
    }

    [Fact]
    public async Task ADirectoryLeaseEndsWithAnyChangeOfTheListing()
    {
        var directory = await _a.LeaseAsync(1, RWH, options: CreateOptions.DirectoryFile, path: "d");
        Assert.Equal(RH, directory.Grant!.State);
        var child = await _b.LeaseAsync(2, RWH, path: @"d\f");
        Assert.Equal((RH, None), _a.TakeBreak() is var b ? (b.From, b.To) : default);
        _a.Answer(1, None);

        directory = await _a.LeaseAsync(1, RWH, options: CreateOptions.DirectoryFile, path: "d");
        Assert.Equal(RH, directory.Grant!.State);
        Assert.Equal(NtStatus.Success, await child.RenameAsync("f", false, false, null, default));
        Assert.Single(_a.TakeBreaks());
        _a.Answer(1, None);

        await _a.LeaseAsync(1, RH, options: CreateOptions.DirectoryFile, path: "d");
        var written = await _b.LeaseAsync(3, RWH, path: @"d\g");
        Assert.Single(_a.TakeBreaks());
        _a.Answer(1, None);
        await _a.LeaseAsync(1, RH, options: CreateOptions.DirectoryFile, path: "d");
        await written.WriteAsync(0, new(new byte[1]), false, default);
        Assert.Empty(_a.TakeBreaks());
        await written.CloseAsync();
        Assert.Single(_a.TakeBreaks());
    }

    [Fact]
    public async Task ChangesUnderTheParentLeaseKeySpareTheDirectoryLeaseWhoeverMakesThem()
    {
        await LeaseAsync(1);
        var child = await _a.LeaseAsync(2, RWH, parent: 1, path: @"d\f");
        await child.WriteAsync(0, new(new byte[1]), false, default);
        await child.CloseAsync();
        await _b.LeaseAsync(2, R, parent: 1, path: @"d\g");
        Assert.Empty(_a.TakeBreaks());

        await _b.LeaseAsync(3, R, parent: 4, path: @"d\h");
        Assert.Single(_a.TakeBreaks());
    }

    [Theory]
    [InlineData("end")]
    [InlineData("attributes")]
    [InlineData("creation")]
    [InlineData("access")]
    [InlineData("write")]
    [InlineData("change")]
    public async Task WhatIsSetIsSeenAtOnceAndNotAgainAtTheClose(string what)
    {
        await _volume.MakeDirectoryAsync("d");
        await _volume.MakeAsync(@"d\f");
        await LeaseAsync(1);
        var child = await _b.LeaseAsync(2, RWH, path: @"d\f");
        const long Time = 133_000_000_000_000_000;
        var status = what switch
        {
            "end" => await child.SetEndOfFileAsync(7, default),
            "attributes" => await child.SetBasicAsync(default, FileAttributes.Hidden, default),
            "creation" => await child.SetBasicAsync(new BasicTimes(Time, 0, 0, 0), 0, default),
            "access" => await child.SetBasicAsync(new BasicTimes(0, Time, 0, 0), 0, default),
            "write" => await child.SetBasicAsync(new BasicTimes(0, 0, Time, 0), 0, default),
            _ => await child.SetBasicAsync(new BasicTimes(0, 0, 0, Time), 0, default),
        };
        Assert.Equal(NtStatus.Success, status);
        Assert.Equal((RH, None), _a.TakeBreak() is var b ? (b.From, b.To) : default);
        _a.Answer(1, None);
        await LeaseAsync(1);
        await child.CloseAsync();
        Assert.Empty(_a.TakeBreaks());
    }

    [Fact]
    public async Task AnOverwriteIsSeenAtOnce()
    {
        await _volume.MakeDirectoryAsync("d");
        await _volume.MakeAsync(@"d\f");
        await LeaseAsync(1);
        var overwrite = await _volume.OpenAsync(@"d\f", CreateDisposition.Overwrite);
        Assert.Equal(None, _a.TakeBreak().To);
        _a.Answer(1, None);
        await LeaseAsync(1);
        await overwrite.CloseAsync();
        Assert.Empty(_a.TakeBreaks());
    }

    [Theory]
    [InlineData(1, 0, 1)]
    [InlineData(2, 1, 0)]
    [InlineData(3, 1, 1)]
    [InlineData(0, 1, 1)]
    public async Task ARenameIsSeenInBothDirectories(int parent, int breaksOfSource, int breaksOfTarget)
    {
        await LeaseAsync(1);
        await LeaseAsync(2, "e");
        await (await _a.LeaseAsync(9, RH, parent: 1, path: @"d\f")).CloseAsync();
        var child = await _b.LeaseAsync(9, RH, parent, path: @"d\f");
        Assert.Equal(NtStatus.Success, await child.RenameAsync(@"e\f", false, false, null, default));
        var keys = _a.TakeBreaks().Select(notice => notice.Lease!.Key).ToArray();
        Assert.Equal(breaksOfSource, keys.Count(key => key == Key(1)));
        Assert.Equal(breaksOfTarget, keys.Count(key => key == Key(2)));
    }

    [Fact]
    public async Task ARenameIsSeenOnce()
    {
        await LeaseAsync(1);
        var child = await _a.LeaseAsync(9, RH, parent: 1, path: @"d\f");
        Assert.Equal(NtStatus.Success, await child.RenameAsync(@"d\g", false, false, null, default));
        await child.CloseAsync();
        Assert.Empty(_a.TakeBreaks());

        child = await _b.LeaseAsync(9, RH, path: @"d\g");
        Assert.Equal(NtStatus.Success, await child.RenameAsync(@"d\h", false, false, null, default));
        Assert.Single(_a.TakeBreaks());
        _a.Answer(1, None);
        await LeaseAsync(1);
        await child.CloseAsync();
        Assert.Empty(_a.TakeBreaks());
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(0, 1)]
    public async Task ANewLinkIsSeenWhereItAppears(int parent, int breaks)
    {
        await LeaseAsync(1);
        await LeaseAsync(2, "e");
        await _a.LeaseAsync(3, R, parent: 2, path: @"e\f");
        var child = await _b.LeaseAsync(9, R, parent, path: @"e\f");
        Assert.Equal(NtStatus.Success, await child.LinkAsync(@"d\f", false, null, default));
        Assert.Equal(breaks, _a.TakeBreaks().Count(notice => notice.Lease!.Key == Key(1)));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task ADeletionSparesOneWhoKnowsBothOfItAndOfTheLastClose(bool initial, bool bySame)
    {
        await _volume.MakeDirectoryAsync("d");
        await _volume.MakeAsync(@"d\f");
        await LeaseAsync(1);
        await LeaseAsync(2);
        var outcome = await _a.TryLeaseAsync(
            8, R, parent: 1, CreateDisposition.Open, options: initial ? CreateOptions.DeleteOnClose : 0, path: @"d\f");
        var deleter = outcome.Open!;
        var other = await _a.LeaseAsync(9, R, parent: 2, path: @"d\f");
        if (!initial)
        {
            Assert.Equal(NtStatus.Success, await deleter.SetDispositionAsync(true, false, false, false, null, default));
        }

        await (bySame ? other : deleter).CloseAsync();
        Assert.Empty(_a.TakeBreaks());
        await (bySame ? deleter : other).CloseAsync();
        var broken = _a.TakeBreaks().Select(notice => notice.Lease!.Key);
        Assert.Equal(bySame ? [Key(2)] : [Key(1), Key(2)], broken.Order());
    }

    [Fact]
    public async Task AHandleThatIsOnlyCachedDoesNotKeepTheDirectoryFromANewName()
    {
        var child = await _volume.OpenAsync("f");
        var held = await _a.TryLeaseAsync(
            1, RH, options: CreateOptions.DirectoryFile, access: FileAccessMask.Delete, path: "d");
        var rename = child.RenameAsync(@"d\f", false, false, null, default).AsTask();
        Assert.Equal((RH, R), _a.TakeBreak() is var b ? (b.From, b.To) : default);
        _a.Answer(1, R);
        Assert.Equal(NtStatus.SharingViolation, await rename);

        await (await _a.TryLeaseAsync(1, RH, options: CreateOptions.DirectoryFile, access: FileAccessMask.Delete, path: "d"))
            .Open!.CloseAsync();
        rename = child.RenameAsync(@"d\f", false, false, null, default).AsTask();
        Assert.Equal(R, _a.TakeBreak().To);
        await held.Open!.CloseAsync();
        Assert.Equal(NtStatus.Success, await rename);
    }

    [Fact]
    public async Task ADirectoryIsRenamedWhenAllThatIsCachedBelowItWasClosed()
    {
        var directory = await _volume.MakeDirectoryAsync("d");
        var first = await _a.LeaseAsync(1, RH, path: @"d\1");
        var second = await _a.LeaseAsync(2, RH, path: @"d\2");
        var rename = directory.RenameAsync("e", false, false, null, default).AsTask();
        Assert.All(_a.TakeBreaks(), notice => Assert.Equal((RH, R), (notice.From, notice.To)));
        await first.CloseAsync();
        Assert.False(rename.IsCompleted);
        await second.CloseAsync();
        Assert.Equal(NtStatus.Success, await rename);
    }

    [Fact]
    public async Task ADirectoryWithAnythingElseOpenBelowItIsNotRenamedAndNobodyIsAsked()
    {
        var directory = await _volume.MakeDirectoryAsync("d");
        await _a.LeaseAsync(1, RH, path: @"d\1");
        await _volume.OpenAsync(@"d\2");
        Assert.Equal(NtStatus.AccessDenied, await directory.RenameAsync("e", false, false, null, default));
        Assert.Empty(_a.TakeBreaks());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task OneHandleThatIsKeptDecidesARenameAtOnce(int kept)
    {
        var directory = await _volume.MakeDirectoryAsync("d");
        await _a.LeaseAsync(1, RH, path: @"d\1");
        await _a.LeaseAsync(2, RH, path: @"d\2");
        var rename = directory.RenameAsync("e", false, false, null, default).AsTask();
        Assert.Equal(NtStatus.Success, _a.Answer(kept, R));
        Assert.Equal(NtStatus.AccessDenied, await rename);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhoOpensSomethingBelowWhileARenameWaitsIsNotAsked(bool cached)
    {
        var directory = await _volume.MakeDirectoryAsync("d");
        var first = await _a.LeaseAsync(1, RH, path: @"d\1");
        var rename = directory.RenameAsync("e", false, false, null, default).AsTask();
        Assert.Single(_a.TakeBreaks());
        if (cached)
        {
            await _a.LeaseAsync(2, RH, path: @"d\2");
        }
        else
        {
            await _volume.OpenAsync(@"d\2");
        }

        _a.TakeBreaks();
        await first.CloseAsync();
        Assert.Equal(NtStatus.AccessDenied, await rename);
        Assert.Empty(_a.TakeBreaks());
    }

    private async Task LeaseAsync(int key, string path = "d")
    {
        var outcome = await _a.TryLeaseAsync(
            key, RH, options: CreateOptions.DirectoryFile, access: TestVolume.All & ~FileAccessMask.Delete, path: path);
        Assert.Equal(RH, outcome.Open!.Grant!.State);
    }
}
