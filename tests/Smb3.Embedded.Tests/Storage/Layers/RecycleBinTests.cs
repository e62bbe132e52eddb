using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Layers.Recycling;
using Smb3.Embedded.Storage.Memory;
using Xunit;

namespace Smb3.Embedded.Tests.Storage.Layers;

/// <summary>What is deleted moves to the bin, is protected there as it was, and goes for good when it is old or too much.</summary>
public sealed class RecycleBinTests : IAsyncDisposable
{
    private const string Today = @".recycle\2030-01-31";

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2030, 1, 31, 12, 0, 0, TimeSpan.Zero));
    private readonly MemoryFileStore _below;
    private readonly List<IAsyncDisposable> _ended = [];
    private readonly IFileStore _store;

    public RecycleBinTests()
    {
        _below = new MemoryFileStore(new MemoryFileStoreOptions { Time = _time });
        _store = On(_below);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _ended)
        {
            await store.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_deleted_file_is_in_the_bin_and_can_come_back_or_go_for_good()
    {
        await _store.NewFolderAsync("docs");
        await _store.FileOfAsync(@"docs\report.txt", 10, 7);
        Assert.Equal(NtStatus.Success, await _store.RemoveAsync(@"DOCS\report.txt"));
        Assert.Equal(NtStatus.ObjectNameNotFound, await _store.StatusOfAsync(@"docs\report.txt"));
        Assert.Equal([Today + @"\DOCS\report.txt"], await _store.TreeAsync(".recycle"));
        Assert.Equal(7, (await _store.ReadAllAsync(Today + @"\docs\report.txt"))[0]);
        Assert.Equal(NtStatus.Success, await _store.MoveAsync(Today + @"\docs\report.txt", @"docs\back.txt"));
        Assert.Equal(NtStatus.Success, await _store.RemoveAsync(@"docs\back.txt"));
        Assert.Equal(NtStatus.Success, await _store.RemoveAsync(Today + @"\docs\back.txt"));
        Assert.Empty(await _store.TreeAsync(".recycle"));
        await using var bin = await _store.OpenFileAsync(".recycle", StoreAccess.Metadata);
        Assert.True((await bin.GetMetadataAsync(CancellationToken.None)).Value.Attributes.HasFlag(FileAttributes.Hidden));
    }

    [Fact]
    public async Task Files_of_one_name_are_all_kept_whatever_has_the_name_in_the_bin()
    {
        var longest = new string('n', 251) + ".txt";
        foreach (var name in new[] { "a.txt", "a.txt", "a.txt", longest, longest })
        {
            await _store.FileOfAsync(name, 1);
            Assert.Equal(NtStatus.Success, await _store.RemoveAsync(name));
        }

        // A file was called as a folder is now.
        await _store.FileOfAsync("folder", 1);
        Assert.Equal(NtStatus.Success, await _store.RemoveAsync("folder"));
        await _store.NewFolderAsync("folder");
        await _store.FileOfAsync(@"folder\b", 1);
        Assert.Equal(NtStatus.Success, await _store.RemoveAsync(@"folder\b"));
        var kept = (await _store.TreeAsync(Today)).ConvertAll(static path => path[(Today.Length + 1)..]);
        Assert.Equal(7, kept.Count);
        Assert.All(["a.txt", "a (2).txt", "a (3).txt", longest, "folder", @"folder (2)\b"], path => Assert.Contains(path, kept));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_replaced_file_is_kept_and_one_that_could_not_be_replaced_stays(bool links)
    {
        var below = new StoreWithoutLinks(_below);
        var store = links ? _store : On(below);
        await store.FileOfAsync("old", 10, 1);
        await store.FileOfAsync("new", 10, 2);
        await using (var open = await store.OpenFileAsync("old"))
        {
            Assert.Equal(NtStatus.Success, await store.MoveAsync("new", "old", replace: true));
            var buffer = new byte[1];
            Assert.Equal(1, (await open.ReadAsync(0, buffer, CancellationToken.None)).Value);
            Assert.Equal(1, buffer[0]);
        }

        Assert.Equal(2, (await store.ReadAllAsync("old"))[0]);
        Assert.Equal(1, (await store.ReadAllAsync(Today + @"\old"))[0]);
        await using var kept = await store.OpenFileAsync(Today + @"\old", StoreAccess.Metadata);
        Assert.Equal(1u, (await kept.GetMetadataAsync(CancellationToken.None)).Value.LinkCount);

        await store.NewFolderAsync("folder");
        Assert.Equal(NtStatus.AccessDenied, await store.MoveAsync("folder", "old", replace: true));
        Assert.Equal(NtStatus.AccessDenied, await store.MoveAsync("old", "folder", replace: true));
        Assert.Equal(NtStatus.ObjectNameNotFound, await store.MoveAsync("none", "old", replace: true));
        Assert.Equal(NtStatus.Success, await store.MoveAsync("old", "OLD", replace: true));
        below.Refuses = true;
        await store.FileOfAsync("third", 1);
        Assert.Equal(links ? NtStatus.Success : NtStatus.AccessDenied, await store.MoveAsync("third", "OLD", replace: true));
        Assert.Equal(links ? 1 : 2, (await store.ReadAllAsync("OLD"))[0]);
        Assert.Equal(links ? 2 : 1, (await store.TreeAsync(".recycle")).Count);
    }

    [Fact]
    public async Task A_file_that_a_link_replaces_is_kept_and_names_of_one_file_replace_nothing()
    {
        await _store.FileOfAsync("one", 1, 1);
        await _store.FileOfAsync("two", 1, 2);
        Assert.Equal(NtStatus.Success, await _store.LinkAsync("one", "two", replace: true));
        Assert.Equal([Today + @"\two"], await _store.TreeAsync(".recycle"));
        Assert.Equal(NtStatus.Success, await _store.MoveAsync("one", "two", replace: true));
        Assert.Equal([Today + @"\two"], await _store.TreeAsync(".recycle"));
        Assert.Equal(1, (await _store.ReadAllAsync("two"))[0]);
    }

    [Fact]
    public async Task Of_a_file_with_several_names_the_last_is_kept_even_when_all_go_at_once()
    {
        for (var round = 0; round < 50; round++)
        {
            await _store.FileOfAsync("one", 1);
            Assert.Equal(NtStatus.Success, await _store.LinkAsync("one", "two"));
            Assert.Equal(
                [NtStatus.Success, NtStatus.Success],
                await Task.WhenAll(Task.Run(() => _store.RemoveAsync("one")), Task.Run(() => _store.RemoveAsync("two"))));
            Assert.Equal(round + 1, (await _store.TreeAsync(".recycle")).Count);
        }
    }

    [Fact]
    public async Task Nobody_sees_in_the_bin_what_he_could_not_see_before()
    {
        var secret = QuotaSteps.Descriptor(QuotaSteps.Alice);
        await _store.NewFolderAsync("secret", secret);
        await _store.FileOfAsync(@"secret\file", 1);
        Assert.Equal(NtStatus.Success, await _store.RemoveAsync(@"secret\file"));
        Assert.Equal(secret, await DescriptorAsync(Today + @"\secret"));

        // The folder is opened to more: what was deleted before that stays hidden.
        var other = QuotaSteps.Descriptor(QuotaSteps.Bob);
        await using (var folder = await _store.OpenFileAsync("secret"))
        {
            Assert.Equal(NtStatus.Success, await ((ISecurableFile)folder).SetSecurityDescriptorAsync(other, CancellationToken.None));
        }

        await _store.FileOfAsync(@"secret\next", 1);
        Assert.Equal(NtStatus.Success, await _store.RemoveAsync(@"secret\next"));
        Assert.Equal([Today + @"\secret (2)\next", Today + @"\secret\file"], await _store.TreeAsync(".recycle"));
        Assert.Equal(secret, await DescriptorAsync(Today + @"\secret"));
        Assert.Equal(other, await DescriptorAsync(Today + @"\secret (2)"));

        // Who may look into the bin is up to the administrator.
        await using (var bin = await _store.OpenFileAsync(".recycle"))
        {
            Assert.Equal(NtStatus.Success, await ((ISecurableFile)bin).SetSecurityDescriptorAsync(secret, CancellationToken.None));
        }

        _time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(NtStatus.Success, await _store.MoveAsync(Today + @"\secret\file", "file"));
        Assert.Equal(NtStatus.Success, await _store.RemoveAsync("file"));
        Assert.Equal(secret, await DescriptorAsync(@".recycle\2030-02-01"));
    }

    [Fact]
    public async Task Clients_write_nothing_in_the_bin_and_cannot_take_its_place()
    {
        Assert.Equal(NtStatus.AccessDenied, (await _store.CreateAsync(new(".Recycle"), default, CancellationToken.None)).Status);
        await _store.FileOfAsync("file", 1);
        Assert.Equal(NtStatus.AccessDenied, await _store.MoveAsync("file", ".recycle"));
        Assert.Equal(NtStatus.Success, await _store.RemoveAsync("file"));
        await _store.FileOfAsync("other", 1);
        Assert.Equal(NtStatus.AccessDenied, await _store.StatusOfAsync(Today + @"\file", StoreAccess.ReadWrite));
        Assert.Equal(NtStatus.Success, await _store.StatusOfAsync(Today, StoreAccess.ReadWrite));
        Assert.Equal(NtStatus.AccessDenied, (await _store.CreateAsync(new(Today + @"\new"), default, CancellationToken.None)).Status);
        Assert.Equal(NtStatus.AccessDenied, await _store.MoveAsync("other", Today + @"\FILE", replace: true));
        Assert.Equal(NtStatus.AccessDenied, await _store.LinkAsync("other", Today + @"\link"));
        Assert.Equal(NtStatus.AccessDenied, await _store.MoveAsync(Today + @"\file", Today + @"\moved"));
        Assert.Equal(NtStatus.AccessDenied, await _store.MoveAsync(".recycle", "mine"));
        Assert.Equal(NtStatus.AccessDenied, await _store.RemoveAsync(".recycle"));
        Assert.Equal(NtStatus.AccessDenied, await _store.CanDeleteAsync(new(".RECYCLE"), CancellationToken.None));
    }

    [Fact]
    public async Task What_is_old_goes_day_by_day_also_after_a_restart()
    {
        await _store.NewFolderAsync("folder");
        for (var day = 0; day < 40; day++)
        {
            await _store.FileOfAsync(@"folder\file", 1);
            Assert.Equal(NtStatus.Success, await _store.RemoveAsync(@"folder\file"));
            _time.Advance(TimeSpan.FromDays(1));
        }

        await UntilAsync(_store, 30);
        _time.Advance(TimeSpan.FromDays(12));
        await UntilAsync(On(_below), 18);
        Assert.Equal(@".recycle\2030-02-22\folder\file", (await _below.TreeAsync(".recycle"))[0]);
        Assert.Equal(NtStatus.ObjectNameNotFound, await _below.StatusOfAsync(@".recycle\2030-02-21"));
    }

    [Fact]
    public async Task What_is_too_much_goes_oldest_first_and_what_is_too_long_is_not_kept()
    {
        var store = On(_below, new RecycleBinOptions { MaxBytes = 100_000 });
        await store.FileOfAsync("long", 100_001);
        Assert.Equal(NtStatus.Success, await store.RemoveAsync("long"));
        await store.FileOfAsync("yesterday", 20_000);
        Assert.Equal(NtStatus.Success, await store.RemoveAsync("yesterday"));
        _time.Advance(TimeSpan.FromDays(1));
        for (var i = 0; i < 9; i++)
        {
            _time.Advance(TimeSpan.FromMinutes(1));
            await store.FileOfAsync($"file {i}", 10_000);
            Assert.Equal(NtStatus.Success, await store.RemoveAsync($"file {i}"));
        }

        await UntilAsync(store, 9); // yesterday's went
        _time.Advance(TimeSpan.FromMinutes(1));
        await store.FileOfAsync("last", 30_000);
        Assert.Equal(NtStatus.Success, await store.RemoveAsync("last"));
        await UntilAsync(store, 7);
        Assert.Equal(
            ["file 3", "file 4", "file 5", "file 6", "file 7", "file 8", "last"],
            (await _below.TreeAsync(".recycle")).Select(static path => path.Split('\\')[^1]));
    }

    [Fact]
    public async Task What_the_host_skips_folders_reparse_points_and_what_is_too_deep_is_deleted()
    {
        var store = On(_below, new RecycleBinOptions { Skips = static path => path.Name.EndsWith(".tmp", StringComparison.OrdinalIgnoreCase) });
        await store.FileOfAsync("a.TMP", 1);
        Assert.Equal(NtStatus.Success, await store.RemoveAsync("a.TMP"));
        await store.NewFolderAsync("folder");
        Assert.Equal(NtStatus.Success, await store.RemoveAsync("folder"));
        var deep = string.Empty;
        for (var i = 0; i < 66; i++)
        {
            deep = new StorePath(deep).Append("f").Text;
            await store.NewFolderAsync(deep);
        }

        await store.FileOfAsync(deep + @"\file", 1);
        Assert.Equal(NtStatus.Success, await store.RemoveAsync(deep + @"\file"));
        Assert.Equal(NtStatus.ObjectNameNotFound, await store.StatusOfAsync(".recycle"));
        Assert.Equal(NtStatus.ObjectNameNotFound, await store.RemoveAsync("none"));
        Assert.Equal(NtStatus.DirectoryNotEmpty, await store.RemoveAsync("f"));
        Assert.Equal(NtStatus.AccessDenied, await store.RemoveAsync(string.Empty));
    }

    [Fact]
    public async Task Many_delete_at_once_and_nothing_is_lost_while_the_bin_is_looked_after()
    {
        await _store.NewFolderAsync("folder");
        await Task.WhenAll(Enumerable.Range(0, 8).Select(number => Task.Run(async () =>
        {
            for (var i = 0; i < 25; i++)
            {
                await _store.FileOfAsync($@"folder\{number}", 1);
                Assert.Equal(NtStatus.Success, await _store.RemoveAsync($@"folder\{number}"));
                if (number == 0)
                {
                    _time.Advance(TimeSpan.FromMinutes(61));
                }
            }
        })));
        Assert.Equal(200, (await _below.TreeAsync(".recycle")).Count);
    }

    [Fact]
    public async Task What_is_in_the_bin_counts_for_the_quota_below_it()
    {
        var store = _below.WithQuota(100_000).WithRecycleBin(new RecycleBinOptions { Time = _time });
        _ended.Add((IAsyncDisposable)store);
        await ((RecyclingStore)store).LookAfterAsync();
        await store.FileOfAsync("file", 8_000);
        Assert.Equal(NtStatus.Success, await store.RemoveAsync("file"));
        Assert.Equal(92_000, await store.FreeAsync());
        Assert.Equal(NtStatus.Success, await store.RemoveAsync(Today + @"\file"));
        Assert.Equal(100_000, await store.FreeAsync());
        Assert.Contains("store.WithQuota(bytes).WithRecycleBin()", Assert.Throws<ArgumentException>(() => store.WithQuota(5)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => store.ReadOnly().WithQuota(5));
    }

    [Fact]
    public void Settings_that_make_no_sense_are_refused()
    {
        Assert.Throws<ArgumentException>(() => _below.WithRecycleBin(new RecycleBinOptions { Folder = @"a\b" }));
        Assert.Throws<ArgumentException>(() => _below.WithRecycleBin(new RecycleBinOptions { Folder = " " }));
        Assert.Throws<ArgumentOutOfRangeException>(() => _below.WithRecycleBin(new RecycleBinOptions { KeepFor = TimeSpan.FromHours(1) }));
        Assert.Throws<ArgumentOutOfRangeException>(() => _below.WithRecycleBin(new RecycleBinOptions { MaxBytes = 0 }));
    }

    private IFileStore On(IFileStore below, RecycleBinOptions? options = null)
    {
        var store = below.WithRecycleBin((options ?? new RecycleBinOptions()) with { Time = _time });
        _ended.Add((IAsyncDisposable)store);
        ((RecyclingStore)store).LookAfterAsync().GetAwaiter().GetResult(); // so that it does not take folders away that a test has just made
        return store;
    }

    private async Task<byte[]> DescriptorAsync(string path)
    {
        await using var file = await _store.OpenFileAsync(path, StoreAccess.Metadata);
        return (await ((ISecurableFile)file).GetSecurityDescriptorAsync(CancellationToken.None)).Value.ToArray();
    }

    /// <summary>Looking after the bin goes on beside what clients do.</summary>
    private async Task UntilAsync(IFileStore store, int files)
    {
        _time.Advance(TimeSpan.FromMinutes(61));
        var count = 0;
        for (var i = 0; i < 500 && (count = (await _below.TreeAsync(".recycle")).Count) != files; i++)
        {
            await store.StatusOfAsync(string.Empty);
            await Task.Delay(10);
        }

        Assert.Equal(files, count);
    }

    private sealed class StoreWithoutLinks(IFileStore inner) : IFileStore
    {
        public bool Refuses { get; set; }

        public StoreTraits Traits { get; } = inner.Traits with { Abilities = inner.Traits.Abilities & ~StoreAbilities.HardLinks };

        public ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken) =>
            inner.OpenAsync(path, access, cancellationToken);

        public ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken) =>
            inner.CreateAsync(path, parameters, cancellationToken);

        public ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken) =>
            Refuses && replace ? new(NtStatus.AccessDenied) : inner.RenameAsync(from, to, replace, cancellationToken);

        public ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken) =>
            new(NtStatus.NotSupported);

        public ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken) => inner.DeleteAsync(path, cancellationToken);

        public ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken) => inner.GetVolumeAsync(cancellationToken);
    }
}
