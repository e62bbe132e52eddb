using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Physical;
using Xunit;

namespace Smb3.Embedded.Tests.Storage;

/// <summary>What is measured by the memory of the whole process, and so runs while nothing else does.</summary>
[CollectionDefinition(nameof(LargeFolderTests), DisableParallelization = true)]
[Collection(nameof(LargeFolderTests))]
public sealed class LargeFolderTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly TemporaryFolder _folder = new();
    private readonly string _root;

    public LargeFolderTests() => _root = _folder.Path;

    public void Dispose() => _folder.Delete();

    [Fact]
    public async Task A_folder_of_a_hundred_thousand_files_is_listed_in_little_memory_and_a_missing_name_in_it_costs_little()
    {
        for (var i = 0; i < 100_000; i++)
        {
            File.OpenHandle(Path.Join(_root, $"File {i:D6}"), FileMode.CreateNew, FileAccess.Write).Dispose();
        }

        using var store = new PhysicalFileStore(_root);

        await using var root = (await store.OpenAsync(StorePath.Root, StoreAccess.Metadata, None)).Value;
        await using var listing = (await root.ListAsync(None)).Value;
        var entries = new StoreEntry[200];
        var count = 0;
        long most = 0;
        GC.Collect();
        var start = GC.GetTotalMemory(forceFullCollection: true);
        while ((await listing.ReadAsync(entries, None)).Value is var read and > 0)
        {
            count += read;
            if (count % 20_000 < read)
            {
                most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - start);
            }
        }

        Assert.Equal(100_000, count);
        Assert.InRange(most, long.MinValue, 2_000_000);

        // The first missing name reads the folder; the others, and the creates between them, do not.
        Assert.Equal(NtStatus.ObjectNameNotFound, await TryOpenAsync(store, "missing"));
        for (var i = 0; i < 300; i++)
        {
            Assert.Equal(NtStatus.ObjectNameNotFound, await TryOpenAsync(store, $"missing {i}"));
            await (await store.CreateAsync(new StorePath($"New {i}"), default, None)).Value.DisposeAsync();
        }

        Assert.Equal(NtStatus.Success, await TryOpenAsync(store, "FILE 012345"));
    }

    private static async Task<NtStatus> TryOpenAsync(PhysicalFileStore store, string path)
    {
        var opened = await store.OpenAsync(new StorePath(path), StoreAccess.Metadata, None);
        if (opened.Succeeded)
        {
            await opened.Value.DisposeAsync();
        }

        return opened.Status;
    }
}
