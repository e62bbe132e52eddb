using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Xunit;

namespace Smb3.Embedded.StoreConformance;

/// <summary>
/// The promises of <see cref="IReparseFile"/>. Derive a class beside that of <see cref="FileStoreConformance"/> for a store with
/// <see cref="StoreAbilities.ReparsePoints"/>.
/// </summary>
public abstract class ReparsePromises : StorePromises
{
    private static readonly byte[] Point = [0x0C, 0, 0, 0xA0, 2, 0, 0, 0, 1, 2];

    /// <inheritdoc/>
    protected override StoreAbilities Ability => StoreAbilities.ReparsePoints;

#pragma warning disable CS1591 // the names of the tests say what is promised

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reparse_point_keeps_its_data_and_goes_when_it_is_deleted(bool isDirectory)
    {
        await using var file = await Store.CreateAsync("link", new NewFile { IsDirectory = isDirectory });
        var reparse = Assert.IsAssignableFrom<IReparseFile>(file);
        Assert.Equal(NtStatus.NotAReparsePoint, (await reparse.GetReparsePointAsync(CancellationToken.None)).Status);
        Assert.Equal(NtStatus.NotAReparsePoint, await reparse.DeleteReparsePointAsync(CancellationToken.None));
        Assert.Equal(NtStatus.Success, await reparse.SetReparsePointAsync(Point, CancellationToken.None));
        Assert.Equal(Point, (await reparse.GetReparsePointAsync(CancellationToken.None)).Value.ToArray());
        var listed = Assert.Single(await Store.ListAsync()).Metadata;
        Assert.Equal(0xA000000C, listed.ReparseTag);
        Assert.NotEqual((FileAttributes)0, listed.Attributes & FileAttributes.ReparsePoint);
        Assert.Equal(NtStatus.Success, await reparse.DeleteReparsePointAsync(CancellationToken.None));
        Assert.Equal(0u, (await file.DescribeAsync()).ReparseTag);
    }

    [Fact]
    public async Task A_path_through_a_reparse_point_says_so()
    {
        await using var link = await Store.CreateAsync("link", new NewFile { IsDirectory = true });
        await Assert.IsAssignableFrom<IReparseFile>(link).SetReparsePointAsync(Point, CancellationToken.None);
        Assert.Equal(NtStatus.ReparsePointEncountered, await Store.TryOpenAsync(@"link\file"));
        Assert.Equal(NtStatus.ReparsePointEncountered, await Store.TryOpenAsync(@"link\below\file"));
    }
}
