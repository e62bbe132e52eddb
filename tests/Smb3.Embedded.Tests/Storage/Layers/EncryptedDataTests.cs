using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Layers.Encryption;
using Smb3.Embedded.Storage.Memory;
using Xunit;

namespace Smb3.Embedded.Tests.Storage.Layers;

/// <summary>What is read through the encryption is what was written, at any place and of any length, whoever else writes.</summary>
public sealed class EncryptedDataTests
{
    private readonly MemoryFileStore _below = new();
    private readonly byte[] _key = new byte[32];
    private readonly IFileStore _store;

    public EncryptedDataTests() => _store = _below.WithEncryption(_key);

    [Fact]
    public void Every_length_below_is_that_of_some_data_and_every_data_has_one()
    {
        var lengths = new HashSet<long>();
        for (var length = 0L; length < 10_000; length++)
        {
            var outer = EncryptedLayout.OuterLengthOf(length);
            Assert.Equal(length, EncryptedLayout.LengthOf(outer));
            Assert.True(lengths.Add(outer));
            Assert.True(outer == 0 || outer >= EncryptedLayout.HeaderLength + EncryptedLayout.Ceiling(length));
        }

        for (var outer = 0L; outer < 10_000; outer++)
        {
            Assert.InRange(EncryptedLayout.LengthOf(outer), 0, outer);
        }
    }

    [Fact]
    public async Task Data_of_every_length_comes_back_and_is_listed_with_it()
    {
        await using var folder = await _store.OpenFileAsync(string.Empty, StoreAccess.Read);
        for (var length = 0; length <= 4100; length += length is < 36 or > 4078 ? 1 : 131)
        {
            var data = Bytes(length, length);
            await using (var file = await _store.NewFileAsync("f"))
            {
                Assert.Equal(NtStatus.Success, await file.WriteAsync(0, new(data), default));
                Assert.Equal(length, (await file.GetMetadataAsync(default)).Value.Length);
            }

            Assert.Equal(data, await _store.ReadAllAsync("f"));
            await using (var listing = (await folder.ListAsync(default)).Value)
            {
                var entries = new StoreEntry[1];
                Assert.Equal(1, (await listing.ReadAsync(entries, default)).Value);
                Assert.Equal(length, entries[0].Metadata.Length);
            }

            Assert.Equal(NtStatus.Success, await _store.RemoveAsync("f"));
        }
    }

    [Fact]
    public async Task Appends_byte_by_byte_and_by_others_are_kept()
    {
        await using var one = await _store.NewFileAsync("f");
        await using var other = await _store.OpenFileAsync("f");
        var data = Bytes(200, 1);
        for (var i = 0; i < data.Length; i++)
        {
            Assert.Equal(NtStatus.Success, await (i % 3 == 0 ? one : other).WriteAsync(i, new(data, i, 1), default));
            var read = new byte[300];
            Assert.Equal(i + 1, (await (i % 2 == 0 ? one : other).ReadAsync(0, read, default)).Value);
            Assert.True(read.AsSpan(0, i + 1).SequenceEqual(data.AsSpan(0, i + 1)), $"{i}");
        }
    }

    /// <summary>Three handles, and an array that the same is done to.</summary>
    [Theory]
    [InlineData(1, 100)]
    [InlineData(2, 9_000)]
    [InlineData(3, 9_000)]
    [InlineData(4, 600_000)]
    public async Task Whatever_is_done_the_data_is_as_that_of_a_plain_file(int seed, int size)
    {
        var random = new Random(seed);
        var model = Array.Empty<byte>();
        await using var first = await _store.NewFileAsync("f");
        await using var second = await _store.OpenFileAsync("f");
        await using var third = await _store.OpenFileAsync("f");
        IStoreFile[] handles = [first, second, third];
        for (var step = 0; step < (size > 100_000 ? 60 : 400); step++)
        {
            var file = handles[random.Next(3)];
            var offset = random.Next(4) == 0 ? model.Length : random.Next(size);
            var length = random.Next(3) == 0 ? random.Next(1, 40) : random.Next(1, size);
            (offset, length) = random.Next(3) == 0 ? (offset & ~15, (length + 15) & ~15) : (offset, length);
            switch (random.Next(8))
            {
                case 0:
                    length = random.Next(10) == 0 ? 0 : random.Next(2) == 0 ? length : Math.Min(length, model.Length);
                    Assert.Equal(NtStatus.Success, await file.SetLengthAsync(length, default));
                    Array.Resize(ref model, length);
                    break;
                case 1 when offset < model.Length:
                    length = Math.Min(length, model.Length - offset);
                    Assert.Equal(NtStatus.Success, await ((ISparseFile)file).ZeroAsync(offset, length, default));
                    model.AsSpan(offset, length).Clear();
                    break;
                case < 5:
                    var data = Bytes(length, step);
                    Assert.Equal(NtStatus.Success, await file.WriteAsync(offset, Segments(data, random), default));
                    Array.Resize(ref model, Math.Max(model.Length, offset + length));
                    data.CopyTo(model, offset);
                    break;
                default:
                    var read = new byte[length];
                    var count = (await file.ReadAsync(offset, read, default)).Value;
                    Assert.Equal(Math.Clamp(model.Length - offset, 0, length), count);
                    Assert.True(read.AsSpan(0, count).SequenceEqual(model.AsSpan(Math.Min(offset, model.Length), count)), $"step {step}: {offset}+{count}");
                    break;
            }

            Assert.Equal(model.Length, (await handles[random.Next(3)].GetMetadataAsync(default)).Value.Length);
        }

        Assert.Equal(model, await _store.ReadAllAsync("f"));
        Assert.Equal(model, await _below.WithEncryption(_key).ReadAllAsync("f"));
    }

    [Fact]
    public async Task What_is_cut_off_does_not_come_back()
    {
        await _store.FileOfAsync("f", 100, 7);
        await using var file = await _store.OpenFileAsync("f");
        for (var length = 99; length > 0; length -= 7)
        {
            Assert.Equal(NtStatus.Success, await file.SetLengthAsync(length, default));
            Assert.Equal(NtStatus.Success, await file.SetLengthAsync(100, default));
            var all = await _store.ReadAllAsync("f");
            Assert.All(all[..length], static value => Assert.Equal(7, value));
            Assert.All(all[length..], static value => Assert.Equal(0, value));
        }
    }

    /// <summary>Each has every fourth byte, through a handle of its own, on a store that takes its time.</summary>
    [Fact]
    public async Task Writers_of_neighbouring_bytes_lose_nothing_of_each_other()
    {
        const int Writers = 4, Length = 400;
        var slow = new SlowStore(_below);
        var store = slow.WithEncryption(_key);
        await (await store.NewFileAsync("f")).DisposeAsync();
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            await using var file = await store.OpenFileAsync("f");
            for (var i = writer; i < Length; i += Writers)
            {
                Assert.Equal(NtStatus.Success, await file.WriteAsync(i, new(new[] { (byte)(i + 1) }), default));
                var read = new byte[1];
                Assert.Equal(1, (await file.ReadAsync(i, read, default)).Value);
                Assert.Equal((byte)(i + 1), read[0]);
            }
        })));
        Assert.Equal(Enumerable.Range(0, Length).Select(static i => (byte)(i + 1)), await store.ReadAllAsync("f"));
    }

    [Fact]
    public async Task Reads_beside_writes_find_old_or_new_blocks()
    {
        var store = new SlowStore(_below).WithEncryption(_key);
        await store.FileOfAsync("f", 8192, 1);
        using var end = new CancellationTokenSource();
        var writing = Task.Run(async () =>
        {
            await using var file = await store.OpenFileAsync("f");
            for (byte value = 1; !end.IsCancellationRequested; value = (byte)(3 - value))
            {
                Assert.Equal(NtStatus.Success, await file.FillAsync(8, 8000, value));
            }
        });
        await using (var file = await store.OpenFileAsync("f", StoreAccess.Read))
        {
            for (var i = 0; i < 20; i++)
            {
                var read = new byte[8192];
                Assert.Equal(8192, (await file.ReadAsync(0, read, default)).Value);
                Assert.All(read, static value => Assert.InRange(value, 1, 2));
            }
        }

        await end.CancelAsync();
        await writing;
    }

    [Fact]
    public async Task Streams_are_encrypted_and_may_become_the_data()
    {
        await using var file = await _store.NewFileAsync("f");
        await using var before = await _store.OpenFileAsync("f");
        Assert.Equal(0, (await before.ReadAsync(0, new byte[10], default)).Value);
        await using (var stream = await file.NewStreamAsync("s"))
        {
            Assert.Equal(NtStatus.Success, await stream.FillAsync(0, 33, 5));
            Assert.Equal(33, (await stream.GetMetadataAsync(default)).Value.Length);
        }

        var listed = Assert.Single((await ((IStreamedFile)file).ListStreamsAsync(default)).Value);
        Assert.Equal(33, listed.Length);
        Assert.Equal(NtStatus.Success, await ((IStreamedFile)file).RenameStreamAsync("s", string.Empty, replace: false, default));
        var read = new byte[64];
        Assert.Equal(33, (await before.ReadAsync(0, read, default)).Value);
        Assert.All(read[..33], static value => Assert.Equal(5, value));

        // And back, where the file begins anew with another header.
        Assert.Equal(NtStatus.Success, (await ((IUnnamedStreamFile)file).RenameUnnamedStreamAsync("t", false, 0, default)).Status);
        Assert.Equal(0, (await before.ReadAsync(0, read, default)).Value);
        Assert.Equal(NtStatus.Success, await file.FillAsync(0, 10, 6));
        Assert.Equal(10, (await before.ReadAsync(0, read, default)).Value);
        Assert.All(read[..10], static value => Assert.Equal(6, value));
    }

    [Fact]
    public async Task A_file_without_data_takes_up_nothing_and_one_that_is_emptied_neither()
    {
        await using var file = await _store.NewFileAsync("f");
        Assert.Equal(0, await BelowAsync());
        Assert.Equal(NtStatus.Success, await file.FillAsync(0, 1));
        Assert.Equal(EncryptedLayout.HeaderLength + 17, await BelowAsync());
        Assert.Equal(NtStatus.Success, await file.SetLengthAsync(0, default));
        Assert.Equal(0, await BelowAsync());

        async Task<long> BelowAsync()
        {
            await using var below = await _below.OpenFileAsync("f", StoreAccess.Metadata);
            return (await below.GetMetadataAsync(default)).Value.Length;
        }
    }

    [Fact]
    public async Task What_is_too_long_is_refused()
    {
        await using var file = await _store.NewFileAsync("f");
        var most = _store.Traits.MaxFileLength;
        Assert.InRange(EncryptedLayout.OuterLengthOf(most), 0, _below.Traits.MaxFileLength);
        Assert.Equal(NtStatus.FileTooLarge, await file.FillAsync(most, 1));
        Assert.Equal(NtStatus.FileTooLarge, await file.FillAsync(long.MaxValue, 1));
        Assert.Equal(NtStatus.FileTooLarge, await file.SetLengthAsync(most + 1, default));
        Assert.Equal(NtStatus.Success, await file.SetLengthAsync(most, default));
        Assert.Equal(NtStatus.Success, await file.FillAsync(most - 3, 3, 9));
        var read = new byte[100];
        Assert.Equal(3, (await file.ReadAsync(most - 3, read, default)).Value);
        Assert.Equal(0, (await file.ReadAsync(most, read, default)).Value);
        Assert.Equal([9, 9, 9], read[..3]);
    }

    [Fact]
    public async Task Reading_and_writing_allocate_nothing()
    {
        await _store.FileOfAsync("f", 1 << 17);
        await using var file = await _store.OpenFileAsync("f");
        await using var plain = await _below.NewFileAsync("g");
        await plain.FillAsync(0, 1 << 17);
        var buffer = new byte[1 << 16];
        var data = new ReadOnlySequence<byte>(buffer);
        var plainly = await MeasureAsync(plain);
        Assert.Equal(plainly, await MeasureAsync(file));

        async Task<long> MeasureAsync(IStoreFile handle)
        {
            var least = long.MaxValue;
            for (var i = 0; i < 5; i++)
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                await handle.ReadAsync(1 << 16, buffer, default);
                await handle.WriteAsync(1 << 16, data, default);
                await handle.ReadAsync(100, buffer.AsMemory(0, 1000), default);
                least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            }

            return least;
        }
    }

    private static byte[] Bytes(int length, int seed)
    {
        var data = new byte[length];
        new Random(seed).NextBytes(data);
        return data;
    }

    /// <summary>The same bytes, perhaps in two pieces.</summary>
    private static ReadOnlySequence<byte> Segments(byte[] data, Random random)
    {
        var cut = random.Next(data.Length);
        if (random.Next(2) == 0 || cut == 0)
        {
            return new(data);
        }

        var last = new Segment(data.AsMemory(cut), cut);
        return new(new Segment(data.AsMemory(0, cut), 0) { Following = last }, 0, last, data.Length - cut);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long index) => (Memory, RunningIndex) = (memory, index);

        public Segment Following
        {
            init => Next = value;
        }
    }
}
