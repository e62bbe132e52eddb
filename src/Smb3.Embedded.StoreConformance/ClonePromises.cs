using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Xunit;

namespace Smb3.Embedded.StoreConformance;

/// <summary>
/// The promises of <see cref="ICloneTarget"/>. Derive a class beside that of <see cref="FileStoreConformance"/> for a store with
/// <see cref="StoreAbilities.BlockCloning"/>.
/// </summary>
public abstract class ClonePromises : StorePromises
{
    /// <inheritdoc/>
    protected override StoreAbilities Ability => StoreAbilities.BlockCloning;

#pragma warning disable CS1591 // the names of the tests say what is promised

    [Fact]
    public async Task A_clone_has_the_data_of_its_source_and_a_life_of_its_own()
    {
        var size = 4 * Store.Traits.AllocationUnit;
        var data = new byte[size];
        new Random(1).NextBytes(data);
        await using var source = await Store.CreateAsync("source");
        await using var target = await Store.CreateAsync("target");
        await source.PutAsync(0, data);
        Assert.Equal(NtStatus.Success, await target.SetLengthAsync(size, CancellationToken.None));
        Assert.Equal(
            NtStatus.Success,
            await Assert.IsAssignableFrom<ICloneTarget>(target).CloneFromAsync(source, 0, 0, size, CancellationToken.None));
        Assert.Equal(data, await target.GetAsync());
        await source.PutAsync(0, 9);
        await target.PutAsync(1, 8);
        Assert.Equal([9, data[1], data[2]], await source.GetAsync(0, 3));
        Assert.Equal([data[0], 8, data[2]], await target.GetAsync(0, 3));
    }
}
