using System.Security.Cryptography;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Layers.Encryption;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.Storage.Physical;
using Xunit;

namespace Smb3.Embedded.Tests.Storage.Layers;

/// <summary>What lies in the store below says nothing without the key, and whatever becomes of it there is told or read, and ends nothing.</summary>
public sealed class FileEncryptionTests
{
    private readonly MemoryFileStore _below = new();
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly IFileStore _store;

    public FileEncryptionTests() => _store = _below.WithEncryption(_key);

    [Fact]
    public async Task Nothing_of_the_data_is_on_the_disk_and_the_same_data_never_looks_the_same()
    {
        var folder = new TemporaryFolder();
        try
        {
            var secret = "nobody may read this"u8.ToArray();
            using var disk = new PhysicalFileStore(folder.Path);
            var store = disk.WithEncryption(_key);
            foreach (var name in new[] { "f", "g" })
            {
                await using var file = await store.NewFileAsync(name);
                Assert.Equal(NtStatus.Success, await file.WriteAsync(0, new(secret), default));
                Assert.Equal(NtStatus.Success, await file.WriteAsync(9000, new(secret), default));
                if (store.Traits.Has(StoreAbilities.NamedStreams))
                {
                    await using var stream = await file.NewStreamAsync("s");
                    Assert.Equal(NtStatus.Success, await stream.WriteAsync(5, new(secret), default));
                }
            }

            var files = Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories).Select(File.ReadAllBytes).ToArray();
            Assert.True(files.Length >= 2);
            Assert.All(files, file => Assert.Equal(-1, file.AsSpan().IndexOf(secret.AsSpan(0, 8))));
            var (one, other) = (File.ReadAllBytes(Path.Join(folder.Path, "f")), File.ReadAllBytes(Path.Join(folder.Path, "g")));
            Assert.NotEqual(one[4096..4112], other[4096..4112]);
            Assert.All(one[4128..12288], static value => Assert.Equal(0, value)); // a hole is one on the disk too
        }
        finally
        {
            folder.Delete();
        }
    }

    [Fact]
    public async Task Another_key_reads_nothing_and_says_so_and_a_former_one_is_read()
    {
        await _store.FileOfAsync("f", 100, 3);
        var next = RandomNumberGenerator.GetBytes(32);
        var without = _below.WithEncryption(next);
        Assert.Null(((IReportingStore)without).Problem);
        await using (var file = await without.OpenFileAsync("f"))
        {
            Assert.Equal(NtStatus.FileCorruptError, (await file.ReadAsync(0, new byte[100], default)).Status);
            Assert.Equal(NtStatus.FileCorruptError, await file.FillAsync(50, 1));
            Assert.Equal(NtStatus.FileCorruptError, await file.SetLengthAsync(10, default));
            Assert.Equal(NtStatus.FileCorruptError, await ((ISparseFile)file).ZeroAsync(0, 100, default));
            Assert.Equal(100, (await file.GetMetadataAsync(default)).Value.Length);
        }

        Assert.Contains("key", ((IReportingStore)without).Problem, StringComparison.Ordinal);
        var with = _below.WithEncryption(next, _key);
        await using (var file = await with.OpenFileAsync("f"))
        {
            Assert.Equal(NtStatus.Success, await file.FillAsync(0, 1, 9));
        }

        // It keeps its key until it is overwritten as a whole.
        byte[] all = [9, .. Enumerable.Repeat((byte)3, 99)];
        Assert.Equal(all, await with.ReadAllAsync("f"));
        Assert.Equal(all, await _store.ReadAllAsync("f"));
        await using (var file = await with.OpenFileAsync("f"))
        {
            Assert.Equal(NtStatus.Success, await file.SetLengthAsync(0, default));
            Assert.Equal(NtStatus.Success, await file.FillAsync(0, 20, 4));
        }

        Assert.Equal(Enumerable.Repeat((byte)4, 20), await _below.WithEncryption(next).ReadAllAsync("f"));
        Assert.Null(((IReportingStore)with).Problem);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(4095)]
    [InlineData(4096)]
    [InlineData(10_000)]
    public async Task A_file_that_was_there_before_is_not_taken_for_data_and_can_be_overwritten(int length)
    {
        await _below.FileOfAsync("f", length, (byte)'x');
        await using var file = await _store.OpenFileAsync("f");
        Assert.Equal(NtStatus.FileCorruptError, (await file.ReadAsync(0, new byte[100], default)).Status);
        Assert.Equal(NtStatus.FileCorruptError, await file.FillAsync(0, 1));
        Assert.NotNull(((IReportingStore)_store).Problem);
        Assert.Equal(Enumerable.Repeat((byte)'x', length), await _below.ReadAllAsync("f"));
        Assert.Equal(NtStatus.Success, await file.SetLengthAsync(0, default));
        Assert.Equal(NtStatus.Success, await file.FillAsync(0, 5, 2));
        Assert.Equal([2, 2, 2, 2, 2], await _store.ReadAllAsync("f"));
    }

    [Theory]
    [InlineData(0)] // the mark
    [InlineData(FileKeyring.KeyIdOffset)]
    [InlineData(FileKeyring.SaltOffset)]
    [InlineData(FileKeyring.CheckOffset)]
    public async Task A_changed_bit_of_a_header_is_told(int place)
    {
        await _store.FileOfAsync("f", 100);
        await FlipAsync("f", place);
        await using var file = await _store.OpenFileAsync("f");
        Assert.Equal(NtStatus.FileCorruptError, (await file.ReadAsync(0, new byte[100], default)).Status);
    }

    [Fact]
    public async Task A_changed_bit_of_the_data_garbles_its_block_and_nothing_else()
    {
        await _store.FileOfAsync("f", 100);
        await FlipAsync("f", EncryptedLayout.HeaderLength + 40);
        await FlipAsync("f", EncryptedLayout.HeaderLength + 112 + 2); // what says how long it is only by its number
        var read = await _store.ReadAllAsync("f");
        Assert.Equal(100, read.Length);
        Assert.All(read[..32], static value => Assert.Equal(1, value));
        Assert.NotEqual(Enumerable.Repeat((byte)1, 16), read[32..48]);
        Assert.All(read[48..], static value => Assert.Equal(1, value));
    }

    /// <summary>As a crash may leave it: the file is one with less data, or none, and goes on.</summary>
    [Fact]
    public async Task A_file_that_is_cut_anywhere_is_read_as_far_as_it_goes()
    {
        const int Length = 75;
        await _store.FileOfAsync("f", Length);
        var whole = await _below.ReadAllAsync("f");
        for (var cut = 0; cut < whole.Length; cut += cut is > 80 and < 4060 ? 101 : 1)
        {
            await PutAsync(whole[..cut]);
            var store = _below.WithEncryption(_key);
            await using var file = await store.OpenFileAsync("f");
            var told = (int)(await file.GetMetadataAsync(default)).Value.Length;
            Assert.InRange(told, 0, Math.Max(0, cut - EncryptedLayout.HeaderLength));
            var read = new byte[200];
            Assert.Equal(told, (await file.ReadAsync(0, read, default)).Value);

            // What is behind the cut is gone, and with it the fill that said how much of the last block there was.
            Assert.All(read[..told], static (value, i) => Assert.InRange(value, i < Length ? 1 : 0, i < Length ? 1 : 0));
            Assert.Equal(NtStatus.Success, await file.FillAsync(told, 20, 8));
            Assert.Equal(told + 20, (await file.ReadAsync(0, read, default)).Value);
            Assert.All(read[told..(told + 20)], static value => Assert.Equal(8, value));
        }
    }

    [Fact]
    public async Task A_write_of_which_only_a_part_arrived_leaves_old_and_new_blocks()
    {
        await _store.FileOfAsync("f", 4096);
        var old = await _below.ReadAllAsync("f");
        await using (var file = await _store.OpenFileAsync("f"))
        {
            Assert.Equal(NtStatus.Success, await file.FillAsync(3, 4000, 2));
        }

        var changed = await _below.ReadAllAsync("f");
        for (var torn = EncryptedLayout.HeaderLength; torn < old.Length; torn += 512)
        {
            await PutAsync([.. changed[..torn], .. old[torn..]]);
            Assert.All(await _below.WithEncryption(_key).ReadAllAsync("f"), static value => Assert.InRange(value, 1, 2));
        }
    }

    [Fact]
    public async Task Holes_stay_holes_and_a_part_of_one_can_be_written()
    {
        var folder = new TemporaryFolder();
        try
        {
            using var disk = new PhysicalFileStore(folder.Path);
            var store = disk.WithEncryption(_key);
            await using var file = await store.NewFileAsync("f");
            Assert.Equal(NtStatus.Success, await file.SetLengthAsync(1L << 40, default));
            Assert.Equal(NtStatus.Success, await file.FillAsync((1L << 39) + 5, 3, 7));
            var read = new byte[32];
            Assert.Equal(32, (await file.ReadAsync(1L << 39, read, default)).Value);
            Assert.Equal([0, 0, 0, 0, 0, 7, 7, 7, .. new byte[24]], read);
            Assert.Equal(32, (await file.ReadAsync((1L << 40) - 32, read, default)).Value);
            Assert.Equal(new byte[32], read);
            Assert.InRange((await file.GetMetadataAsync(default)).Value.AllocationSize, 0, 1 << 20);
        }
        finally
        {
            folder.Delete();
        }
    }

    [Fact]
    public async Task What_cannot_be_is_not_offered()
    {
        Assert.Equal((StoreAbilities)0, _store.Traits.Abilities & (StoreAbilities.BlockCloning | StoreAbilities.Compression));
        await _store.FileOfAsync("f", 8192);
        await using var source = await _store.OpenFileAsync("f");
        await using var target = await _store.NewFileAsync("g");
        Assert.Equal(NtStatus.NotSupported, await ((ICopyTarget)target).CopyFromAsync(source, 0, 0, 4096, default));
        Assert.Equal(NtStatus.InvalidDeviceRequest, await ((ICloneTarget)target).CloneFromAsync(source, 0, 0, 4096, default));
        Assert.Equal(NtStatus.InvalidDeviceRequest, await ((ICompressibleFile)target).SetCompressedAsync(true, default));
    }

    [Fact]
    public async Task Versions_below_and_above_are_read()
    {
        foreach (var store in new[] { new MemoryFileStore().WithVersions().WithEncryption(_key), new MemoryFileStore().WithEncryption(_key).WithVersions() })
        {
            await store.FileOfAsync("f", 100);
            await using (var file = await store.OpenFileAsync("f"))
            {
                Assert.Equal(NtStatus.Success, await file.FillAsync(0, 100, 2));
            }

            Assert.Null((store as IReportingStore)?.Problem);
            await ((IAsyncDisposable)store).DisposeAsync();
        }
    }

    [Fact]
    public void What_is_wrong_with_keys_and_layers_is_told()
    {
        Assert.Throws<ArgumentException>(() => _below.WithEncryption(new byte[16]));
        Assert.Throws<ArgumentException>(() => _below.WithEncryption(_key, new byte[33]));
        IFileStore objects = new MemoryObjectStore();
        Assert.IsType<EncryptedObjectStore>(objects.WithEncryption(_key));
        Assert.Contains("objects.WithEncryption", Assert.Throws<ArgumentException>(() => objects.WithQuota(1000).WithEncryption(_key)).Message, StringComparison.Ordinal);
    }

    private async Task FlipAsync(string path, int place)
    {
        var changed = await _below.ReadAllAsync(path);
        changed[place] ^= 1;
        await PutAsync(changed);
    }

    private async Task PutAsync(byte[] outer)
    {
        await using var file = await _below.OpenFileAsync("f");
        Assert.Equal(NtStatus.Success, await file.SetLengthAsync(outer.Length, default));
        Assert.Equal(NtStatus.Success, await file.WriteAsync(0, new(outer), default));
    }
}
