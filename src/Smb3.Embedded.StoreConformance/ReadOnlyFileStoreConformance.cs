using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Xunit;

namespace Smb3.Embedded.StoreConformance;

/// <summary>
/// The promises of <see cref="IFileStore"/> that a read-only store has to keep. Derive a class that makes a store of given files.
/// </summary>
public abstract class ReadOnlyFileStoreConformance : IAsyncLifetime
{
    private static readonly byte[] Large = MakeLarge();

    /// <summary>The store under test.</summary>
    protected IFileStore Store { get; private set; } = null!;

    /// <summary>Makes a store that holds these files (paths such as <c>Dir\File.txt</c>), and the directories that they need.</summary>
    protected abstract ValueTask<IFileStore> CreateStoreAsync(IReadOnlyDictionary<string, byte[]> files);

    /// <inheritdoc/>
    public virtual async LifetimeTask InitializeAsync() => Store = await CreateStoreAsync(new Dictionary<string, byte[]>
    {
        ["Readme.txt"] = [1, 2, 3],
        ["Empty"] = [],
        ["Dir\\Sub\\Large.bin"] = Large,
    });

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
    public void It_says_that_it_is_read_only() => Assert.True(Store.Traits.Has(StoreAbilities.ReadOnly));

    [Fact]
    public async Task Everything_is_listed_once_with_what_a_handle_knows()
    {
        var entries = await Store.ListAsync(batch: 2);
        Assert.Equal(["Dir", "Empty", "Readme.txt"], entries.Select(static entry => entry.Name).Order(StringComparer.Ordinal));
        foreach (var entry in entries)
        {
            var known = await Store.DescribeAsync(entry.Name);
            Assert.Equal(known.FileId, entry.Metadata.FileId);
            Assert.Equal(known.Length, entry.Metadata.Length);
            Assert.Equal(known.IsDirectory, entry.Metadata.IsDirectory);
        }

        Assert.Equal(entries.Count, entries.Select(static entry => entry.Metadata.FileId).Distinct().Count());
        Assert.Equal("Large.bin", Assert.Single(await Store.ListAsync("Dir\\Sub")).Name);
    }

    [Fact]
    public async Task Data_is_read_forward_and_back()
    {
        Assert.Equal([1, 2, 3], await Store.GetAsync("Readme.txt"));
        Assert.Empty(await Store.GetAsync("Empty"));
        await using var file = await Store.OpenAsync("Dir\\Sub\\Large.bin");
        Assert.Equal(Large.Length, (await file.DescribeAsync()).Length);
        Assert.Equal(Large, await file.GetAsync());
        Assert.Equal(Large[100_000..150_000], await file.GetAsync(100_000, 50_000));
        Assert.Equal(Large[10..20], await file.GetAsync(10, 10));
        Assert.Equal(Large[^5..], await file.GetAsync(Large.Length - 5, 100));
        Assert.Empty(await file.GetAsync(Large.Length, 10));
        Assert.Empty(await file.GetAsync(long.MaxValue - 1, 1));
        Assert.Equal(Large[..10], await file.GetAsync(0, 10));
    }

    [Fact]
    public async Task Many_read_one_handle_side_by_side()
    {
        await using var file = await Store.OpenAsync("Dir\\Sub\\Large.bin");
        await Task.WhenAll(Enumerable.Range(0, 16).Select(number => Task.Run(async () =>
            Assert.Equal(Large[(number * 10_000)..((number * 10_000) + 9_000)], await file.GetAsync(number * 10_000, 9_000)))));
    }

    [Fact]
    public async Task Names_are_found_in_any_case_unless_case_matters()
    {
        if (Store.Traits.Has(StoreAbilities.CaseSensitive))
        {
            Assert.Equal(NtStatus.ObjectNameNotFound, await Store.TryOpenAsync("README.TXT"));
            return;
        }

        await using var file = await Store.OpenAsync("dIR\\sUB\\lARGE.bin");
        Assert.Equal("Dir\\Sub\\Large.bin", file.Path.Text);
        Assert.Equal(Large[..10], await file.GetAsync(0, 10));
        Assert.Equal((await Store.DescribeAsync("Dir\\Sub\\Large.bin")).FileId, (await file.DescribeAsync()).FileId);
    }

    [Fact]
    public async Task What_is_missing_is_told_apart()
    {
        Assert.Equal(NtStatus.ObjectNameNotFound, await Store.TryOpenAsync("none"));
        Assert.Equal(NtStatus.ObjectNameNotFound, await Store.TryOpenAsync("Dir\\none"));
        Assert.Equal(NtStatus.ObjectPathNotFound, await Store.TryOpenAsync("none\\file"));
        Assert.Equal(NtStatus.ObjectPathNotFound, await Store.TryOpenAsync("Readme.txt\\file"));
    }

    [Fact]
    public async Task Every_change_is_refused()
    {
        Assert.Equal(NtStatus.MediaWriteProtected, await Store.TryCreateAsync("new"));
        Assert.Equal(NtStatus.MediaWriteProtected, await Store.RenameAsync("Readme.txt", "other"));
        Assert.Equal(NtStatus.MediaWriteProtected, await Store.LinkAsync("Readme.txt", "other"));
        Assert.Equal(NtStatus.MediaWriteProtected, await Store.DeleteAsync("Readme.txt"));
        Assert.Equal(NtStatus.MediaWriteProtected, await Store.TryOpenAsync("Readme.txt", StoreAccess.ReadWrite));
        await using var file = await Store.OpenAsync("Readme.txt");
        Assert.NotEqual(NtStatus.Success, await file.WriteAsync(0, new ReadOnlySequence<byte>(new byte[1]), CancellationToken.None));
        Assert.NotEqual(NtStatus.Success, await file.SetLengthAsync(0, CancellationToken.None));
        Assert.Equal([1, 2, 3], await file.GetAsync());
    }

    [Fact]
    public async Task The_root_is_a_directory()
    {
        await using var root = await Store.OpenAsync("", StoreAccess.Metadata);
        Assert.True((await root.DescribeAsync()).IsDirectory);
        Assert.True((await Store.GetVolumeAsync(CancellationToken.None)).Succeeded);
    }

#pragma warning restore CS1591

    private static byte[] MakeLarge()
    {
        var data = new byte[200_000];
        for (var i = 0; i < data.Length; i++)
        {
            data[i] = (byte)((i * 31) ^ (i >> 8));
        }

        return data;
    }
}
