using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Xunit;

namespace Smb3.Embedded.StoreConformance;

/// <summary>
/// The promises of <see cref="IExtendedAttributeFile"/>. Derive a class beside that of <see cref="FileStoreConformance"/> for a store
/// with <see cref="StoreAbilities.ExtendedAttributes"/>.
/// </summary>
public abstract class ExtendedAttributePromises : StorePromises
{
    /// <inheritdoc/>
    protected override StoreAbilities Ability => StoreAbilities.ExtendedAttributes;

#pragma warning disable CS1591 // the names of the tests say what is promised

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Attributes_are_kept_by_name_and_counted(bool directory)
    {
        await using (var file = await Store.CreateAsync("file", new NewFile { IsDirectory = directory }))
        {
            Assert.Equal(0u, (await file.DescribeAsync()).EaSize);
            Assert.Equal(NtStatus.Success, await SetAsync(file, ("ONE", [1, 2, 3]), ("TWO WORDS", [4])));
        }

        await using var again = await Store.OpenAsync("file", StoreAccess.Metadata);
        var all = await GetAsync(again);
        Assert.Equal(["ONE", "TWO WORDS"], all.Select(static attribute => attribute.Name).Order(StringComparer.Ordinal));
        Assert.Equal([1, 2, 3], all.Single(static attribute => attribute.Name == "ONE").Value.ToArray());
        Assert.Equal(ExtendedAttribute.SizeOf(all), (await again.DescribeAsync()).EaSize);
        Assert.Equal(ExtendedAttribute.SizeOf(all), Assert.Single(await Store.ListAsync()).Metadata.EaSize);
    }

    [Fact]
    public async Task A_change_replaces_removes_and_leaves_the_rest()
    {
        await using var file = await Store.CreateAsync("file");
        Assert.Equal(NtStatus.Success, await SetAsync(file, ("A", [1]), ("B", [2]), ("C", [3])));
        Assert.Equal(NtStatus.Success, await SetAsync(file, ("B", []), ("C", [9, 9]), ("NONE", [])));
        Assert.Equal(
            ["A=01", "C=0909"],
            (await GetAsync(file)).Select(static one => $"{one.Name}={Convert.ToHexString(one.Value.Span)}").Order(StringComparer.Ordinal));
        Assert.Equal(NtStatus.Success, await SetAsync(file, ("A", []), ("C", [])));
        Assert.Empty(await GetAsync(file));
        Assert.Equal(0u, (await file.DescribeAsync()).EaSize);
    }

    [Fact]
    public async Task A_name_is_the_same_in_any_case_and_stays_as_it_was_first_written()
    {
        await using var file = await Store.CreateAsync("file");
        Assert.Equal(NtStatus.Success, await SetAsync(file, ("Mixed", [1])));
        Assert.Equal(NtStatus.Success, await SetAsync(file, ("mIXED", [2])));
        var one = Assert.Single(await GetAsync(file));
        Assert.Equal(("Mixed", (byte)2), (one.Name, one.Value.Span[0]));
        Assert.Equal(NtStatus.Success, await SetAsync(file, ("MIXED", [])));
        Assert.Empty(await GetAsync(file));
    }

    [Fact]
    public async Task What_has_no_room_changes_nothing()
    {
        await using var file = await Store.CreateAsync("file");
        Assert.Equal(NtStatus.Success, await SetAsync(file, ("A", [1])));
        Assert.Equal(NtStatus.EaTooLarge, await SetAsync(file, ("A", [2]), ("B", new byte[40_000]), ("C", new byte[40_000])));
        var left = Assert.Single(await GetAsync(file));
        Assert.Equal(("A", (byte)1), (left.Name, left.Value.Span[0]));
    }

    [Fact]
    public async Task They_move_with_the_file()
    {
        await using (var file = await Store.CreateAsync("file"))
        {
            Assert.Equal(NtStatus.Success, await SetAsync(file, ("A", [1])));
        }

        Assert.Equal(NtStatus.Success, await Store.RenameAsync("file", "moved"));
        await using var moved = await Store.OpenAsync("moved", StoreAccess.Metadata);
        Assert.Equal("A", Assert.Single(await GetAsync(moved)).Name);
    }

#pragma warning restore CS1591

    private static async Task<IReadOnlyList<ExtendedAttribute>> GetAsync(IStoreFile file)
    {
        var got = await Assert.IsAssignableFrom<IExtendedAttributeFile>(file).GetExtendedAttributesAsync(CancellationToken.None);
        Assert.Equal(NtStatus.Success, got.Status);
        return got.Value;
    }

    private static async Task<NtStatus> SetAsync(IStoreFile file, params (string Name, byte[] Value)[] changes) =>
        await Assert.IsAssignableFrom<IExtendedAttributeFile>(file).SetExtendedAttributesAsync(
            [.. changes.Select(static change => new ExtendedAttribute(change.Name, change.Value))], CancellationToken.None);
}
