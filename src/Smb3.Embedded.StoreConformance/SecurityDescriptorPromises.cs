using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Xunit;

namespace Smb3.Embedded.StoreConformance;

/// <summary>
/// The promises of <see cref="ISecurableFile"/>. Derive a class beside that of <see cref="FileStoreConformance"/> for a store with
/// <see cref="StoreAbilities.SecurityDescriptors"/>.
/// </summary>
public abstract class SecurityDescriptorPromises : StorePromises
{
    /// <inheritdoc/>
    protected override StoreAbilities Ability => StoreAbilities.SecurityDescriptors;

#pragma warning disable CS1591 // the names of the tests say what is promised

    [Fact]
    public async Task A_new_file_has_none()
    {
        await using var file = await Store.CreateAsync("file");
        Assert.Empty(await GetAsync(file));
    }

    [Fact]
    public async Task A_descriptor_is_kept_byte_by_byte()
    {
        var descriptor = Pattern(300);
        await using (var file = await Store.CreateAsync("file"))
        {
            await SetAsync(file, descriptor);
        }

        await using var again = await Store.OpenAsync("file", StoreAccess.Metadata);
        Assert.Equal(descriptor, await GetAsync(again));
        await SetAsync(again, descriptor[..20]);
        Assert.Equal(descriptor[..20], await GetAsync(again));
    }

    [Fact]
    public async Task What_is_made_with_a_descriptor_has_it_from_the_start()
    {
        var descriptor = Pattern(200);
        await using var file = await Store.CreateAsync("file", new NewFile { SecurityDescriptor = descriptor });
        await using var directory = await Store.CreateAsync("dir", new NewFile { IsDirectory = true, SecurityDescriptor = descriptor });
        Assert.Equal(descriptor, await GetAsync(file));
        Assert.Equal(descriptor, await GetAsync(directory));
    }

    [Fact]
    public async Task It_moves_with_the_file_and_is_no_business_of_the_data()
    {
        await using var file = await Store.CreateAsync("file", new NewFile { SecurityDescriptor = Pattern(100) });
        await file.PutAsync(0, 1, 2, 3);
        Assert.Equal(NtStatus.Success, await Store.RenameAsync("file", "moved"));
        await using var moved = await Store.OpenAsync("moved");
        Assert.Equal(Pattern(100), await GetAsync(moved));
        Assert.Equal([1, 2, 3], await moved.GetAsync());
    }

#pragma warning restore CS1591

    private static async Task<byte[]> GetAsync(IStoreFile file)
    {
        var got = await Assert.IsAssignableFrom<ISecurableFile>(file).GetSecurityDescriptorAsync(CancellationToken.None);
        Assert.Equal(NtStatus.Success, got.Status);
        return got.Value.ToArray();
    }

    private static async Task SetAsync(IStoreFile file, byte[] descriptor) => Assert.Equal(
        NtStatus.Success, await Assert.IsAssignableFrom<ISecurableFile>(file).SetSecurityDescriptorAsync(descriptor, CancellationToken.None));
}
