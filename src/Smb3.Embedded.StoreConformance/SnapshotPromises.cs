using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Xunit;

namespace Smb3.Embedded.StoreConformance;

/// <summary>
/// The promises of <see cref="ISnapshotStore"/>. Derive a class beside that of <see cref="FileStoreConformance"/> for a store with
/// <see cref="StoreAbilities.Snapshots"/>.
/// </summary>
public abstract class SnapshotPromises : StorePromises
{
    /// <inheritdoc/>
    protected override StoreAbilities Ability => StoreAbilities.Snapshots;

    private ISnapshotStore Source => Assert.IsAssignableFrom<ISnapshotStore>(Store);

    /// <summary>Makes a snapshot of the store as it is now.</summary>
    protected abstract ValueTask TakeSnapshotAsync();

#pragma warning disable CS1591 // the names of the tests say what is promised

    [Fact]
    public async Task There_are_none_at_first()
    {
        Assert.Empty((await Source.ListSnapshotsAsync(CancellationToken.None)).Value);
        Assert.Equal(
            NtStatus.ObjectNameNotFound, (await Source.OpenSnapshotAsync(DateTimeOffset.UnixEpoch, CancellationToken.None)).Status);
    }

    [Fact]
    public async Task A_snapshot_holds_what_the_store_held()
    {
        await Store.PutDirectoryAsync("dir");
        await Store.PutAsync("dir\\kept", 1, 2, 3);
        await Store.PutAsync("gone", 4);
        await TakeSnapshotAsync();
        await using (var file = await Store.OpenAsync("dir\\kept", StoreAccess.ReadWrite))
        {
            await file.PutAsync(0, 9);
        }

        Assert.Equal(NtStatus.Success, await Store.DeleteAsync(new StorePath("gone"), CancellationToken.None));
        await Store.PutAsync("new");

        var old = await OpenOnlyAsync();
        Assert.Equal(new byte[] { 1, 2, 3 }, await old.GetAsync("dir\\kept"));
        Assert.Equal(new byte[] { 4 }, await old.GetAsync("gone"));
        Assert.Equal(NtStatus.ObjectNameNotFound, await old.TryOpenAsync("new"));
        Assert.Equal(new byte[] { 9, 2, 3 }, await Store.GetAsync("dir\\kept"));
    }

    [Fact]
    public async Task A_snapshot_cannot_be_written_and_stays_one_object()
    {
        await TakeSnapshotAsync();
        var old = await OpenOnlyAsync();
        Assert.True(old.Traits.Has(StoreAbilities.ReadOnly));
        Assert.Same(old, await OpenOnlyAsync());
    }

    private async Task<IFileStore> OpenOnlyAsync()
    {
        var time = Assert.Single((await Source.ListSnapshotsAsync(CancellationToken.None)).Value);
        var whole = time.AddTicks(-(time.Ticks % TimeSpan.TicksPerSecond));
        var opened = await Source.OpenSnapshotAsync(whole, CancellationToken.None);
        Assert.Equal(NtStatus.Success, opened.Status);
        return opened.Value;
    }
}
