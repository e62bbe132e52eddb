using System.Buffers;
using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Layers.Versioning;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.Storage.Objects;
using Smb3.Embedded.Storage.Physical;
using Xunit;

namespace Smb3.Embedded.Tests.Storage.Layers;

/// <summary>What files held is kept before it changes, shown as it was, and goes when it is old or too much.</summary>
public sealed class VersionTests : IAsyncDisposable
{
    private static readonly DateTimeOffset Noon = new(2030, 1, 31, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _time = new(Noon.AddMinutes(-30));
    private readonly MemoryFileStore _below;
    private readonly List<IAsyncDisposable> _ended = [];
    private readonly IFileStore _store;

    public VersionTests()
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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_file_held_is_there_once_it_has_changed(bool isOfObjects)
    {
        var store = isOfObjects ? On(new MemoryObjectStore(new ObjectFileStoreOptions { MaxFileLength = 8 << 20, Time = _time })) : _store;
        await store.NewFolderAsync("docs");
        await store.FileOfAsync(@"docs\report", 10_000, 1);
        await FillAsync(store, @"docs\report", 2); // it is of this hour: nothing was there at its beginning
        Assert.Empty(await TimesAsync(store));

        _time.SetUtcNow(Noon.AddMinutes(10));
        await FillAsync(store, @"DOCS\report", 3);
        await FillAsync(store, @"docs\report", 4);
        _time.SetUtcNow(Noon.AddHours(3));
        await FillAsync(store, @"docs\report", 5);
        Assert.Equal([Noon, Noon.AddHours(3)], await TimesAsync(store));
        Assert.Equal(2, (await (await AtAsync(store, Noon)).ReadAllAsync(@"docs\report"))[9_999]);
        Assert.Equal(4, (await (await AtAsync(store, Noon.AddHours(3))).ReadAllAsync(@"docs\REPORT"))[9_999]);
        Assert.Equal(5, (await store.ReadAllAsync(@"docs\report"))[9_999]);
        Assert.Equal([@"docs\report"], await store.TreeAsync(string.Empty));
        Assert.Same(await AtAsync(store, Noon), await AtAsync(store, Noon.AddMilliseconds(3)));
        Assert.Equal(
            NtStatus.ObjectNameNotFound, (await ((ISnapshotStore)store).OpenSnapshotAsync(Noon.AddHours(1), CancellationToken.None)).Status);

        // Another server, or this one started again, knows them too.
        var again = isOfObjects ? store : On(_below);
        Assert.Equal([Noon, Noon.AddHours(3)], await TimesAsync(again));
    }

    [Fact]
    public async Task Every_way_to_change_data_keeps_it_first()
    {
        string[] names = ["write", "cut", "zero", "trim", "copy", "clone", "stream", "times", "replaced", "linked", "deleted", "open"];
        await _store.FileOfAsync("source", 8192, 9);
        foreach (var name in names)
        {
            await _store.FileOfAsync(name, 8192, 1);
        }

        _time.SetUtcNow(Noon.AddMinutes(10));
        await using var source = await _store.OpenFileAsync("source", StoreAccess.Read);
        await ChangeAsync("write", file => file.WriteAsync(0, new ReadOnlySequence<byte>(new byte[1]), CancellationToken.None));
        await ChangeAsync("cut", file => file.SetLengthAsync(0, CancellationToken.None));
        await ChangeAsync("zero", file => ((ISparseFile)file).ZeroAsync(0, 4096, CancellationToken.None));
        await ChangeAsync("trim", file => ((ISparseFile)file).TrimAsync(0, 4096, CancellationToken.None));
        await ChangeAsync("copy", file => ((ICopyTarget)file).CopyFromAsync(source, 0, 0, 8192, CancellationToken.None));
        await ChangeAsync("clone", file => ((ICloneTarget)file).CloneFromAsync(source, 0, 0, 8192, CancellationToken.None));
        await ChangeAsync("stream", async file =>
        {
            await (await file.NewStreamAsync("s")).DisposeAsync();
            return await ((IStreamedFile)file).RenameStreamAsync("s", string.Empty, true, CancellationToken.None);
        });
        await ChangeAsync("times", async file =>
        {
            var late = new FileMetadataChange { CreationTime = FileTime.From(Noon.AddYears(1)) };
            Assert.Equal(NtStatus.Success, await file.SetMetadataAsync(late, CancellationToken.None));
            return await file.SetLengthAsync(1, CancellationToken.None);
        });
        await _store.FileOfAsync("new", 1);
        Assert.Equal(NtStatus.Success, await _store.MoveAsync("new", "replaced", replace: true));
        Assert.Equal(NtStatus.Success, await _store.LinkAsync("source", "linked", replace: true));
        Assert.Equal(NtStatus.Success, await _store.RemoveAsync("deleted"));
        await using (var open = await _store.OpenFileAsync("open"))
        {
            Assert.Equal(NtStatus.Success, await _store.RemoveAsync("open"));
            Assert.Equal(NtStatus.Success, await open.FillAsync(0, 8192, 7)); // by who had it open, and not of the version
        }

        Assert.Null(((IReportingStore)_store).Problem);
        var old = await AtAsync(_store, Noon);
        foreach (var name in names)
        {
            Assert.True(await old.StatusOfAsync(name) == NtStatus.Success, name);
            var data = await old.ReadAllAsync(name);
            Assert.True(data.Length == 8192 && data.All(static value => value == 1), name);
        }

        Assert.Equal([.. names.Append("source").Order(StringComparer.Ordinal)], await old.TreeAsync(string.Empty));
    }

    [Fact]
    public async Task A_view_has_folders_that_are_gone_and_nothing_that_came_later()
    {
        await _store.NewFolderAsync("gone");
        await _store.NewFolderAsync(@"gone\deep");
        await _store.FileOfAsync(@"gone\deep\file", 3, 1);
        await _store.FileOfAsync("same", 4, 2);
        await _store.NewFolderAsync("stays");
        _time.SetUtcNow(Noon.AddMinutes(10));
        Assert.Equal(NtStatus.Success, await _store.RemoveAsync(@"gone\deep\file"));
        Assert.Equal(NtStatus.Success, await _store.RemoveAsync(@"gone\deep"));
        Assert.Equal(NtStatus.Success, await _store.RemoveAsync("gone"));
        await _store.FileOfAsync("new", 1);
        await _store.FileOfAsync(@"stays\new", 1);

        var old = await AtAsync(_store, Noon);
        Assert.Equal([@"gone\deep\file", "same"], await old.TreeAsync(string.Empty));
        Assert.Equal([1, 1, 1], await old.ReadAllAsync(@"GONE\deep\file"));
        Assert.Equal(NtStatus.ObjectNameNotFound, await old.StatusOfAsync("new"));
        Assert.Equal(NtStatus.ObjectPathNotFound, await old.StatusOfAsync(@"new\file"));
        Assert.Equal(NtStatus.ObjectNameNotFound, await old.StatusOfAsync(@"gone\other"));
        Assert.Equal(NtStatus.MediaWriteProtected, await old.StatusOfAsync("same", StoreAccess.ReadWrite));
        Assert.Equal(NtStatus.ObjectNameNotFound, await old.StatusOfAsync(".versions"));
        Assert.Equal(NtStatus.ObjectPathNotFound, await old.StatusOfAsync(@".versions\files"));
    }

    [Fact]
    public async Task A_handle_on_an_older_state_goes_on_with_it()
    {
        await _store.FileOfAsync("file", 100, 1);
        await _store.FileOfAsync("other", 1, 1);
        _time.SetUtcNow(Noon.AddMinutes(10));
        await FillAsync(_store, "other", 2);
        await using var old = await (await AtAsync(_store, Noon)).OpenFileAsync("file", StoreAccess.Read);
        await FillAsync(_store, "file", 2);
        var buffer = new byte[100];
        Assert.Equal(100, (await old.ReadAsync(0, buffer, CancellationToken.None)).Value);
        Assert.All(buffer, static value => Assert.Equal(1, value));
        Assert.Equal(100, (await old.GetMetadataAsync(CancellationToken.None)).Value.Length);
    }

    [Fact]
    public async Task A_history_goes_along_with_its_file_or_folder()
    {
        await _store.NewFolderAsync("docs");
        await _store.NewFolderAsync("papers");
        await _store.FileOfAsync(@"docs\file", 3, 1);
        _time.SetUtcNow(Noon.AddMinutes(10));
        await FillAsync(_store, @"docs\file", 2);
        Assert.Equal(NtStatus.Success, await _store.MoveAsync(@"docs\file", @"papers\file"));
        Assert.Equal(1, (await (await AtAsync(_store, Noon)).ReadAllAsync(@"papers\file"))[0]);
        Assert.Equal(NtStatus.Success, await _store.MoveAsync("papers", "old papers"));
        Assert.Equal(1, (await (await AtAsync(_store, Noon)).ReadAllAsync(@"old papers\file"))[0]);

        // A handle is of the file wherever it is.
        await using var file = await _store.OpenFileAsync(@"old papers\file");
        Assert.Equal(NtStatus.Success, await _store.MoveAsync(@"old papers\file", "file"));
        _time.SetUtcNow(Noon.AddHours(1));
        Assert.Equal(NtStatus.Success, await file.FillAsync(0, 3, 3));
        Assert.Equal(1, (await (await AtAsync(_store, Noon)).ReadAllAsync("file"))[0]);
        Assert.Equal(2, (await (await AtAsync(_store, Noon.AddHours(1))).ReadAllAsync("file"))[0]);
    }

    [Fact]
    public async Task A_program_that_saves_by_renaming_leaves_the_history_with_the_name()
    {
        await _store.FileOfAsync("report", 3, 1);
        for (byte hour = 0; hour < 3; hour++)
        {
            _time.SetUtcNow(Noon.AddHours(hour).AddMinutes(10));
            await _store.FileOfAsync("new.tmp", 3, (byte)(hour + 2));
            Assert.Equal(NtStatus.Success, await _store.MoveAsync("report", "old.tmp"));
            Assert.Equal(NtStatus.Success, await _store.MoveAsync("new.tmp", "report"));
            Assert.Equal(NtStatus.Success, await _store.RemoveAsync("old.tmp"));
        }

        for (byte hour = 0; hour < 3; hour++)
        {
            Assert.Equal(hour + 1, (await (await AtAsync(_store, Noon.AddHours(hour))).ReadAllAsync("report"))[0]);
        }

        Assert.Null(((IReportingStore)_store).Problem);
    }

    [Theory]
    [InlineData(".versions")]
    [InlineData(".VERSIONS")]
    [InlineData(@".versions\files")]
    [InlineData(@".Versions\files\file")]
    public async Task The_folder_of_versions_is_nowhere(string path)
    {
        await _store.FileOfAsync("file", 3, 1);
        _time.SetUtcNow(Noon.AddMinutes(10));
        await FillAsync(_store, "file", 2);
        await _store.FileOfAsync("other", 3);
        Assert.NotEmpty(await _below.TreeAsync(".versions"));
        Assert.Contains(await _store.StatusOfAsync(path), new[] { NtStatus.ObjectNameNotFound, NtStatus.ObjectPathNotFound });
        Assert.Equal(NtStatus.AccessDenied, (await _store.CreateAsync(new(path + "x\\y"), default, CancellationToken.None)).Status switch
        {
            NtStatus.ObjectPathNotFound => NtStatus.AccessDenied, // a name that only begins so
            var status => status,
        });
        Assert.Equal(NtStatus.AccessDenied, (await _store.CreateAsync(new(path), default, CancellationToken.None)).Status);
        Assert.Equal(NtStatus.AccessDenied, await _store.MoveAsync("other", path + @"\other"));
        Assert.Equal(NtStatus.AccessDenied, await _store.LinkAsync("other", path, replace: true));
        Assert.NotEqual(NtStatus.Success, await _store.LinkAsync(path, "here"));
        Assert.NotEqual(NtStatus.Success, await _store.MoveAsync(path, "here"));
        Assert.NotEqual(NtStatus.Success, await _store.RemoveAsync(path));
        Assert.NotEqual(NtStatus.Success, await _store.CanDeleteAsync(new(path), CancellationToken.None));
        Assert.Equal(["file", "other"], await _store.TreeAsync(string.Empty));
    }

    [Fact]
    public async Task A_version_and_a_folder_that_is_gone_have_the_rights_that_they_had()
    {
        byte[] closed = [1, 2, 3], opened = [4, 5, 6];
        await _store.NewFolderAsync("folder", closed);
        await using (var file = await _store.NewFileAsync(@"folder\file", new NewFile { SecurityDescriptor = closed }))
        {
            Assert.Equal(NtStatus.Success, await file.FillAsync(0, 3, 1));
        }

        _time.SetUtcNow(Noon.AddMinutes(10));
        await using (var file = await _store.OpenFileAsync(@"folder\file"))
        {
            Assert.Equal(NtStatus.Success, await file.FillAsync(0, 3, 2));
            Assert.Equal(NtStatus.Success, await ((ISecurableFile)file).SetSecurityDescriptorAsync(opened, CancellationToken.None));
        }

        Assert.Equal(NtStatus.Success, await _store.RemoveAsync(@"folder\file"));
        Assert.Equal(NtStatus.Success, await _store.RemoveAsync("folder"));
        var old = await AtAsync(_store, Noon);
        foreach (var path in new[] { "folder", @"folder\file" })
        {
            await using var handle = await old.OpenFileAsync(path, StoreAccess.Read);
            Assert.Equal(closed, (await ((ISecurableFile)handle).GetSecurityDescriptorAsync(CancellationToken.None)).Value.ToArray());
            Assert.Equal(path, handle.Path.Text);
        }
    }

    [Fact]
    public async Task Two_who_write_at_once_keep_one_version_that_neither_has_touched()
    {
        await _store.FileOfAsync("file", 1 << 20, 1);
        _time.SetUtcNow(Noon.AddMinutes(10));
        await Task.WhenAll(Enumerable.Range(2, 4).Select(value => Task.Run(async () =>
        {
            await using var file = await _store.OpenFileAsync("file");
            for (var i = 0; i < 20; i++)
            {
                Assert.Equal(NtStatus.Success, await file.FillAsync(i * 1000, 1000, (byte)value));
            }
        })));
        Assert.DoesNotContain(await (await AtAsync(_store, Noon)).ReadAllAsync("file"), static value => value != 1);
        Assert.Empty(await _below.TreeAsync(@".versions\new"));
    }

    [Fact]
    public async Task What_cannot_be_kept_is_told_and_shown_by_nobody()
    {
        var store = On(_below.WithQuota(15_000), new VersionOptions { MaxBytes = 1 << 20 });
        await store.FileOfAsync("file", 10_000, 1);
        await ((VersioningStore)store).LookAfterAsync();
        _time.SetUtcNow(Noon.AddMinutes(10));
        await FillAsync(store, "file", 2);
        Assert.Contains("1 previous versions were not kept", ((IReportingStore)store).Problem, StringComparison.Ordinal);
        Assert.Equal(2, (await store.ReadAllAsync("file"))[0]);
        Assert.Empty(await _below.TreeAsync(@".versions\new"));
        Assert.Equal(NtStatus.ObjectNameNotFound, await (await AtAsync(store, Noon)).StatusOfAsync("file"));

        // Also when there is room later: it is not what the file held.
        await FillAsync(store, "file", 3);
        Assert.Empty(await _below.TreeAsync(@".versions\files"));
    }

    [Fact]
    public async Task Old_versions_go_and_the_oldest_when_there_are_too_many()
    {
        var store = On(_below, new VersionOptions { KeepFor = TimeSpan.FromDays(2), MaxBytes = 50_000 });
        await store.FileOfAsync("file", 10_000, 1);
        await store.FileOfAsync("gone", 10_000, 1);
        for (var hour = 0; hour < 4; hour++)
        {
            _time.SetUtcNow(Noon.AddHours(hour).AddMinutes(10));
            await FillAsync(store, "file", (byte)(hour + 2));
        }

        Assert.Equal(NtStatus.Success, await store.RemoveAsync("gone"));
        Assert.Equal(4, (await TimesAsync(store)).Count);
        _time.SetUtcNow(Noon.AddHours(5));
        await FillAsync(store, "file", 9);
        await ((VersioningStore)store).LookAfterAsync();
        await ((VersioningStore)store).LookAfterAsync();
        Assert.Equal([Noon.AddHours(2), Noon.AddHours(3), Noon.AddHours(5)], await TimesAsync(store));
        Assert.Equal(3, (await (await AtAsync(store, Noon.AddHours(2))).ReadAllAsync("file"))[0]);
        Assert.Equal(10_000, (await (await AtAsync(store, Noon.AddHours(3))).ReadAllAsync("gone")).Length);

        _time.SetUtcNow(Noon.AddDays(3));
        await ((VersioningStore)store).LookAfterAsync();
        Assert.Empty(await TimesAsync(store));
        Assert.Empty(await _below.TreeAsync(".versions"));
        Assert.Null(((IReportingStore)store).Problem);
    }

    [Fact]
    public async Task What_is_skipped_or_too_long_is_changed_at_once_and_not_shown()
    {
        var store = On(_below, new VersionOptions { MaxFileLength = 100, Skips = path => path.Text.EndsWith(".tmp", StringComparison.Ordinal) });
        await store.FileOfAsync("a.tmp", 10);
        await store.FileOfAsync("long", 101);
        await store.FileOfAsync("file", 100);
        _time.SetUtcNow(Noon.AddMinutes(10));
        await FillAsync(store, "a.tmp", 2);
        await FillAsync(store, "long", 2);
        await FillAsync(store, "file", 2);
        Assert.Equal(["file"], await (await AtAsync(store, Noon)).TreeAsync(string.Empty));
        Assert.Null(((IReportingStore)store).Problem);
    }

    [Fact]
    public async Task Holes_stay_holes_in_a_version()
    {
        await using (var file = await _store.NewFileAsync("sparse"))
        {
            Assert.Equal(NtStatus.Success, await ((ISparseFile)file).SetSparseAsync(true, CancellationToken.None));
            Assert.Equal(NtStatus.Success, await file.SetLengthAsync(512L << 20, CancellationToken.None));
            Assert.Equal(NtStatus.Success, await file.FillAsync(256L << 20, 100, 7));
        }

        _time.SetUtcNow(Noon.AddMinutes(10));
        await FillAsync(_store, "sparse", 1);
        await using var old = await (await AtAsync(_store, Noon)).OpenFileAsync("sparse", StoreAccess.Read);
        var metadata = (await old.GetMetadataAsync(CancellationToken.None)).Value;
        Assert.Equal(512L << 20, metadata.Length);
        Assert.InRange(metadata.AllocationSize, 1, 2 << 20);
        var buffer = new byte[100];
        Assert.Equal(100, (await old.ReadAsync(256L << 20, buffer, CancellationToken.None)).Value);
        Assert.Equal(7, buffer[99]);
    }

    [Fact]
    public async Task Snapshots_of_the_store_below_are_told_too_without_the_folder()
    {
        await _store.FileOfAsync("file", 3, 1);
        _time.SetUtcNow(Noon.AddMinutes(10));
        await FillAsync(_store, "file", 2);
        _below.TakeSnapshot();
        await FillAsync(_store, "file", 3);
        var times = await TimesAsync(_store);
        Assert.Equal(2, times.Count);
        var snapshot = await AtAsync(_store, times[1]);
        Assert.Equal(2, (await snapshot.ReadAllAsync("file"))[0]);
        Assert.Equal(["file"], await snapshot.TreeAsync(string.Empty));
        Assert.Equal(NtStatus.ObjectPathNotFound, await snapshot.StatusOfAsync(@".versions\files"));
        Assert.Same(snapshot, await AtAsync(_store, times[1]));
    }

    [Fact]
    public async Task Who_watches_the_share_hears_nothing_of_versions()
    {
        var folder = Directory.CreateTempSubdirectory("smb3-versions-");
        try
        {
            await using var store = (VersioningStore)new PhysicalFileStore(folder.FullName).WithVersions();
            File.WriteAllBytes(Path.Combine(folder.FullName, "file"), [1, 2, 3]);
            File.SetLastWriteTimeUtc(Path.Combine(folder.FullName, "file"), DateTime.UtcNow.AddDays(-2));
            await using (var file = await store.OpenFileAsync("file", StoreAccess.Metadata))
            {
                var early = new FileMetadataChange { CreationTime = FileTime.From(DateTimeOffset.UtcNow.AddDays(-2)) };
                Assert.Equal(NtStatus.Success, await file.SetMetadataAsync(early, CancellationToken.None));
            }

            var heard = new System.Collections.Concurrent.ConcurrentQueue<string>();
            var ended = new TaskCompletionSource();
            using var watch = Assert.IsAssignableFrom<IChangeSource>(store).Watch(StorePath.Root, tree: true, change =>
            {
                heard.Enqueue(change?.Path.Text ?? string.Empty);
                if (change?.Path.Text == "end")
                {
                    ended.TrySetResult();
                }
            });
            Assert.NotNull(watch);
            await FillAsync(store, "file", 2);
            Assert.Single(await TimesAsync(store));
            File.WriteAllBytes(Path.Combine(folder.FullName, "end"), []);
            await ended.Task.WaitAsync(TimeSpan.FromSeconds(10));
            if (!OperatingSystem.IsWindows() && store.Traits.Has(StoreAbilities.PosixModes))
            {
                // Whatever bits the file has, the server gets into the folder of its versions, and nobody else into that of all.
                const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
                Assert.Equal(Own, File.GetUnixFileMode(Path.Combine(folder.FullName, ".versions")));
                Assert.Equal(Own, File.GetUnixFileMode(Path.Combine(folder.FullName, ".versions", "files", "file")));
            }

            Assert.DoesNotContain(heard, static path => path.Contains("versions", StringComparison.Ordinal));
            Assert.Null(((IChangeSource)store).Watch(new(".versions"), tree: true, static _ => { }));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_write_to_a_file_that_is_kept_allocates_nothing()
    {
        await _store.FileOfAsync("file", 4096, 1);
        _time.SetUtcNow(Noon.AddMinutes(10));
        await using var file = await _store.OpenFileAsync("file");
        var data = new ReadOnlySequence<byte>(new byte[4096]);
        Assert.Equal(NtStatus.Success, await file.WriteAsync(0, data, CancellationToken.None));
        var below = ((VersionedFile)file).Inner;
        _ = await AllocatedByAsync(file, data);
        _ = await AllocatedByAsync(below, data);
        Assert.Equal(await AllocatedByAsync(below, data), await AllocatedByAsync(file, data));
    }

    [Fact]
    public void What_makes_no_sense_is_refused()
    {
        Assert.Throws<ArgumentException>(() => _below.ReadOnly().WithVersions());
        Assert.Throws<ArgumentException>(() => _below.WithRecycleBin().WithVersions());
        Assert.Throws<ArgumentException>(() => _below.WithVersions().WithQuota(1));
        Assert.Throws<ArgumentException>(() => _below.WithVersions(new VersionOptions { Folder = @"a\b" }));
        Assert.Throws<ArgumentOutOfRangeException>(() => _below.WithVersions(new VersionOptions { Interval = TimeSpan.FromSeconds(1) }));
        Assert.Throws<ArgumentOutOfRangeException>(() => _below.WithVersions(new VersionOptions { KeepFor = TimeSpan.FromDays(4096) }));
    }

    private static async Task<long> AllocatedByAsync(IStoreFile file, ReadOnlySequence<byte> data)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            if (await file.WriteAsync(0, data, CancellationToken.None) != NtStatus.Success)
            {
                Assert.Fail("It is not written.");
            }
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static async Task<IReadOnlyList<DateTimeOffset>> TimesAsync(IFileStore store)
    {
        var times = await ((ISnapshotStore)store).ListSnapshotsAsync(CancellationToken.None);
        Assert.Equal(NtStatus.Success, times.Status);
        return [.. times.Value.Order()];
    }

    private static async Task<IFileStore> AtAsync(IFileStore store, DateTimeOffset time)
    {
        var opened = await ((ISnapshotStore)store).OpenSnapshotAsync(time, CancellationToken.None);
        Assert.Equal(NtStatus.Success, opened.Status);
        return opened.Value;
    }

    private static async Task FillAsync(IFileStore store, string path, byte value)
    {
        await using var file = await store.OpenFileAsync(path);
        var length = (await file.GetMetadataAsync(CancellationToken.None)).Value.Length;
        Assert.Equal(NtStatus.Success, await file.FillAsync(0, (int)Math.Min(length, 1 << 20), value));
        Assert.Equal(NtStatus.Success, await ((IDeferredFile)file).CompleteAsync(CancellationToken.None));
    }

    private async Task ChangeAsync(string path, Func<IStoreFile, ValueTask<NtStatus>> change)
    {
        await using var file = await _store.OpenFileAsync(path);
        Assert.Equal(NtStatus.Success, await change(file));
    }

    private IFileStore On(IFileStore below, VersionOptions? options = null)
    {
        var store = below.WithVersions((options ?? new VersionOptions()) with { Time = _time });
        _ended.Add((IAsyncDisposable)store);
        return store;
    }
}
