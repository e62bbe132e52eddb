using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Names;
using Smb3.Embedded.Files.Notification;
using Smb3.Embedded.Files.Watching;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Physical;
using Smb3.Embedded.Tests.Files.Caching;
using Smb3.Embedded.Tests.Storage;
using Xunit;

namespace Smb3.Embedded.Tests.Files;

public class OutsideChangeTests
{
    [Fact]
    public async Task Changes_behind_the_servers_back_are_told_and_its_own_only_once()
    {
        Source source = null!;
        var volume = new TestVolume(store => source = new Source(store));
        await volume.MakeAsync("d", directory: true);
        var open = await volume.OpenAsync("d");
        var wait = open.NextChangesAsync(ChangeFilter.FileName, tree: false, 1000, CancellationToken.None).AsTask();
        var tell = await source.Started.Task;

        // The store tells of the server's own change too, and before the server does.
        tell(new StoreChange(ChangeAction.Added, new StorePath("d\\own"), ChangeFilter.FileName));
        await volume.MakeAsync("d\\own");
        Assert.Equal("Added own", Text(await wait));
        wait = open.NextChangesAsync(ChangeFilter.FileName, tree: false, 1000, CancellationToken.None).AsTask();
        tell(new StoreChange(ChangeAction.Added, new StorePath("d\\other"), ChangeFilter.FileName));
        tell(new StoreChange(ChangeAction.Modified, new StorePath("d\\other"), ChangeFilter.Size)); // not asked for
        Assert.False(wait.IsCompleted);
        volume.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("Added other", Text(await wait));

        wait = open.NextChangesAsync(ChangeFilter.FileName, tree: false, 1000, CancellationToken.None).AsTask();
        tell(null);
        volume.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(NtStatus.NotifyEnumDir, (await wait).Status);

        // Later the same name is somebody else's again.
        volume.Clock.Advance(TimeSpan.FromSeconds(5));
        wait = open.NextChangesAsync(ChangeFilter.FileName, tree: false, 1000, CancellationToken.None).AsTask();
        tell(new StoreChange(ChangeAction.Removed, new StorePath("d\\own"), ChangeFilter.FileName));
        volume.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("Removed own", Text(await wait));
        await open.CloseAsync();
        await source.Ended.Task;
    }

    [Fact]
    public async Task Changes_behind_the_servers_back_break_the_lease_on_their_directory_and_the_holders_own_do_not()
    {
        Source source = null!;
        var volume = new TestVolume(store => source = new Source(store));
        var client = new CachingClient(volume);
        await volume.MakeAsync("d", directory: true);
        var directory = await client.LeaseAsync(1, CachingClient.RH, options: CreateOptions.DirectoryFile, path: "d");
        var tell = await source.Started.Task;
        var own = await client.LeaseAsync(2, CachingClient.RWH, parent: 1, path: "d\\own");
        Assert.Equal(NtStatus.Success, await TestVolume.WriteAsync(own, 0, 1));
        tell(new StoreChange(ChangeAction.Added, new StorePath("d\\own"), ChangeFilter.FileName));
        tell(new StoreChange(ChangeAction.Modified, new StorePath("d\\own"), ChangeFilter.LastWrite));
        volume.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(client.TakeBreaks());

        tell(new StoreChange(ChangeAction.Added, new StorePath("d\\other"), ChangeFilter.FileName));
        volume.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(CacheState.None, client.TakeBreak().To);
        Assert.Equal(NtStatus.Success, client.Answer(1, CacheState.None));
        await own.CloseAsync();
        Assert.False(source.Ended.Task.IsCompleted);
        await directory.CloseAsync();
        await source.Ended.Task;
        volume.AssertEmpty();
        Assert.Equal(0, volume.Volume.LeasedDirectories.Count);
    }

    [Fact]
    public async Task A_directory_that_a_client_renames_goes_on_hearing_of_changes_under_its_new_name()
    {
        Source source = null!;
        var volume = new TestVolume(store => source = new Source(store));
        await volume.MakeAsync("d", directory: true);
        var open = await volume.OpenAsync("d");
        var wait = open.NextChangesAsync(ChangeFilter.FileName, tree: false, 1000, CancellationToken.None).AsTask();
        var tell = await source.Started.Task;
        Assert.Equal(NtStatus.Success, await open.RenameAsync("e", replace: false, posix: false, onWait: null, CancellationToken.None));
        tell(new StoreChange(ChangeAction.Added, new StorePath("d\\own"), ChangeFilter.FileName));
        await volume.MakeAsync("e\\own");
        Assert.Equal("Added own", Text(await wait));
        wait = open.NextChangesAsync(ChangeFilter.FileName, tree: false, 1000, CancellationToken.None).AsTask();
        tell(new StoreChange(ChangeAction.Added, new StorePath("d\\other"), ChangeFilter.FileName));
        volume.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("Added other", Text(await wait));
        await open.CloseAsync();
    }

    [Fact]
    public async Task Who_watches_what_cannot_be_watched_is_told_so_and_caches_no_listing_of_it()
    {
        Source source = null!;
        var volume = new TestVolume(store => source = new Source(store) { IsDeaf = true });
        await volume.MakeAsync("d", directory: true);
        var open = await volume.OpenAsync("d");
        var report = await open.NextChangesAsync(ChangeFilter.FileName, tree: true, 1000, CancellationToken.None)
            .AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(NtStatus.NotSupported, report.Status);
        Assert.Equal(
            NtStatus.NotSupported, (await open.NextChangesAsync(ChangeFilter.FileName, tree: true, 1000, CancellationToken.None)).Status);
        await open.CloseAsync();

        var client = new CachingClient(volume);
        var directory = await client.LeaseAsync(1, CachingClient.RH, options: CreateOptions.DirectoryFile, path: "d");
        IReadOnlyList<CacheBreak> breaks;
        var end = DateTime.UtcNow.AddSeconds(20);
        while ((breaks = client.TakeBreaks()).Count == 0)
        {
            Assert.True(DateTime.UtcNow < end);
            await Task.Delay(10);
        }

        Assert.Equal(CacheState.None, Assert.Single(breaks).To);
        Assert.Equal(NtStatus.Success, client.Answer(1, CacheState.None));
        await directory.CloseAsync();
    }

    [Fact]
    public async Task The_watch_of_a_directory_that_vanishes_ends()
    {
        Source source = null!;
        var volume = new TestVolume(store => source = new Source(store));
        await volume.MakeAsync("d", directory: true);
        var open = await volume.OpenAsync("d");
        var wait = open.NextChangesAsync(ChangeFilter.FileName, tree: false, 1000, CancellationToken.None).AsTask();
        (await source.Started.Task)(new StoreChange(ChangeAction.Removed, new StorePath("d"), ChangeFilter.DirectoryName));
        volume.Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(NtStatus.DeletePending, (await wait).Status);
        await open.CloseAsync();
    }

    [Fact]
    public async Task A_flood_of_changes_is_bounded_and_who_misses_some_is_told()
    {
        Source source = null!;
        var volume = new TestVolume(store => source = new Source(store));
        await volume.MakeAsync("d", directory: true);
        var open = await volume.OpenAsync("d");
        var wait = open.NextChangesAsync(ChangeFilter.Size, tree: false, 1 << 20, CancellationToken.None).AsTask();
        var tell = await source.Started.Task;
        for (var i = 0; i < 20_000; i++)
        {
            tell(new StoreChange(ChangeAction.Modified, new StorePath("d\\f"), ChangeFilter.Size));
        }

        volume.Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(NtStatus.NotifyEnumDir, (await wait).Status);
        await open.CloseAsync();
    }

    [Fact]
    public async Task Thousands_of_own_changes_are_not_told_again()
    {
        Source source = null!;
        var volume = new TestVolume(store => source = new Source(store));
        await volume.MakeAsync("d", directory: true);
        var open = await volume.OpenAsync("d");
        var wait = open.NextChangesAsync(ChangeFilter.DirectoryName, tree: false, 1 << 20, CancellationToken.None).AsTask();
        var tell = await source.Started.Task;
        for (var i = 0; i < 6_000; i++)
        {
            await volume.MakeAsync($"d\\own{i}");
            tell(new StoreChange(ChangeAction.Added, new StorePath($"d\\own{i}"), ChangeFilter.FileName | ChangeFilter.DirectoryName));
        }

        volume.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.False(wait.IsCompleted);
        await open.CloseAsync();
        Assert.Equal(NtStatus.NotifyCleanup, (await wait).Status);
    }

    [Fact]
    public async Task A_folder_tells_of_what_the_machine_does_in_it()
    {
        var folder = new TemporaryFolder();
        using var store = new PhysicalFileStore(folder.Path);
        var told = new System.Collections.Concurrent.ConcurrentQueue<StoreChange>();
        using var arrived = new SemaphoreSlim(0);
        Directory.CreateDirectory(System.IO.Path.Combine(folder.Path, "d"));
        var watch = store.Watch(new StorePath("d"), tree: false, change =>
        {
            told.Enqueue(change!.Value);
            arrived.Release();
        });
        if (watch is null)
        {
            return; // the machine has no watch left
        }

        await File.WriteAllTextAsync(System.IO.Path.Combine(folder.Path, "d", "f"), "x");
        Assert.True(await arrived.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.True(told.TryPeek(out var first));
        Assert.Equal((ChangeAction.Added, "d\\f"), (first.Action, first.Path.Text));
        watch.Dispose();
        folder.Delete();
    }

    private static string Text(ChangeReport report) =>
        string.Join(", ", report.Changes.Select(change => $"{change.Action} {change.Name}"));

    private sealed class Source(IFileStore inner) : IFileStore, IChangeSource, IDisposable
    {
        public TaskCompletionSource<Action<StoreChange?>> Started { get; } = new();

        public TaskCompletionSource Ended { get; } = new();

        public bool IsDeaf { get; init; }

        public StoreTraits Traits => inner.Traits;

        public IDisposable? Watch(StorePath directory, bool tree, Action<StoreChange?> changed)
        {
            Started.TrySetResult(changed);
            return IsDeaf ? null : this;
        }

        public void Dispose() => Ended.TrySetResult();

        public ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken) =>
            inner.OpenAsync(path, access, cancellationToken);

        public ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken) =>
            inner.CreateAsync(path, parameters, cancellationToken);

        public ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken) =>
            inner.RenameAsync(from, to, replace, cancellationToken);

        public ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken) =>
            inner.LinkAsync(existing, link, replace, cancellationToken);

        public ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken) =>
            inner.DeleteAsync(path, cancellationToken);

        public ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken) =>
            inner.GetVolumeAsync(cancellationToken);
    }
}
