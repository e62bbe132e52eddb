using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Xunit;

namespace Smb3.Embedded.StoreConformance;

/// <summary>
/// The promises of <see cref="IObjectIdFile"/>. Derive a class beside that of <see cref="FileStoreConformance"/> for a store with
/// <see cref="StoreAbilities.ObjectIds"/>.
/// </summary>
public abstract class ObjectIdPromises : StorePromises
{
    /// <inheritdoc/>
    protected override StoreAbilities Ability => StoreAbilities.ObjectIds;

#pragma warning disable CS1591 // the names of the tests say what is promised

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_object_id_is_kept_with_its_file_until_it_is_removed(bool isDirectory)
    {
        var id = Pattern(64);
        await using (var file = await Store.CreateAsync("file", new NewFile { IsDirectory = isDirectory }))
        {
            var ids = Assert.IsAssignableFrom<IObjectIdFile>(file);
            Assert.Empty(await GetAsync(ids));
            Assert.Equal(NtStatus.Success, await ids.SetObjectIdAsync(id, CancellationToken.None));
            Assert.Equal(id, await GetAsync(ids));
        }

        Assert.Equal(NtStatus.Success, await Store.RenameAsync("file", "other"));
        await using var again = await Store.OpenAsync("other", StoreAccess.ReadWrite);
        var kept = Assert.IsAssignableFrom<IObjectIdFile>(again);
        Assert.Equal(id, await GetAsync(kept));
        Assert.Equal(NtStatus.Success, await kept.SetObjectIdAsync(default, CancellationToken.None));
        Assert.Empty(await GetAsync(kept));
        Assert.Equal(NtStatus.Success, await kept.SetObjectIdAsync(default, CancellationToken.None));
    }

    private static async Task<byte[]> GetAsync(IObjectIdFile file)
    {
        var found = await file.GetObjectIdAsync(CancellationToken.None);
        Assert.Equal(NtStatus.Success, found.Status);
        return found.Value.ToArray();
    }
}
