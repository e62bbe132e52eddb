using Smb3.Embedded.Files;
using Smb3.Embedded.Hosting.Shares;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Physical;
using Smb3.Embedded.Tests.Storage;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting;

public sealed class VolumeTableTests
{
    [LinuxTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_store_goes_with_its_last_share_unless_the_host_brought_it(bool ofTheHost)
    {
        var folder = new TemporaryFolder();
        var own = ofTheHost ? new PhysicalFileStore(folder.Path) : null;
        try
        {
            var table = new VolumeTable(new VolumeOptions());
            var one = new SmbShareOptions { Name = "one", Folder = ofTheHost ? null : folder.Path, Store = own };
            var two = new SmbShareOptions { Name = "two", Folder = one.Folder, Store = own };
            var store = Assert.IsType<PhysicalFileStore>(table.Rent(one).Place);
            Assert.Same(store, table.Rent(two).Place);
            await table.ReturnAsync(one);
            Assert.True(await OpensAsync(store));
            await table.ReturnAsync(two);
            Assert.Equal(ofTheHost, await OpensAsync(store));
            Assert.Equal(0, table.Count);
        }
        finally
        {
            own?.Dispose();
            folder.Delete();
        }
    }

    private static async Task<bool> OpensAsync(PhysicalFileStore store)
    {
        try
        {
            var opened = await store.OpenAsync(StorePath.Root, StoreAccess.Metadata, CancellationToken.None);
            if (opened.Succeeded)
            {
                await opened.Value.DisposeAsync();
            }

            return opened.Succeeded;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }
}
