using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Xunit;

namespace Smb3.Embedded.Tests.Storage.Layers;

/// <summary>A store that holds only so much: what was counted on the way is what is there.</summary>
public sealed class QuotaStoreTests
{
    private const int Limit = 100_000;

    private readonly MemoryFileStore _below = new();
    private readonly IFileStore _store;

    public QuotaStoreTests() => _store = _below.WithQuota(Limit);

    [Fact]
    public async Task What_would_be_more_is_refused_before_anything_is_written()
    {
        await using var file = await _store.NewFileAsync("file");
        Assert.Equal(NtStatus.Success, await file.FillAsync(0, 60_000));
        Assert.Equal(NtStatus.DiskFull, await file.FillAsync(50_000, 50_001, value: 9));
        Assert.Equal(NtStatus.DiskFull, await file.SetLengthAsync(Limit + 1, CancellationToken.None));
        Assert.Equal(NtStatus.DiskFull, await file.AllocateAsync(Limit + 1, CancellationToken.None));
        Assert.Equal(
            NtStatus.DiskFull, (await _store.CreateAsync(new("other"), new NewFile { AllocationSize = 40_001 }, CancellationToken.None)).Status);
        Assert.Equal(60_000, (await file.GetMetadataAsync(CancellationToken.None)).Value.Length);
        Assert.All(await _store.ReadAllAsync("file"), static value => Assert.Equal(1, value));
        Assert.Equal(NtStatus.Success, await file.FillAsync(50_000, 50_000));
        Assert.Equal(NtStatus.Success, await file.FillAsync(0, Limit));
        await IsRightAsync(Limit);
    }

    [Fact]
    public async Task Clients_see_the_limit_as_the_size_of_the_volume()
    {
        await _store.FileOfAsync("file", 30_000);
        var volume = (await _store.GetVolumeAsync(CancellationToken.None)).Value;
        Assert.Equal((Limit, Limit - 30_000, Limit - 30_000), (volume.TotalBytes, volume.FreeBytes, volume.AvailableBytes));
        await using var file = await _store.OpenFileAsync("file");
        Assert.Equal(volume, (await ((IVolumeFile)file).GetVolumeAsync(CancellationToken.None)).Value);
    }

    [Fact]
    public async Task What_was_there_counts_and_may_be_more_than_the_limit()
    {
        await _below.NewFolderAsync("folder");
        await _below.FileOfAsync("folder\\file", 90_000);
        Assert.Equal(NtStatus.Success, await _below.LinkAsync("folder\\file", "link"));
        await using (var file = await _below.OpenFileAsync("folder\\file"))
        {
            await using var stream = await file.NewStreamAsync("stream");
            Assert.Equal(NtStatus.Success, await stream.FillAsync(0, 20_000));
        }

        await using (var full = await _store.NewFileAsync("new"))
        {
            Assert.Equal(NtStatus.DiskFull, await full.FillAsync(0, 1));
        }

        Assert.Equal(NtStatus.Success, await _store.RemoveAsync("link"));
        await IsRightAsync(Limit);
        Assert.Equal(NtStatus.Success, await _store.RemoveAsync("folder\\file"));
        await IsRightAsync(0);
    }

    [Fact]
    public async Task A_deleted_file_counts_until_its_last_handle_is_closed()
    {
        await _store.FileOfAsync("file", 50_000);
        await using (var reader = await _store.OpenFileAsync("file", StoreAccess.Read))
        {
            var writer = await _store.OpenFileAsync("file");
            Assert.Equal(NtStatus.Success, await _store.RemoveAsync("file"));
            Assert.Equal(NtStatus.Success, await writer.FillAsync(50_000, 10_000));
            await writer.DisposeAsync();
            Assert.Equal(Limit - 60_000, await _store.FreeAsync());
            await using var other = await _store.NewFileAsync("file");
            Assert.Equal(NtStatus.DiskFull, await other.FillAsync(0, 40_001));
        }

        await IsRightAsync(0);
    }

    [Fact]
    public async Task A_replaced_file_gives_its_bytes_back_and_a_name_of_the_same_file_does_not()
    {
        await _store.FileOfAsync("one", 50_000);
        await _store.FileOfAsync("two", 30_000);
        Assert.Equal(NtStatus.Success, await _store.MoveAsync("one", "two", replace: true));
        await IsRightAsync(50_000);
        Assert.Equal(NtStatus.Success, await _store.LinkAsync("two", "three"));
        await IsRightAsync(50_000);
        Assert.Equal(NtStatus.Success, await _store.MoveAsync("two", "three", replace: true));
        await IsRightAsync(50_000);
        Assert.Equal(NtStatus.Success, await _store.MoveAsync("three", "THREE"));
        await _store.FileOfAsync("four", 10_000);
        Assert.Equal(NtStatus.Success, await _store.LinkAsync("THREE", "four", replace: true));
        await IsRightAsync(50_000);
        Assert.Equal(NtStatus.ObjectNameCollision, await _store.LinkAsync("THREE", "four"));
        Assert.Equal(NtStatus.Success, await _store.RemoveAsync("four"));
        await IsRightAsync(50_000);
        Assert.Equal(NtStatus.Success, await _store.RemoveAsync("THREE"));
        await IsRightAsync(0);
    }

    [Fact]
    public async Task Streams_count_and_one_that_is_deleted_until_its_last_handle_is_closed()
    {
        await using var file = await _store.NewFileAsync("file");
        var stream = await file.NewStreamAsync("stream");
        Assert.Equal(NtStatus.Success, await stream.FillAsync(0, 40_000));
        Assert.Equal(NtStatus.DiskFull, await stream.FillAsync(40_000, 60_001));
        var streams = (IStreamedFile)file;
        Assert.Equal(NtStatus.Success, await streams.DeleteStreamAsync("STREAM", CancellationToken.None));
        Assert.Equal(NtStatus.Success, await stream.FillAsync(40_000, 10_000));
        Assert.Equal(Limit - 50_000, await _store.FreeAsync());
        await stream.DisposeAsync();
        await IsRightAsync(0);
        await using (var other = await file.NewStreamAsync("other"))
        {
            Assert.Equal(NtStatus.Success, await other.FillAsync(0, 20_000));
            Assert.Equal(NtStatus.Success, await other.SetLengthAsync(5_000, CancellationToken.None));
        }

        await (await file.NewStreamAsync("victim")).DisposeAsync();
        Assert.Equal(NtStatus.Success, await streams.RenameStreamAsync("other", "Victim", replace: true, CancellationToken.None));
        await IsRightAsync(5_000);
        Assert.Equal(NtStatus.Success, await streams.RenameStreamAsync("victim", string.Empty, replace: true, CancellationToken.None));
        await IsRightAsync(5_000);
        Assert.Equal(NtStatus.Success, await file.FillAsync(0, 6_000));
        await IsRightAsync(6_000);
        var named = await ((IUnnamedStreamFile)file).RenameUnnamedStreamAsync("named", replace: false, handles: 1, CancellationToken.None);
        await using (var handle = Assert.Single(named.Value))
        {
            Assert.Equal(NtStatus.Success, await handle.FillAsync(6_000, 1_000));
            Assert.Equal(NtStatus.Success, await file.FillAsync(0, 500));
            await IsRightAsync(7_500);
        }

        Assert.Equal(NtStatus.Success, await _store.RemoveAsync("file"));
        Assert.Equal(Limit - 7_500, await _store.FreeAsync());
    }

    [Fact]
    public async Task Copies_count_and_holes_too()
    {
        await _store.FileOfAsync("source", 30_000);
        await using (var source = await _store.OpenFileAsync("source", StoreAccess.Read))
        await using (var target = await _store.NewFileAsync("target"))
        {
            var copy = (ICopyTarget)target;
            Assert.Equal(NtStatus.Success, await copy.CopyFromAsync(source, 0, 10_000, 30_000, CancellationToken.None));
            Assert.Equal(NtStatus.DiskFull, await copy.CopyFromAsync(source, 0, 60_000, 30_000, CancellationToken.None));
            await ((ISparseFile)target).SetSparseAsync(true, CancellationToken.None);
            await ((ISparseFile)target).ZeroAsync(0, 40_000, CancellationToken.None);
            Assert.Equal(NtStatus.DiskFull, await target.SetLengthAsync(70_001, CancellationToken.None));
        }

        await IsRightAsync(70_000);
    }

    [Fact]
    public async Task Writers_side_by_side_never_pass_together_and_leave_the_right_count()
    {
        var written = 0;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(number => Task.Run(async () =>
        {
            await using var file = await _store.NewFileAsync($"file {number}");
            for (var i = 0; i < 100; i++)
            {
                if (await file.FillAsync(i * 1_000, 1_000) == NtStatus.Success)
                {
                    Interlocked.Add(ref written, 1_000);
                }
            }
        })));
        Assert.Equal(Limit, written);
        await IsRightAsync(Limit);
    }

    [Fact]
    public async Task Handles_of_one_file_that_write_cut_and_delete_at_once_leave_the_right_count()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(number => Task.Run(async () =>
        {
            var random = new Random(number);
            for (var i = 0; i < 150; i++)
            {
                var name = $"file {random.Next(3)}";
                var opened = await _store.OpenAsync(new(name), StoreAccess.ReadWrite, CancellationToken.None);
                if (!opened.Succeeded)
                {
                    opened = await _store.CreateAsync(new(name), default, CancellationToken.None);
                }

                if (!opened.Succeeded)
                {
                    continue;
                }

                await using var file = opened.Value;
                await file.FillAsync(random.Next(20_000), random.Next(10_000));
                await file.SetLengthAsync(random.Next(30_000), CancellationToken.None);
                var stream = random.Next(2) == 0
                    ? await ((IStreamedFile)file).CreateStreamAsync("stream", CancellationToken.None)
                    : await ((IStreamedFile)file).OpenStreamAsync("stream", StoreAccess.ReadWrite, CancellationToken.None);
                if (stream.Succeeded)
                {
                    await using var handle = stream.Value;
                    await handle.FillAsync(random.Next(5_000), random.Next(2_000));
                }

                switch (random.Next(6))
                {
                    case 0: await _store.RemoveAsync(name); break;
                    case 1: await _store.MoveAsync(name, $"file {random.Next(3)}", replace: true); break;
                    case 2: await _store.LinkAsync(name, $"file {random.Next(3)}", replace: true); break;
                    case 3: await ((IStreamedFile)file).DeleteStreamAsync("stream", CancellationToken.None); break;
                    case 4: await ((IStreamedFile)file).RenameStreamAsync("stream", "other", true, CancellationToken.None); break;
                }
            }
        })));
        var counted = await _below.WithQuota(Limit).FreeAfterCountAsync();
        Assert.Equal(counted, await _store.FreeAsync());
    }

    [Fact]
    public async Task A_write_that_failed_below_costs_nothing()
    {
        var below = new MemoryFileStore(new MemoryFileStoreOptions { Capacity = 200_000 });
        var store = below.WithQuota(1_000_000);
        await using var file = await store.NewFileAsync("file");
        Assert.Equal(NtStatus.DiskFull, await file.FillAsync(0, 500_000));
        Assert.Equal(NtStatus.Success, await ((ISparseFile)file).SetSparseAsync(true, CancellationToken.None));
        Assert.Equal(NtStatus.Success, await file.SetLengthAsync(1_000_000, CancellationToken.None));
    }

    [Fact]
    public async Task Who_changes_something_waits_until_what_is_there_is_counted()
    {
        await _below.FileOfAsync("file", 90_000);
        var slow = new SlowStore(_below);
        var store = slow.WithQuota(Limit);
        await using var file = await store.OpenFileAsync("file");
        var write = file.FillAsync(90_000, 10_001);
        var removal = store.RemoveAsync("file");
        await Task.Delay(50);
        Assert.False(write.IsCompleted);
        Assert.False(removal.IsCompleted);
        slow.Go.SetResult();
        Assert.Equal(NtStatus.DiskFull, await write);
        Assert.Equal(NtStatus.Success, await removal);
    }

    [Fact]
    public async Task Who_may_not_be_counted_is_told_of()
    {
        var store = new SlowStore(_below) { Failure = NtStatus.AccessDenied }.WithQuota(Limit);
        await store.FileOfAsync("file", 10);
        Assert.Contains("1 files or folders cannot be read", Assert.IsAssignableFrom<IReportingStore>(store).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_quota_is_more_than_nothing() => Assert.Throws<ArgumentOutOfRangeException>(() => _below.WithQuota(0));

    /// <summary>So much is used, and counting again finds the same.</summary>
    private async Task IsRightAsync(long used)
    {
        Assert.Equal(used, await UsedAsync(_store));
        Assert.Equal(used, await UsedAsync(_below.WithQuota(Limit)));
    }

    private static async Task<long> UsedAsync(IFileStore store) => Limit - await store.FreeAfterCountAsync();

    /// <summary>Whose root is not listed before it may be.</summary>
    private sealed class SlowStore(IFileStore inner) : IFileStore
    {
        public TaskCompletionSource Go { get; } = new();

        public NtStatus Failure { get; init; }

        public StoreTraits Traits => inner.Traits;

        public async ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken)
        {
            if (path.IsRoot && Failure != NtStatus.Success)
            {
                return Failure;
            }

            if (path.IsRoot)
            {
                await Go.Task;
            }

            return await inner.OpenAsync(path, access, cancellationToken);
        }

        public ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken) =>
            inner.CreateAsync(path, parameters, cancellationToken);

        public ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken) =>
            inner.RenameAsync(from, to, replace, cancellationToken);

        public ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken) =>
            inner.LinkAsync(existing, link, replace, cancellationToken);

        public ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken) => inner.DeleteAsync(path, cancellationToken);

        public ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken) => inner.GetVolumeAsync(cancellationToken);
    }
}
