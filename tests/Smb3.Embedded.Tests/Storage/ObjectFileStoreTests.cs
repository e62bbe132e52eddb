using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Objects;
using Xunit;

namespace Smb3.Embedded.Tests.Storage;

/// <summary>What a store of objects makes of keys, of failures, of others who change objects, and of clients that want more than there is.</summary>
public sealed class ObjectFileStoreTests
{
    private readonly MemoryObjectStore _store = new();

    [Fact]
    public async Task What_was_flushed_is_in_the_store_and_the_rest_with_the_close()
    {
        var file = await CreateAsync(_store, "f");
        await WriteAsync(file, 0, 1, 2);
        Assert.Empty(_store.Get("f")!);
        Assert.Equal(NtStatus.Success, await file.FlushAsync(default));
        Assert.Equal([1, 2], _store.Get("f")!);
        await WriteAsync(file, 2, 3);
        Assert.Equal([1, 2], _store.Get("f")!);
        Assert.Equal(NtStatus.Success, await CompleteAsync(file));
        Assert.Equal([1, 2, 3], _store.Get("f")!);
        var puts = _store.PutCount;
        await file.DisposeAsync();
        Assert.Equal(puts, _store.PutCount);
    }

    [Fact]
    public async Task A_writer_that_closes_has_uploaded_while_others_have_the_file_open()
    {
        var writer = await CreateAsync(_store, "f");
        var reader = await OpenAsync(_store, "f", StoreAccess.Read);
        await WriteAsync(writer, 0, 1, 2);
        Assert.Equal([1, 2], await ReadAsync(reader, 0, 10));
        await writer.DisposeAsync();
        Assert.Equal([1, 2], _store.Get("f")!);
        Assert.Equal([1, 2], await ReadAsync(reader, 0, 10));
        await reader.DisposeAsync();
    }

    [Fact]
    public async Task A_failed_upload_is_told_by_flush_and_close_and_leaves_the_old_object()
    {
        _store.PutOutside("f", 9);
        var file = await OpenAsync(_store, "f", StoreAccess.ReadWrite);
        await WriteAsync(file, 0, 1, 2);
        _store.Puts = NtStatus.DiskFull;
        Assert.Equal(NtStatus.DiskFull, await file.FlushAsync(default));
        _store.Puts = NtStatus.Success;
        Assert.Equal(NtStatus.Success, await file.FlushAsync(default)); // nothing was lost by the first
        Assert.Equal([1, 2], _store.Get("f")!);
        await WriteAsync(file, 0, 7);
        _store.Puts = NtStatus.AccessDenied;
        Assert.Equal(NtStatus.AccessDenied, await CompleteAsync(file));
        await file.DisposeAsync();
        Assert.Equal([1, 2], _store.Get("f")!);
        Assert.Null(_store.Nodes.Find("f"));
    }

    [Fact]
    public async Task What_others_have_put_meanwhile_is_not_overwritten()
    {
        _store.PutOutside("f", 1, 1, 1);
        var file = await OpenAsync(_store, "f", StoreAccess.ReadWrite);
        await WriteAsync(file, 1, 2);
        _store.PutOutside("f", 9, 9);
        Assert.Equal(NtStatus.FileInvalid, await file.FlushAsync(default));
        Assert.Equal(NtStatus.FileInvalid, await CompleteAsync(file));
        await file.DisposeAsync();
        Assert.Equal([9, 9], _store.Get("f")!);
    }

    [Fact]
    public async Task Who_only_reads_sees_what_others_have_put()
    {
        _store.PutOutside("f", 1, 1, 1);
        await using var file = await OpenAsync(_store, "f", StoreAccess.Read);
        Assert.Equal([1], await ReadAsync(file, 0, 1));
        _store.PutOutside("f", 9, 8);
        Assert.Equal([8], await ReadAsync(file, 1, 1));
        Assert.Equal(2, (await file.GetMetadataAsync(default)).Value.Length);
    }

    [Fact]
    public async Task All_clients_together_spool_no_more_than_they_may_and_get_it_back()
    {
        var store = new MemoryObjectStore(new ObjectFileStoreOptions { SpoolSize = 100_000, SpoolMemory = 30_000, SpoolMemoryPerFile = 20_000 });
        for (var round = 0; round < 3; round++)
        {
            var one = await CreateAsync(store, $"one {round}");
            var two = await CreateAsync(store, $"two {round}");
            await WriteAsync(one, 0, new byte[60_000]);
            Assert.Equal(NtStatus.DiskFull, await TryWriteAsync(two, 0, new byte[60_000]));
            Assert.Equal(NtStatus.DiskFull, await two.SetLengthAsync(60_000, default));
            Assert.Equal(NtStatus.FileTooLarge, await two.SetLengthAsync(100_001, default));
            await WriteAsync(two, 0, new byte[40_000]);
            Assert.Equal(NtStatus.Success, await one.SetLengthAsync(10, default));
            await WriteAsync(two, 40_000, new byte[50_000]);
            await one.DisposeAsync();
            await two.DisposeAsync();
            Assert.Equal(90_000, store.Get($"two {round}")!.Length);
        }

        Assert.True(store.Place.Space.TryTake(100_000));
        Assert.True(store.Place.Memory.TryTake(30_000));
    }

    [Fact]
    public async Task A_temporary_file_has_no_name_while_it_is_used()
    {
        if (OperatingSystem.IsWindows())
        {
            return; // there it has one that goes with the process
        }

        var folder = new TemporaryFolder();
        var store = new MemoryObjectStore(new ObjectFileStoreOptions { SpoolMemory = 0, SpoolFolder = folder.Path });
        await using (var file = await CreateAsync(store, "f"))
        {
            await WriteAsync(file, 0, new byte[100_000]);
            Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
        }

        folder.Delete();
        await using var refused = await CreateAsync(store, "g");
        Assert.NotEqual(NtStatus.Success, await TryWriteAsync(refused, 0, [1]));
        Assert.Equal(0, (await refused.GetMetadataAsync(default)).Value.Length);
    }

    [Fact]
    public async Task Keys_that_clients_cannot_name_are_neither_shown_nor_touched()
    {
        string[] hidden = ["../up", "a//b", "./x", "x:y", "nul\0", "a/..", "back\\slash", "/top", new string('n', 256), "dot\uF029"];
        foreach (var key in hidden)
        {
            _store.PutOutside(key, 1);
        }

        _store.PutOutside("ends in a dot.", 5);
        Assert.Equal(["a", "ends in a dot\uF029"], await NamesAsync(_store, ""));
        Assert.Empty(await NamesAsync(_store, "a"));
        Assert.Equal(NtStatus.DirectoryNotEmpty, await _store.CanDeleteAsync(new("a"), default));
        Assert.Equal(NtStatus.DirectoryNotEmpty, await ((IFileStore)_store).DeleteAsync(new StorePath("a"), default));
        await using var file = await OpenAsync(_store, "ends in a dot\uF029", StoreAccess.Read);
        Assert.Equal([5], await ReadAsync(file, 0, 1));
        Assert.Equal(hidden.Length + 1, _store.Keys.Length);
    }

    [Theory]
    [InlineData("\uF029")]
    [InlineData(".\uF029")]
    [InlineData("a\\.\uF029\\b")]
    [InlineData("half")]
    public async Task A_name_that_would_be_another_key_is_refused(string path)
    {
        path = path == "half" ? "half \uD800" : path; // which test runners cannot write down
        var made = await _store.CreateAsync(new StorePath(path), default, default);
        Assert.Equal(NtStatus.ObjectNameInvalid, made.Status);
        Assert.Equal(NtStatus.ObjectNameInvalid, (await _store.OpenAsync(new StorePath(path), StoreAccess.Metadata, default)).Status);
        Assert.Empty(_store.Keys);
    }

    [Fact]
    public async Task A_folder_that_only_keys_made_stays_when_it_is_emptied()
    {
        _store.PutOutside("a/b/c", 1);
        Assert.Equal(NtStatus.Success, await ((IFileStore)_store).DeleteAsync(new StorePath("A\\B\\C"), default));
        Assert.Equal(["b"], await NamesAsync(_store, "a"));
        Assert.Empty(await NamesAsync(_store, "a\\b"));
    }

    [Fact]
    public async Task A_name_that_is_a_file_and_a_folder_is_listed_once()
    {
        _store.PutOutside("x", 1);
        _store.PutOutside("x-ray", 1);
        _store.PutOutside("x.txt", 1);
        _store.PutOutside("x/below", 1);
        Assert.Equal(["x", "x-ray", "x.txt"], await NamesAsync(_store, ""));
    }

    [Fact]
    public async Task A_listing_passes_over_what_is_deep()
    {
        for (var i = 0; i < 20_000; i++)
        {
            _store.PutOutside($"{i % 4}/{i:D5}");
        }

        var before = _store.Listings;
        Assert.Equal(["0", "1", "2", "3"], await NamesAsync(_store, ""));
        Assert.InRange(_store.Listings - before, 1, 10);
    }

    [Theory]
    [InlineData("\uF028")]
    [InlineData("\U0010FFFF")]
    public async Task A_folder_of_names_that_sort_last_is_passed_all_the_same(string last)
    {
        var store = new MemoryObjectStore(new ObjectFileStoreOptions { PageSize = 4 });
        for (var i = 0; i < 30; i++)
        {
            store.PutOutside($"d/{last}{i}");
        }

        store.PutOutside("e");
        Assert.Equal(["d", "e"], await NamesAsync(store, ""));
        Assert.InRange(store.Listings, 1, 12);
    }

    [Fact]
    public async Task A_folder_with_too_many_keys_is_left_to_the_client_to_move()
    {
        var store = new MemoryObjectStore(new ObjectFileStoreOptions { MaxFolderRename = 10, PageSize = 4 });
        for (var i = 0; i < 11; i++)
        {
            store.PutOutside($"large/{i}");
            store.PutOutside($"small/{i % 5}/{i}", (byte)i);
        }

        var before = store.Keys.Append("large/");
        Assert.Equal(NtStatus.NotSameDevice, await store.RenameAsync(new("large"), new("other"), false, default));
        Assert.Equal(before.Except(["large/"]).Order(StringComparer.Ordinal), store.Keys);
    }

    [Fact]
    public async Task A_folder_whose_copy_fails_is_where_it_was()
    {
        _store.PutOutside("d/", []);
        _store.PutOutside("d/1", 1);
        _store.PutOutside("d/2", 2);
        _store.Puts = NtStatus.DiskFull;
        Assert.Equal(NtStatus.DiskFull, await _store.RenameAsync(new("d"), new("e"), false, default));
        Assert.Equal(["d/", "d/1", "d/2"], _store.Keys);
    }

    [Fact]
    public async Task In_a_folder_with_too_many_names_only_those_as_written_are_found()
    {
        var store = new MemoryObjectStore(new ObjectFileStoreOptions { MaxRememberedNames = 10 });
        for (var i = 0; i < 11; i++)
        {
            store.PutOutside($"large/Name {i}");
        }

        store.PutOutside("Small/Name");
        Assert.Equal(NtStatus.Success, (await store.OpenAsync(new("large\\Name 3"), StoreAccess.Metadata, default)).Status);
        Assert.Equal(NtStatus.ObjectNameNotFound, (await store.OpenAsync(new("large\\NAME 4"), StoreAccess.Metadata, default)).Status);
        Assert.Equal("Small\\Name", (await store.OpenAsync(new("SMALL\\NAME"), StoreAccess.Metadata, default)).Value.Path.Text);
    }

    [Fact]
    public async Task Deleting_a_file_reads_none_of_it_unless_somebody_may_read_on()
    {
        _store.PutOutside("f", 1, 2, 3);
        _store.PutOutside("g", 1, 2, 3);
        await using var metadata = await OpenAsync(_store, "f", StoreAccess.Metadata);
        await using var reader = await OpenAsync(_store, "g", StoreAccess.Read);
        Assert.Equal(NtStatus.Success, await ((IFileStore)_store).DeleteAsync(new StorePath("f"), default));
        Assert.Equal(0, _store.Reads);
        Assert.Equal(NtStatus.Success, await ((IFileStore)_store).DeleteAsync(new StorePath("g"), default));
        Assert.Equal([1, 2, 3], await ReadAsync(reader, 0, 3));
        Assert.Empty(_store.Keys);
    }

    [Fact]
    public async Task What_is_read_from_front_to_back_is_fetched_in_larger_pieces()
    {
        _store.PutOutside("f", new byte[4 << 20]);
        await using (var file = await OpenAsync(_store, "f", StoreAccess.Read))
        {
            for (var at = 0; at < 4 << 20; at += 64 << 10)
            {
                Assert.Equal(64 << 10, (await ReadAsync(file, at, 64 << 10)).Length);
            }

            Assert.InRange(_store.Reads, 4, 6);
        }

        Assert.True(_store.Place.Memory.TryTake(new ObjectFileStoreOptions().SpoolMemory));
    }

    /// <summary>Large arrays are collected rarely: a file that is read would leave as many behind as it is long.</summary>
    [Fact]
    public async Task Reading_from_front_to_back_takes_the_memory_of_a_window_and_not_of_the_file()
    {
        var data = new byte[16 << 20];
        new Random(5).NextBytes(data);
        _store.PutOutside("f", data);
        await using var file = await OpenAsync(_store, "f", StoreAccess.Read);
        var buffer = new byte[64 << 10];
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var at = 0; at < data.Length; at += buffer.Length)
        {
            var reading = file.ReadAsync(at, buffer, default);
            Assert.True(reading.IsCompletedSuccessfully); // so that the whole test stays on one thread
            var read = await reading;
            Assert.True(read.Value == buffer.Length && buffer.AsSpan().SequenceEqual(data.AsSpan(at, buffer.Length)));
        }

        Assert.InRange(_store.Reads, 16, 18);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    [Fact]
    public async Task Without_properties_times_are_those_of_the_store_and_numbers_those_of_the_key()
    {
        var store = new MemoryObjectStore(keepsProperties: false);
        var file = await CreateAsync(store, "f");
        var id = (await file.GetMetadataAsync(default)).Value.FileId;
        await file.DisposeAsync();
        await using var again = await OpenAsync(store, "F", StoreAccess.Metadata);
        var metadata = (await again.GetMetadataAsync(default)).Value;
        Assert.Equal(id, metadata.FileId);
        Assert.Equal(FileTime.From(DateTimeOffset.UnixEpoch), metadata.LastWriteTime);
        Assert.False(store.Traits.Has(StoreAbilities.DosAttributes));
    }

    private static async Task<IStoreFile> CreateAsync(ObjectFileStore store, string path) =>
        (await store.CreateAsync(new StorePath(path), default, default)).Value;

    private static async Task<IStoreFile> OpenAsync(ObjectFileStore store, string path, StoreAccess access) =>
        (await store.OpenAsync(new StorePath(path), access, default)).Value;

    private static async Task WriteAsync(IStoreFile file, long offset, params byte[] data) =>
        Assert.Equal(NtStatus.Success, await TryWriteAsync(file, offset, data));

    private static async Task<NtStatus> TryWriteAsync(IStoreFile file, long offset, byte[] data) =>
        await file.WriteAsync(offset, new ReadOnlySequence<byte>(data), default);

    private static async Task<NtStatus> CompleteAsync(IStoreFile file) => await Assert.IsAssignableFrom<IDeferredFile>(file).CompleteAsync(default);

    private static async Task<byte[]> ReadAsync(IStoreFile file, long offset, int count)
    {
        var buffer = new byte[count];
        var read = await file.ReadAsync(offset, buffer, default);
        Assert.Equal(NtStatus.Success, read.Status);
        return buffer[..read.Value];
    }

    private static async Task<List<string>> NamesAsync(ObjectFileStore store, string path)
    {
        await using var directory = await OpenAsync(store, path, StoreAccess.Read);
        await using var listing = (await directory.ListAsync(default)).Value;
        var names = new List<string>();
        var entries = new StoreEntry[7];
        while ((await listing.ReadAsync(entries, default)).Value is var read and > 0)
        {
            names.AddRange(entries[..read].Select(static entry => entry.Name));
        }

        return names;
    }
}
