using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Xunit;

namespace Smb3.Embedded.StoreConformance;

/// <summary>
/// The promises of <see cref="IExtentFile"/>. Derive a class beside that of <see cref="FileStoreConformance"/> for a store with
/// <see cref="StoreAbilities.Extents"/>.
/// </summary>
public abstract class ExtentPromises : StorePromises
{
    /// <inheritdoc/>
    protected override StoreAbilities Ability => StoreAbilities.Extents;

#pragma warning disable CS1591 // the names of the tests say what is promised

    [Fact]
    public async Task Extents_cover_what_was_written_in_order_and_do_not_overlap()
    {
        const int Length = 300_000;
        await using var file = await Store.CreateAsync("file");
        Assert.Empty(await AllAsync(file, 0));
        await file.PutAsync(0, Pattern(Length));
        var extents = await AllAsync(file, 0);
        long end = 0;
        foreach (var extent in extents)
        {
            Assert.Equal(end, extent.Offset);
            Assert.True(extent.Length > 0);
            end = extent.End;
        }

        Assert.InRange(end, Length, Length + (1 << 20));
        Assert.Empty(await AllAsync(file, end));
    }

    [Fact]
    public async Task The_extent_that_an_offset_is_in_is_told_as_a_whole()
    {
        await using var file = await Store.CreateAsync("file");
        await file.PutAsync(0, Pattern(300_000));
        var extents = await AllAsync(file, 0);
        Assert.Equal(extents[0], (await AllAsync(file, extents[0].Length - 1))[0]);
        Assert.Equal(extents[^1], Assert.Single(await AllAsync(file, extents[^1].End - 1)));
    }

    private static async Task<List<StoreExtent>> AllAsync(IStoreFile file, long offset)
    {
        var all = new List<StoreExtent>();
        while (true)
        {
            var found = await Assert.IsAssignableFrom<IExtentFile>(file).FindExtentsAsync(offset, CancellationToken.None);
            Assert.Equal(NtStatus.Success, found.Status);
            if (found.Value.Count == 0)
            {
                return all;
            }

            all.AddRange(found.Value);
            offset = all[^1].End;
        }
    }
}
