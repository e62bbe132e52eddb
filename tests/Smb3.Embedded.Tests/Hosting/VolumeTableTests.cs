using Smb3.Embedded.Files;
using Smb3.Embedded.Hosting.Shares;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
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

    [Fact]
    public async Task A_store_that_is_slow_to_open_holds_up_only_who_wants_the_same_files()
    {
        using var slow = new SlowPlace();
        var table = new VolumeTable(new VolumeOptions());
        var files = new MemoryFileStore();
        var (one, same, other) = (Share("one", files), Share("same", files), Share("other", new MemoryFileStore()));
        var opening = Task.Factory.StartNew(() => table.Rent(one, before: slow), TaskCreationOptions.LongRunning);
        await slow.Asked.Task;
        var waiting = Task.Factory.StartNew(() => table.Rent(same), TaskCreationOptions.LongRunning);
        await Task.Run(() => table.Rent(other)).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(2, table.Count);
        Assert.False(opening.IsCompleted || waiting.IsCompleted);
        slow.Go.Set();
        Assert.Same(await opening, await waiting);
    }

    [Fact]
    public void Nothing_is_left_of_a_store_that_cannot_be_served()
    {
        var table = new VolumeTable(new VolumeOptions());
        var share = Share("modes", new MemoryFileStore());
        share.Posix = true;
        Assert.Throws<SmbServerStartException>(() => table.Rent(share));
        Assert.Equal(0, table.Count);
    }

    private static SmbShareOptions Share(string name, IFileStore store) => new() { Name = name, Store = store };

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

    /// <summary>A place that takes long to be opened again.</summary>
    private sealed class SlowPlace : IPlacedStore, IDisposable
    {
        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ManualResetEventSlim Go { get; } = new();

        public StorePlace CheckPlace() => StorePlace.Replaced;

        public IFileStore OpenAgain()
        {
            Asked.TrySetResult();
            Go.Wait();
            return new MemoryFileStore();
        }

        public void Dispose() => Go.Dispose();
    }
}
