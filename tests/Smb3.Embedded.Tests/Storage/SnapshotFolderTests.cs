using System.Globalization;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Physical;
using Smb3.Embedded.Storage.Physical.Snapshots;
using Xunit;

namespace Smb3.Embedded.Tests.Storage;

public sealed class SnapshotFolderTests
{
    [Theory]
    [InlineData("@GMT-2024.05.06-07.08.09", "2024-05-06T07:08:09")]
    [InlineData("2024-05-06", "2024-05-06T00:00:00")]
    [InlineData("zfs-auto-snap_daily-2024-05-06-0708", "2024-05-06T07:08:00")]
    [InlineData("autosnap_2024-05-06_07:08:09_daily", "2024-05-06T07:08:09")]
    [InlineData("home.20240506T070809", "2024-05-06T07:08:09")]
    [InlineData("home.20240506T0708", "2024-05-06T07:08:00")]
    [InlineData("v2_20240506", "2024-05-06T00:00:00")]
    public void The_usual_names_tell_their_time(string name, string time)
    {
        Assert.True(SnapshotName.TryRead(name, null, isLocal: false, out var read));
        Assert.Equal(DateTimeOffset.Parse(time + "Z", CultureInfo.InvariantCulture), read);
    }

    [Theory]
    [InlineData("latest")]
    [InlineData("17")]
    [InlineData("2024-13-06")]
    [InlineData("2023-02-29")]
    [InlineData("912345678")]
    public void Other_names_are_no_snapshots(string name) => Assert.False(SnapshotName.TryRead(name, null, isLocal: false, out _));

    [Fact]
    public void A_format_is_for_the_whole_name()
    {
        const string Format = "'daily-'ddMMyy";
        Assert.True(SnapshotName.TryRead("daily-060524", Format, isLocal: false, out var read));
        Assert.Equal(new DateTimeOffset(2024, 5, 6, 0, 0, 0, TimeSpan.Zero), read);
        Assert.False(SnapshotName.TryRead("2024-05-06", Format, isLocal: false, out _));
    }

    [Fact]
    public async Task Snapshots_come_and_go_with_their_folders()
    {
        var root = new TemporaryFolder();
        var live = Directory.CreateDirectory(Path.Combine(root.Path, "live")).FullName;
        var snapshots = Path.Combine(root.Path, "snapshots");
        using var store = new PhysicalFileStore(
            live, new PhysicalFileStoreOptions { Snapshots = new PhysicalSnapshotOptions { Folder = snapshots, Subfolder = "home" } });
        Assert.True(store.Traits.Has(StoreAbilities.Snapshots));
        Assert.Empty((await store.ListSnapshotsAsync(CancellationToken.None)).Value);

        var home = Directory.CreateDirectory(Path.Combine(snapshots, "2024-05-06", "home")).FullName;
        Directory.CreateDirectory(Path.Combine(snapshots, "2024-05-07", "elsewhere"));
        await File.WriteAllBytesAsync(Path.Combine(home, "file"), [1, 2, 3]);
        var time = Assert.Single((await store.ListSnapshotsAsync(CancellationToken.None)).Value);
        var opened = await store.OpenSnapshotAsync(time.AddMilliseconds(5), CancellationToken.None);
        Assert.True(opened.Value.Traits.Has(StoreAbilities.ReadOnly));
        Assert.Same(opened.Value, (await store.OpenSnapshotAsync(time, CancellationToken.None)).Value);
        var file = await opened.Value.OpenAsync(new StorePath("file"), StoreAccess.Read, CancellationToken.None);
        Assert.Equal(3, (await file.Value.GetMetadataAsync(CancellationToken.None)).Value.Length);
        await file.Value.DisposeAsync();

        root.Delete();
        Assert.Equal(NtStatus.ObjectNameNotFound, (await store.OpenSnapshotAsync(time, CancellationToken.None)).Status);
    }
}
