using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Physical;
using Xunit;

namespace Smb3.Embedded.Tests.Storage;

/// <summary>
/// While the store holds a kernel lease on a file, what it opens of that file itself is not the use of another program. The kernel makes
/// no such distinction, and has an open wait until the lease is given up.
/// </summary>
public sealed class OwnLeaseTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(300);

    private readonly TemporaryFolder _folder = new();
    private readonly PhysicalFileStore _store;

    public OwnLeaseTests() => _store = new PhysicalFileStore(_folder.Path);

    public void Dispose()
    {
        _store.Dispose();
        _folder.Delete();
    }

    [LinuxTheory]
    [InlineData("make a stream the data")]
    [InlineData("make the data a stream")]
    [InlineData("flush a stream")]
    [InlineData("compress")]
    [InlineData("ask for the allocation size")]
    public async Task What_the_store_opens_itself_breaks_no_lease(string operation)
    {
        if (!_store.Traits.Has(StoreAbilities.NamedStreams))
        {
            return;
        }

        // So many attributes that ext4 gives them a block: only the extents of the file tell what its data occupies.
        var created = await _store.CreateAsync(new("f"), new NewFile { SecurityDescriptor = new byte[2000] }, default);
        await using (created.Value)
        {
            var stream = await ((IStreamedFile)created.Value).CreateStreamAsync("s", default);
            await stream.Value.WriteAsync(0, new(new byte[100]), default);
            await stream.Value.DisposeAsync();
        }

        var opened = await _store.OpenAsync(new("f"), StoreAccess.ReadWrite, default);
        await using var file = opened.Value;
        var use = new TaskCompletionSource<OutsideUse>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var guard = _store.Guard(file, holdsBack: true, how =>
        {
            if (how != OutsideUse.Changed) // a mere observation, which our own changes give too
            {
                use.TrySetResult(how);
            }
        });
        guard!.Cover(writes: true);
        await RunAsync(operation, file).WaitAsync(Patience);
        await Task.Delay(Silence);
        Assert.False(use.Task.IsCompleted, "The lease was broken.");

        // It has come back: another program is noticed, and waits until the lease is given up.
        var other = Task.Run(() => File.ReadAllBytes(Path.Join(_folder.Path, "f")));
        Assert.Equal(OutsideUse.Reads, await use.Task.WaitAsync(Patience));
        Assert.False(other.IsCompleted);
        guard.Dispose();
        await other.WaitAsync(Patience);
    }

    private async Task RunAsync(string operation, IStoreFile file)
    {
        switch (operation)
        {
            case "make a stream the data":
                Assert.Equal(NtStatus.Success, await ((IStreamedFile)file).RenameStreamAsync("s", string.Empty, false, default));
                break;
            case "make the data a stream":
                var named = await ((IUnnamedStreamFile)file).RenameUnnamedStreamAsync("t", false, 1, default);
                await Assert.Single(named.Value).DisposeAsync();
                break;
            case "flush a stream":
                var stream = await ((IStreamedFile)file).OpenStreamAsync("s", StoreAccess.ReadWrite, default);
                Assert.Equal(NtStatus.Success, await stream.Value.FlushAsync(default));
                await stream.Value.DisposeAsync();
                break;
            case "compress":
                await ((ICompressibleFile)file).SetCompressedAsync(true, default); // most file systems cannot
                break;
            default:
                var found = await _store.OpenAsync(new("f"), StoreAccess.Metadata, default);
                Assert.True((await found.Value.GetMetadataAsync(default)).Succeeded);
                await found.Value.DisposeAsync();
                break;
        }
    }
}
