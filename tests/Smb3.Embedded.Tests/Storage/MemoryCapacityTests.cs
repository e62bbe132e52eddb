using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Xunit;

namespace Smb3.Embedded.Tests.Storage;

/// <summary>Whatever a client can make a memory store keep fills it, and has gone from it when it is taken away.</summary>
[Collection(MeasuresTheProcess.Name)]
public sealed class MemoryCapacityTests
{
    private const long Capacity = 512 * 1024;

    private static readonly CancellationToken None = CancellationToken.None;

    private readonly MemoryFileStore _store = new(new MemoryFileStoreOptions { Capacity = Capacity });

    [Fact]
    public Task Empty_files() => FillAsync(async i =>
    {
        var made = await _store.CreateAsync(Name(i), default, None);
        if (made.Succeeded)
        {
            await made.Value.DisposeAsync();
        }

        return made.Status;
    });

    [Fact]
    public Task Directories() => FillAsync(async i =>
    {
        var made = await _store.CreateAsync(Name(i), new NewFile { IsDirectory = true }, None);
        if (made.Succeeded)
        {
            await made.Value.DisposeAsync();
        }

        return made.Status;
    });

    [Fact]
    public Task Hard_links() => FillFileAsync((file, i) => _store.LinkAsync(file.Path, Name(i, 200, file.Path.Text), replace: false, None), most: 1000);

    [Fact]
    public Task Long_names() => FillAsync(async i =>
    {
        await (await _store.CreateAsync(Name(i, 1), default, None)).Value.DisposeAsync();
        return await _store.RenameAsync(Name(i, 1), Name(i), replace: false, None);
    });

    [Fact]
    public Task Streams() => FillFileAsync(async (file, i) =>
    {
        var made = await ((IStreamedFile)file).CreateStreamAsync(Text(i), None);
        if (made.Succeeded)
        {
            await made.Value.DisposeAsync();
        }

        return made.Status;
    });

    [Fact]
    public Task Names_of_streams() => FillFileAsync(async (file, i) =>
    {
        var streamed = (IStreamedFile)file;
        var made = await streamed.CreateStreamAsync(Text(i, 1), None);
        if (!made.Succeeded)
        {
            return made.Status;
        }

        await made.Value.DisposeAsync();
        return await streamed.RenameStreamAsync(Text(i, 1), Text(i), replace: false, None);
    });

    [Fact]
    public Task Extended_attributes() => FillFileAsync(
        (file, i) => ((IExtendedAttributeFile)file).SetExtendedAttributesAsync([new ExtendedAttribute(Text(i, 10), new byte[1000])], None),
        most: 60);

    [Fact]
    public Task Many_small_extended_attributes() => FillFileAsync(
        (file, i) => ((IExtendedAttributeFile)file).SetExtendedAttributesAsync([new ExtendedAttribute(Text(i, 6), new byte[1])], None),
        most: 3000);

    [Fact]
    public Task Security_descriptors() => FillFileAsync((file, _) =>
        ((ISecurableFile)file).SetSecurityDescriptorAsync(new byte[60_000], None), most: 1);

    [Fact]
    public Task Security_descriptors_of_new_files() => FillAsync(async i =>
    {
        var made = await _store.CreateAsync(Name(i), new NewFile { SecurityDescriptor = new byte[60_000] }, None);
        if (made.Succeeded)
        {
            await made.Value.DisposeAsync();
        }

        return made.Status;
    });

    [Fact]
    public Task Reparse_points() => FillFileAsync((file, _) => ((IReparseFile)file).SetReparsePointAsync(new byte[16_000], None), most: 1);

    [Fact]
    public Task Object_ids() => FillFileAsync((file, _) => ((IObjectIdFile)file).SetObjectIdAsync(new byte[64], None), most: 1);

    [Fact]
    public Task Bytes_far_apart() => FillFileAsync((file, i) => file.WriteAsync((long)i << 20, new ReadOnlySequence<byte>([1]), None));

    [Fact]
    public async Task Clones_take_their_places()
    {
        var empty = await FreeAsync();
        await using (var source = (await _store.CreateAsync(new StorePath("source"), default, None)).Value)
        {
            Assert.Equal(NtStatus.Success, await source.WriteAsync(0, new ReadOnlySequence<byte>(new byte[65_536]), None));
            await using var target = (await _store.CreateAsync(new StorePath("target"), default, None)).Value;
            var status = NtStatus.Success;
            for (var i = 0L; status == NtStatus.Success; i++)
            {
                Assert.True(i < Capacity, "never full");
                status = await ((ICloneTarget)target).CloneFromAsync(source, 0, i * 65_536, 65_536, None);
            }

            Assert.Equal(NtStatus.DiskFull, status);
        }

        await DeleteAllAsync();
        Assert.Equal(empty, await FreeAsync());
    }

    [Fact]
    public async Task A_clone_that_is_refused_lets_go_of_what_it_took()
    {
        var empty = await FreeAsync();
        await using (var source = (await _store.CreateAsync(new StorePath("source"), default, None)).Value)
        {
            Assert.Equal(NtStatus.Success, await source.WriteAsync(0, new ReadOnlySequence<byte>(new byte[65_536]), None));
            await using var target = (await _store.CreateAsync(new StorePath("target"), default, None)).Value;
            Assert.Equal(
                NtStatus.FileTooLarge, await ((ICloneTarget)target).CloneFromAsync(source, 0, _store.Traits.MaxFileLength, 65_536, None));
            await using var directory = (await _store.CreateAsync(new StorePath("d"), new NewFile { IsDirectory = true }, None)).Value;
            Assert.Equal(NtStatus.InvalidDeviceRequest, await ((ICloneTarget)directory).CloneFromAsync(source, 0, 0, 65_536, None));
        }

        await DeleteAllAsync();
        Assert.Equal(empty, await FreeAsync());
    }

    [Fact]
    public async Task Snapshots()
    {
        var empty = await FreeAsync();
        for (var i = 0; i < 50; i++)
        {
            await using var file = (await _store.CreateAsync(Name(i), default, None)).Value;
            Assert.Equal(NtStatus.Success, await file.WriteAsync(0, new ReadOnlySequence<byte>([1]), None));
            await (await ((IStreamedFile)file).CreateStreamAsync("s", None)).Value.DisposeAsync();
            await ((IExtendedAttributeFile)file).SetExtendedAttributesAsync([new ExtendedAttribute("a", new byte[100])], None);
            await _store.LinkAsync(Name(i), Name(1000 + i), replace: false, None);
        }

        var times = new List<DateTimeOffset>();
        var before = await FreeAsync();
        Assert.Throws<IOException>(() =>
        {
            while (times.Count < 1000)
            {
                times.Add(_store.TakeSnapshot());
            }
        });
        Assert.NotEmpty(times);
        Assert.InRange(await FreeAsync(), 0, before);
        foreach (var time in times)
        {
            Assert.True(_store.DeleteSnapshot(time));
        }

        Assert.Equal(before, await FreeAsync());
        await DeleteAllAsync();
        Assert.Equal(empty, await FreeAsync());
    }

    [Fact]
    public async Task What_is_counted_is_at_least_what_is_taken()
    {
        var store = new MemoryFileStore(new MemoryFileStoreOptions { Capacity = 1 << 28 });
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var free = (await store.GetVolumeAsync(None)).Value.FreeBytes;
        for (var i = 0; i < 20_000; i++)
        {
            await using var made = (await store.CreateAsync(Name(i, 8), new NewFile { IsDirectory = i % 4 == 0 }, None)).Value;
            if (i % 4 == 1)
            {
                await (await ((IStreamedFile)made).CreateStreamAsync("stream", None)).Value.DisposeAsync();
            }
            else if (i % 4 == 2)
            {
                await made.WriteAsync(0, new ReadOnlySequence<byte>([1]), None);
            }

            await ((IExtendedAttributeFile)made).SetExtendedAttributesAsync([new ExtendedAttribute("a", new byte[1])], None);
        }

        var counted = free - (await store.GetVolumeAsync(None)).Value.FreeBytes;
        var taken = GC.GetTotalMemory(forceFullCollection: true) - before;
        GC.KeepAlive(store);
        Assert.InRange(counted, taken * 9 / 10, taken * 2);
    }

    private static string Text(int number, int length = 200) => number.ToString().PadLeft(length, 'x');

    private static StorePath Name(int number, int length = 200, string prefix = "") => new(prefix + Text(number, length));

    private Task FillFileAsync(Func<IStoreFile, int, ValueTask<NtStatus>> more, int most = int.MaxValue) =>
        FillAsync(async file =>
        {
            var made = await _store.CreateAsync(Name(file, 5), default, None);
            if (!made.Succeeded)
            {
                return made.Status;
            }

            var opened = made.Value;
            await using var use = opened;
            for (var i = 0; i < most; i++)
            {
                var status = await more(opened, i);
                if (status != NtStatus.Success)
                {
                    return status;
                }
            }

            return NtStatus.Success;
        });

    private async Task FillAsync(Func<int, Task<NtStatus>> step)
    {
        var empty = await FreeAsync();
        var status = NtStatus.Success;
        for (var i = 0; status == NtStatus.Success; i++)
        {
            Assert.True(i < 10_000, "never full");
            status = await step(i);
        }

        Assert.Equal(NtStatus.DiskFull, status);
        Assert.InRange(await FreeAsync(), 0, empty - 1);
        await DeleteAllAsync();
        Assert.Equal(empty, await FreeAsync());
    }

    private async Task DeleteAllAsync()
    {
        await using var root = (await _store.OpenAsync(StorePath.Root, StoreAccess.Metadata, None)).Value;
        await using var listing = (await root.ListAsync(None)).Value;
        var batch = new StoreEntry[64];
        while ((await listing.ReadAsync(batch, None)).Value is var read and > 0)
        {
            for (var i = 0; i < read; i++)
            {
                Assert.Equal(NtStatus.Success, await _store.DeleteAsync(new StorePath(batch[i].Name), None));
            }
        }
    }

    private async Task<long> FreeAsync() => (await _store.GetVolumeAsync(None)).Value.FreeBytes;
}
