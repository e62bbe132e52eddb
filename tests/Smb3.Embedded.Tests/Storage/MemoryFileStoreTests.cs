using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Xunit;

namespace Smb3.Embedded.Tests.Storage;

public sealed class MemoryFileStoreTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task A_terabyte_of_hole_costs_nothing()
    {
        var store = new MemoryFileStore(new MemoryFileStoreOptions { Capacity = 1 << 20 });
        await using var file = (await store.CreateAsync(new StorePath("big"), default, None)).Value;
        Assert.Equal(NtStatus.Success, await file.WriteAsync(1L << 40, new ReadOnlySequence<byte>([1, 2, 3]), None));
        var metadata = (await file.GetMetadataAsync(None)).Value;
        Assert.Equal((1L << 40) + 3, metadata.Length);
        Assert.Equal(4096, metadata.AllocationSize);
        var buffer = new byte[8];
        Assert.Equal(8, (await file.ReadAsync((1L << 40) - 5, buffer, None)).Value);
        Assert.Equal([0, 0, 0, 0, 0, 1, 2, 3], buffer);
    }

    [Fact]
    public async Task What_does_not_fit_is_disk_full_and_deleting_gives_the_room_back()
    {
        var store = new MemoryFileStore(new MemoryFileStoreOptions { Capacity = 256 * 1024 });
        var empty = (await store.GetVolumeAsync(None)).Value.FreeBytes;
        var file = (await store.CreateAsync(new StorePath("a"), default, None)).Value;
        Assert.Equal(NtStatus.DiskFull, await file.WriteAsync(0, new ReadOnlySequence<byte>(new byte[300 * 1024]), None));
        await store.DeleteAsync(new StorePath("a"), None);
        Assert.NotEqual(empty, (await store.GetVolumeAsync(None)).Value.FreeBytes);
        await file.DisposeAsync();
        Assert.Equal(empty, (await store.GetVolumeAsync(None)).Value.FreeBytes);
    }

    [Fact]
    public async Task Reading_and_overwriting_allocate_nothing()
    {
        var store = new MemoryFileStore();
        await using var file = (await store.CreateAsync(new StorePath("a"), default, None)).Value;
        var data = new ReadOnlySequence<byte>(new byte[200_000]);
        var buffer = new byte[200_000];
        Round();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            Round();
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Round()
        {
            var writing = file.WriteAsync(77, data, None);
            Assert.True(writing.IsCompletedSuccessfully && writing.Result == NtStatus.Success);
            var reading = file.ReadAsync(77, buffer, None);
            Assert.True(reading.IsCompletedSuccessfully && reading.Result.Value == buffer.Length);
        }
    }

    [Fact]
    public async Task A_hundred_thousand_names_are_made_and_listed_in_order()
    {
        var store = new MemoryFileStore();
        for (var i = 0; i < 100_000; i++)
        {
            await (await store.CreateAsync(new StorePath($"n{i * 7919 % 100_003:D6}"), default, None)).Value.DisposeAsync();
        }

        await using var root = (await store.OpenAsync(StorePath.Root, StoreAccess.Metadata, None)).Value;
        await using var listing = (await root.ListAsync(None)).Value;
        var batch = new StoreEntry[512];
        var count = 0;
        var last = string.Empty;
        while ((await listing.ReadAsync(batch, None)).Value is var read and > 0)
        {
            for (var i = 0; i < read; i++)
            {
                Assert.True(string.CompareOrdinal(last, batch[i].Name) < 0);
                last = batch[i].Name;
                count++;
            }
        }

        Assert.Equal(100_000, count);
    }
}
