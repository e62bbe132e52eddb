using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Xunit;

namespace Smb3.Embedded.StoreConformance;

/// <summary>
/// The promises of <see cref="ICompressibleFile"/>. Derive a class beside that of <see cref="FileStoreConformance"/> for a store with
/// <see cref="StoreAbilities.Compression"/>.
/// </summary>
public abstract class CompressionPromises : StorePromises
{
    /// <inheritdoc/>
    protected override StoreAbilities Ability => StoreAbilities.Compression;

#pragma warning disable CS1591 // the names of the tests say what is promised

    [Fact]
    public async Task Compressing_and_expanding_shows_in_the_attributes_and_leaves_the_data()
    {
        var data = new byte[300_000];
        data.AsSpan().Fill(7);
        await using var file = await Store.CreateAsync("file");
        await file.PutAsync(0, data);
        Assert.False(await IsCompressedAsync("file"));
        foreach (var compressed in new[] { true, true, false, false })
        {
            await SetAsync(file, compressed);
            Assert.Equal(compressed, await IsCompressedAsync("file"));
            Assert.Equal(data, await file.GetAsync());
        }
    }

    [Fact]
    public async Task What_is_made_in_a_compressed_directory_is_compressed_from_the_start()
    {
        await using var directory = await Store.CreateAsync("dir", new NewFile { IsDirectory = true });
        await Store.PutAsync(@"dir\before", 1);
        await SetAsync(directory, true);
        await Store.PutAsync(@"dir\after", 1);
        await Store.PutDirectoryAsync(@"dir\below");
        Assert.True(await IsCompressedAsync("dir"));
        Assert.False(await IsCompressedAsync(@"dir\before"));
        Assert.True(await IsCompressedAsync(@"dir\after"));
        Assert.True(await IsCompressedAsync(@"dir\below"));
    }

    [Fact]
    public async Task Setting_attributes_leaves_data_compressed()
    {
        await using var file = await Store.CreateAsync("file");
        await SetAsync(file, true);
        Assert.Equal(NtStatus.Success, await file.ChangeAsync(new FileMetadataChange { Attributes = FileAttributes.Hidden }));
        Assert.True(await IsCompressedAsync("file"));
    }

    private static async Task SetAsync(IStoreFile file, bool compressed) => Assert.Equal(
        NtStatus.Success,
        await Assert.IsAssignableFrom<ICompressibleFile>(file).SetCompressedAsync(compressed, CancellationToken.None));

    private async Task<bool> IsCompressedAsync(string path) =>
        ((await Store.DescribeAsync(path)).Attributes & FileAttributes.Compressed) != 0;
}
