using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Xunit;

namespace Smb3.Embedded.StoreConformance;

/// <summary>
/// The promises of <see cref="ICopyTarget"/>. Derive a class beside that of <see cref="FileStoreConformance"/> for a store whose handles
/// implement it. A copy that the store refuses with NOT_SUPPORTED has changed nothing.
/// </summary>
public abstract class CopyPromises : StorePromises
{
    /// <inheritdoc/>
    protected override StoreAbilities Ability => StoreAbilities.None;

#pragma warning disable CS1591 // the names of the tests say what is promised

    [Fact]
    public async Task A_copy_has_the_bytes_of_the_source_and_a_life_of_its_own()
    {
        var data = Pattern(200_000);
        await using var source = await Store.CreateAsync("source");
        await using var target = await Store.CreateAsync("target");
        await source.PutAsync(0, data);
        await target.PutAsync(0, 9, 9);
        if (!await CopyAsync(target, source, 1000, 1, 150_000))
        {
            Assert.Equal([9, 9], await target.GetAsync());
            return;
        }

        Assert.Equal(data[1000..151_000], await target.GetAsync(1));
        Assert.Equal([9], await target.GetAsync(0, 1));
        await source.PutAsync(1000, 200);
        Assert.Equal([data[1000]], await target.GetAsync(1, 1));
        Assert.Equal(200_000, (await source.DescribeAsync()).Length);
    }

    [Theory]
    [InlineData(1000, 0)]
    [InlineData(0, 1000)]
    [InlineData(0, 200_000)]
    public async Task A_copy_within_a_file_ends_up_as_the_source_was(int from, int to)
    {
        var data = Pattern(200_000);
        await using var file = await Store.CreateAsync("file");
        await file.PutAsync(0, data);
        Assert.Equal(data[from..150_000], await CopyAsync(file, file, from, to, 150_000 - from)
            ? await file.GetAsync(to, 150_000 - from)
            : data[from..150_000]);
    }

    private static async Task<bool> CopyAsync(IStoreFile target, IStoreFile source, long from, long to, long length)
    {
        var status = await Assert.IsAssignableFrom<ICopyTarget>(target).CopyFromAsync(source, from, to, length, CancellationToken.None);
        Assert.Contains(status, new[] { NtStatus.Success, NtStatus.NotSupported });
        return status == NtStatus.Success;
    }
}
