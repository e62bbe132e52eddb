using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Xunit;

namespace Smb3.Embedded.StoreConformance;

/// <summary>
/// The promises of <see cref="IErasingFile"/> that can be seen through a store. Derive a class beside that of <see cref="FileStoreConformance"/> for
/// a store with <see cref="StoreAbilities.ZeroOnDeallocation"/>; whether the medium is overwritten, only the store's own tests can tell.
/// </summary>
public abstract class ErasingPromises : StorePromises
{
    /// <inheritdoc/>
    protected override StoreAbilities Ability => StoreAbilities.ZeroOnDeallocation;

#pragma warning disable CS1591 // the names of the tests say what is promised

    [Fact]
    public async Task Data_that_is_erased_when_it_goes_is_what_was_written_until_then()
    {
        await using var file = await Store.CreateAsync("file");
        var data = Pattern(300_000);
        await file.PutAsync(0, data[..200_000]);
        Assert.Equal(NtStatus.Success, await Assert.IsAssignableFrom<IErasingFile>(file).SetZeroOnDeallocationAsync(CancellationToken.None));
        await file.PutAsync(200_000, data[200_000..]);
        Assert.Equal(data, await file.GetAsync());
        Assert.Equal(NtStatus.Success, await file.SetLengthAsync(100_000, CancellationToken.None));
        Assert.Equal(data[..100_000], await file.GetAsync());
        Assert.Equal(NtStatus.Success, await file.SetLengthAsync(200_000, CancellationToken.None));
        data.AsSpan(100_000).Clear();
        Assert.Equal(data[..200_000], await file.GetAsync());
    }
}
