using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Xunit;

namespace Smb3.Embedded.StoreConformance;

/// <summary>
/// The promises of <see cref="ISparseFile"/>. Derive a class beside that of <see cref="FileStoreConformance"/> for a store with
/// <see cref="StoreAbilities.SparseFiles"/>.
/// </summary>
public abstract class SparsePromises : StorePromises
{
    /// <inheritdoc/>
    protected override StoreAbilities Ability => StoreAbilities.SparseFiles;

#pragma warning disable CS1591 // the names of the tests say what is promised

    [Fact]
    public async Task Sparse_data_gives_back_the_space_of_what_is_zeroed_and_tells_where_the_rest_is()
    {
        const int Half = 1 << 18;
        await using var file = await Store.CreateAsync("file");
        var sparse = Assert.IsAssignableFrom<ISparseFile>(file);
        var data = new byte[2 * Half];
        data.AsSpan().Fill(1);
        await file.PutAsync(0, data);
        Assert.Equal(NtStatus.Success, await sparse.SetSparseAsync(true, CancellationToken.None));
        Assert.NotEqual((FileAttributes)0, (await file.DescribeAsync()).Attributes & FileAttributes.SparseFile);
        Assert.Equal(NtStatus.Success, await sparse.ZeroAsync(0, Half, CancellationToken.None));
        data.AsSpan(0, Half).Clear();
        Assert.Equal(data, await file.GetAsync());
        var found = await sparse.FindAllocatedAsync(0, CancellationToken.None);
        Assert.Equal(Half, found.Value.Offset);
        Assert.InRange(found.Value.Length, 1, Half);
        Assert.Equal(0, (await sparse.FindAllocatedAsync(2 * Half, CancellationToken.None)).Value.Length);
        Assert.Equal(2 * Half, (await file.DescribeAsync()).Length);
    }

    [Fact]
    public async Task Zeroing_ordinary_data_zeroes_exactly_the_range()
    {
        await using var file = await Store.CreateAsync("file");
        await file.PutAsync(0, 1, 2, 3, 4, 5);
        Assert.Equal(NtStatus.Success, await Assert.IsAssignableFrom<ISparseFile>(file).ZeroAsync(1, 2, CancellationToken.None));
        Assert.Equal([1, 0, 0, 4, 5], await file.GetAsync());
    }

    [Fact]
    public async Task Setting_attributes_leaves_data_sparse()
    {
        await using var file = await Store.CreateAsync("file");
        Assert.Equal(NtStatus.Success, await Assert.IsAssignableFrom<ISparseFile>(file).SetSparseAsync(true, CancellationToken.None));
        Assert.Equal(NtStatus.Success, await file.ChangeAsync(new FileMetadataChange { Attributes = FileAttributes.Hidden }));
        Assert.NotEqual((FileAttributes)0, (await Store.DescribeAsync("file")).Attributes & FileAttributes.SparseFile);
    }
}
