using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Xunit;

namespace Smb3.Embedded.StoreConformance;

/// <summary>
/// The promises of <see cref="IPosixFile"/>. Derive a class beside that of <see cref="FileStoreConformance"/> for a store with
/// <see cref="StoreAbilities.PosixModes"/>.
/// </summary>
public abstract class PosixPromises : StorePromises
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
    private const UnixFileMode Other = UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.StickyBit;

    /// <inheritdoc/>
    protected override StoreAbilities Ability => StoreAbilities.PosixModes;

#pragma warning disable CS1591 // the names of the tests say what is promised

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Permission_bits_are_those_of_the_creation_until_they_are_set(bool isDirectory)
    {
        await using var file = await Store.CreateAsync("file", new NewFile { IsDirectory = isDirectory, UnixMode = Mode });
        Assert.Equal(Mode, (await file.DescribeAsync()).UnixMode);
        Assert.Equal(
            NtStatus.Success, await Assert.IsAssignableFrom<IPosixFile>(file).SetUnixModeAsync(Other, CancellationToken.None));
        Assert.Equal(Other, (await file.DescribeAsync()).UnixMode);
        Assert.Equal(Other, (await Store.DescribeAsync("file")).UnixMode);
        Assert.Equal(Other, Assert.Single(await Store.ListAsync()).Metadata.UnixMode);
    }

    [Fact]
    public async Task Every_file_has_permission_bits()
    {
        await Store.PutAsync("file");
        await Store.PutDirectoryAsync("dir");
        Assert.NotNull((await Store.DescribeAsync("file")).UnixMode);
        Assert.NotNull((await Store.DescribeAsync("dir")).UnixMode);
        Assert.NotNull((await Store.DescribeAsync(string.Empty)).UnixMode);
    }

    [Fact]
    public async Task Permission_bits_and_data_leave_each_other_alone()
    {
        await using var file = await Store.CreateAsync("file", new NewFile { UnixMode = Mode });
        await file.PutAsync(0, 1, 2, 3);
        Assert.Equal(
            NtStatus.Success, await Assert.IsAssignableFrom<IPosixFile>(file).SetUnixModeAsync(Other, CancellationToken.None));
        await file.PutAsync(3, 4);
        Assert.Equal([1, 2, 3, 4], await file.GetAsync());
        Assert.Equal(Other, (await file.DescribeAsync()).UnixMode);
    }
}
