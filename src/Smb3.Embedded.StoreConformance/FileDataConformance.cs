using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Xunit;

namespace Smb3.Embedded.StoreConformance;

/// <summary>What <see cref="IStoreFile"/> promises of the data of a file, as tests: a part of <see cref="FileStoreConformance"/>.</summary>
public abstract class FileDataConformance : IAsyncLifetime
{
    /// <summary>The store under test.</summary>
    protected IFileStore Store { get; private set; } = null!;

    /// <summary>Makes an empty store that can be written.</summary>
    protected abstract ValueTask<IFileStore> CreateStoreAsync();

    /// <inheritdoc/>
    public virtual async LifetimeTask InitializeAsync() => Store = await CreateStoreAsync();

    /// <inheritdoc/>
    public virtual async LifetimeTask DisposeAsync()
    {
        if (Store is IAsyncDisposable later)
        {
            await later.DisposeAsync();
        }
        else
        {
            (Store as IDisposable)?.Dispose();
        }
    }
#pragma warning disable CS1591 // the names of the tests say what is promised

    [Fact]
    public async Task A_gap_reads_as_zeros()
    {
        await using var file = await Store.CreateAsync("file");
        await file.PutAsync(200_000, 9);
        Assert.Equal(200_001, (await file.DescribeAsync()).Length);
        var all = await file.GetAsync();
        Assert.Equal(200_001, all.Length);
        Assert.Equal(9, all[^1]);
        Assert.DoesNotContain(all[..^1], static value => value != 0);
    }

    [Fact]
    public async Task A_read_fills_the_buffer_unless_the_file_ends_before()
    {
        await using var file = await Store.CreateAsync("file");
        var data = Pattern(1_000_000);
        await file.PutAsync(0, data);
        Assert.Equal(data[5..900_005], await file.GetAsync(5, 900_000));
        Assert.Equal(data[999_990..], await file.GetAsync(999_990, 100));
        Assert.Empty(await file.GetAsync(1_000_000, 10));
        Assert.Empty(await file.GetAsync(5_000_000, 10));
        Assert.Empty(await file.GetAsync(long.MaxValue - 1, 1));
        Assert.Empty(await file.GetAsync(0, 0));
    }

    [Fact]
    public async Task A_write_of_many_segments_is_one_write()
    {
        await using var file = await Store.CreateAsync("file");
        var data = Pattern(700_000);
        var sizes = new[] { 1, 0, 65_536, 3, 131_072, 300_000, 203_388 };
        Segment? first = null;
        Segment? last = null;
        var at = 0;
        foreach (var size in sizes)
        {
            last = new Segment(data.AsMemory(at, size), last);
            first ??= last;
            at += size;
        }

        var sequence = new ReadOnlySequence<byte>(first!, 0, last!, last!.Memory.Length);
        Assert.Equal(NtStatus.Success, await file.WriteAsync(10, sequence, CancellationToken.None));
        Assert.Equal(data, await file.GetAsync(10));
    }

    [Fact]
    public async Task Writing_inside_a_file_changes_only_that()
    {
        await using var file = await Store.CreateAsync("file");
        var data = Pattern(300_000);
        await file.PutAsync(0, data);
        await file.PutAsync(65_530, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
        new byte[] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 }.CopyTo(data, 65_530);
        Assert.Equal(data, await file.GetAsync());
    }

    [Fact]
    public async Task An_empty_write_does_nothing()
    {
        await using var file = await Store.CreateAsync("file");
        Assert.Equal(NtStatus.Success, await file.WriteAsync(100, default, CancellationToken.None));
        Assert.Equal(0, (await file.DescribeAsync()).Length);
    }

    [Fact]
    public async Task What_is_longer_than_a_file_can_be_is_refused()
    {
        await using var file = await Store.CreateAsync("file");
        var max = Store.Traits.MaxFileLength;
        Assert.Equal(
            NtStatus.FileTooLarge, await file.WriteAsync(max, new ReadOnlySequence<byte>(new byte[1]), CancellationToken.None));
        if (max < long.MaxValue)
        {
            Assert.Equal(NtStatus.FileTooLarge, await file.SetLengthAsync(max + 1, CancellationToken.None));
        }

        Assert.Equal(0, (await file.DescribeAsync()).Length);
    }

    [Fact]
    public async Task The_end_of_file_cuts_and_extends_by_zeros()
    {
        await using var file = await Store.CreateAsync("file");
        await file.PutAsync(0, Pattern(100_000));
        Assert.Equal(NtStatus.Success, await file.SetLengthAsync(70_001, CancellationToken.None));
        Assert.Equal(Pattern(100_000)[..70_001], await file.GetAsync());
        Assert.Equal(NtStatus.Success, await file.SetLengthAsync(200_000, CancellationToken.None));
        var all = await file.GetAsync();
        Assert.Equal(200_000, all.Length);
        Assert.Equal(Pattern(100_000)[..70_001], all[..70_001]);
        Assert.DoesNotContain(all[70_001..], static value => value != 0);
        Assert.Equal(NtStatus.Success, await file.SetLengthAsync(0, CancellationToken.None));
        Assert.Empty(await file.GetAsync());
    }

    [Fact]
    public async Task Setting_space_aside_never_changes_the_length()
    {
        await using var file = await Store.CreateAsync("file", new NewFile { AllocationSize = 65_536 });
        Assert.Equal(0, (await file.DescribeAsync()).Length);
        await file.PutAsync(0, 1, 2, 3);
        Assert.Equal(NtStatus.Success, await file.AllocateAsync(1_000_000, CancellationToken.None));
        Assert.Equal(NtStatus.Success, await file.AllocateAsync(1, CancellationToken.None));
        Assert.Equal([1, 2, 3], await file.GetAsync());
    }

    [Fact]
    public async Task A_hole_takes_no_space_where_files_are_sparse()
    {
        await using var file = await Store.CreateAsync("file");
        var length = await LongLengthAsync();
        Assert.Equal(NtStatus.Success, await file.SetLengthAsync(length, CancellationToken.None));
        await file.PutAsync(length - 1, 1);
        var metadata = await file.DescribeAsync();
        Assert.Equal(length, metadata.Length);
        if (Store.Traits.Has(StoreAbilities.SparseFiles))
        {
            Assert.InRange(metadata.AllocationSize, 0, 1 << 20);
        }
    }

    [Fact]
    public async Task A_flush_succeeds_for_a_file()
    {
        await using var file = await Store.CreateAsync("file");
        await file.PutAsync(0, 1, 2, 3);
        Assert.Equal(NtStatus.Success, await file.FlushAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Two_handles_see_one_file()
    {
        await using var one = await Store.CreateAsync("file");
        await using var two = await Store.OpenAsync("file", StoreAccess.ReadWrite);
        await one.PutAsync(0, 1, 2, 3);
        await two.PutAsync(3, 4);
        Assert.Equal([1, 2, 3, 4], await one.GetAsync());
        Assert.Equal((await one.DescribeAsync()).FileId, (await two.DescribeAsync()).FileId);
        Assert.Equal(4, (await one.DescribeAsync()).Length);
    }

    [Fact]
    public async Task Many_write_one_file_side_by_side()
    {
        await using var file = await Store.CreateAsync("file");
        await Task.WhenAll(Enumerable.Range(0, 32).Select(number => Task.Run(async () =>
        {
            var part = new byte[50_000];
            part.AsSpan().Fill((byte)(number + 1));
            await file.PutAsync(number * 50_000, part);
        })));
        var all = await file.GetAsync(0, 2_000_000);
        Assert.Equal(1_600_000, all.Length);
        for (var i = 0; i < all.Length; i += 997)
        {
            Assert.Equal((byte)((i / 50_000) + 1), all[i]);
        }
    }

#pragma warning restore CS1591

    /// <summary>4 GiB; less where the store says that it has no files as long as that, or no room for what may take space.</summary>
    private async Task<long> LongLengthAsync()
    {
        var volume = await Store.GetVolumeAsync(CancellationToken.None);
        Assert.Equal(NtStatus.Success, volume.Status);
        var room = Store.Traits.Has(StoreAbilities.SparseFiles) ? volume.Value.TotalBytes : volume.Value.AvailableBytes / 2;
        var length = Math.Min(1L << 32, Store.Traits.MaxFileLength);
        return room > 0 ? Math.Min(length, room) : length; // 0: a store that does not know
    }

    private protected static byte[] Pattern(int length) => StorePromises.Pattern(length);

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? previous)
        {
            Memory = memory;
            if (previous is null)
            {
                return;
            }

            RunningIndex = previous.RunningIndex + previous.Memory.Length;
            previous.Next = this;
        }
    }
}
