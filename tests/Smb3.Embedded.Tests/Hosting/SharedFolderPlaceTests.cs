using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Creating;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Hosting;
using Smb3.Embedded.Hosting.DependencyInjection;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Physical;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.Tests.Protocol;
using Smb3.Embedded.Tests.Storage;
using Smb3.Embedded.Transport.InMemory;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting;

/// <summary>A share is what is at its path now: not the directory that was there at the start, and not an empty one in its place.</summary>
public sealed class SharedFolderPlaceTests : IAsyncLifetime, IAsyncDisposable
{
    private readonly TemporaryFolder _parent = new();
    private readonly RecordingLogger _log = new();
    private readonly string _folder;
    private readonly List<SmbTestConnection> _clients = [];
    private InMemoryTransport _transport = new();
    private SmbServer? _server;

    public SharedFolderPlaceTests()
    {
        _folder = Path.Join(_parent.Path, "shared");
        Directory.CreateDirectory(_folder);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    async ValueTask IAsyncDisposable.DisposeAsync() => await DisposeAsync();

    public async Task DisposeAsync()
    {
        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }

        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        if (OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess)
        {
            while (Machine.Try("umount", _folder).Code == 0)
            {
                // as often as something is mounted
            }
        }

        _parent.Delete();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_folder_that_is_swapped_is_served_and_what_was_open_on_the_old_one_ends(bool storeOfTheHost)
    {
        await StartAsync(storeOfTheHost);
        var tree = await ConnectAsync();
        var file = await tree.OpenAsync("old");
        await file.WriteAsync(0, [1]);
        Swap("file-of-the-new-one");

        // A client that connects now, without any waiting, gets the new one.
        var late = await ConnectAsync();
        Assert.Equal(NtStatus.ObjectNameNotFound, await late.TryOpenAsync("old"));
        Assert.Equal(NtStatus.Success, await late.TryOpenAsync("file-of-the-new-one"));
        Assert.Equal(NtStatus.Success, await late.TryOpenAsync("written", CreateDisposition.Create));
        Assert.True(File.Exists(Path.Join(_folder, "written")));

        // The one that was connected must connect again.
        Assert.Equal(NtStatus.NetworkNameDeleted, await tree.TryOpenAsync("old"));
        Assert.NotEqual(NtStatus.Success, await file.TryWriteAsync(0, [2]));
        Assert.Equal([1], File.ReadAllBytes(Path.Join(_parent.Path, "shared.old", "old")));
        Assert.Equal(NtStatus.Success, await (await tree.Session.ConnectAsync("s")).TryOpenAsync("file-of-the-new-one"));
        Assert.Contains(_log.Entries, entry => entry.Level == LogLevel.Warning && entry.Text.Contains(_folder, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_client_that_stays_connected_creates_nothing_in_the_old_folder_and_its_opens_end_by_themselves()
    {
        await StartAsync();
        var tree = await ConnectAsync();
        var file = await tree.OpenAsync("old");
        Swap("new");
        await Task.Delay(150); // an open looks at the place ten times a second
        Assert.Equal(NtStatus.NetworkNameDeleted, await tree.TryOpenAsync("written", CreateDisposition.OpenIf));
        await TestServer.UntilAsync(() => _server!.Opens.Count == 0, "the open on the old folder has ended");
        Assert.NotEqual(NtStatus.Success, await file.TryWriteAsync(0, [2]));
        Assert.Equal(["old"], Directory.GetFileSystemEntries(Path.Join(_parent.Path, "shared.old")).Select(Path.GetFileName));
        Assert.Equal(["new"], Directory.GetFileSystemEntries(_folder).Select(Path.GetFileName));
    }

    [Fact]
    public async Task What_was_to_be_deleted_in_the_old_folder_is_not_deleted_in_the_new_one()
    {
        await StartAsync();
        var tree = await ConnectAsync();
        await tree.OpenAsync("same", options: CreateOptions.DeleteOnClose);
        Swap("same");
        await ConnectAsync();
        await TestServer.UntilAsync(() => _server!.Opens.Count == 0, "the open on the old folder has ended");
        Assert.True(File.Exists(Path.Join(_folder, "same")));
        Assert.False(File.Exists(Path.Join(_parent.Path, "shared.old", "same")));
    }

    [Fact]
    public async Task A_folder_that_is_missing_is_no_share_and_not_healthy_until_it_is_back()
    {
        await StartAsync();
        File.WriteAllText(Path.Join(_folder, "file"), "x");
        var tree = await ConnectAsync();
        Assert.Equal(HealthStatus.Healthy, (await CheckHealthAsync()).Status);
        Directory.Move(_folder, _folder + ".away");
        var session = await LogOnAsync();
        Assert.Equal(NtStatus.BadNetworkName, await session.TryConnectAsync("s"));
        Assert.Equal(NtStatus.NetworkNameDeleted, await tree.TryOpenAsync("file"));
        var health = await CheckHealthAsync();
        Assert.Equal(HealthStatus.Unhealthy, health.Status);
        Assert.Contains("s", health.Description, StringComparison.Ordinal);
        Assert.False(Assert.Single(_server!.Shares).IsAvailable);
        Directory.Move(_folder + ".away", _folder);
        Assert.Equal(NtStatus.Success, await (await session.ConnectAsync("s")).TryOpenAsync("file"));
        Assert.Equal(HealthStatus.Healthy, (await CheckHealthAsync()).Status);
        Assert.True(Assert.Single(_server.Shares).IsAvailable);
        Assert.Single(_log.Entries, entry => entry.Text.Contains("not there any more", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Two_shares_of_one_folder_move_together()
    {
        await StartAsync(second: true);
        var one = await ConnectAsync();
        var two = await (await LogOnAsync()).ConnectAsync("two");
        Swap("new");
        await ConnectAsync("two");
        Assert.Equal(NtStatus.NetworkNameDeleted, await one.TryOpenAsync("x"));
        Assert.Equal(NtStatus.NetworkNameDeleted, await two.TryOpenAsync("x"));
        var first = await (await one.Session.ConnectAsync("s")).OpenAsync("new", share: ShareAccess.None);
        Assert.Equal(NtStatus.SharingViolation, await (await two.Session.ConnectAsync("two")).TryOpenAsync("new"));
        await first.CloseAsync();
    }

    [RootFact]
    public async Task A_disk_that_is_mounted_late_is_served_and_can_be_unmounted_when_nothing_is_open()
    {
        await StartAsync();
        var session = await LogOnAsync();
        var before = await session.ConnectAsync("s");
        Assert.Equal(NtStatus.Success, await before.TryOpenAsync("on-the-mount-point", CreateDisposition.Create));
        File.Delete(Path.Join(_folder, "on-the-mount-point"));
        MountDisk();
        var tree = await session.ConnectAsync("s");
        Assert.Equal(NtStatus.NetworkNameDeleted, await before.TryOpenAsync("x", CreateDisposition.Create));
        var file = await tree.OpenAsync("on-the-disk");
        var directory = await tree.OpenAsync("d", options: CreateOptions.DirectoryFile);
        Assert.NotEqual(0, Machine.Try("umount", _folder).Code); // somebody has something open
        await file.CloseAsync();
        await directory.CloseAsync();
        Machine.Run("umount", _folder); // though two clients are connected to it

        // The bare mount point is no share.
        Assert.Equal(NtStatus.BadNetworkName, await session.TryConnectAsync("s"));
        Assert.NotEqual(NtStatus.Success, await tree.TryOpenAsync("written", CreateDisposition.Create));
        Assert.Equal(HealthStatus.Unhealthy, (await CheckHealthAsync()).Status);
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
        MountDisk();
        Assert.Equal(NtStatus.Success, await (await session.ConnectAsync("s")).TryOpenAsync("again", CreateDisposition.Create));
        Assert.True(File.Exists(Path.Join(_folder, "again")));
    }

    [RootFact]
    public async Task A_folder_that_something_was_mounted_over_is_served_again_when_it_has_something_in_it()
    {
        await StartAsync();
        File.WriteAllText(Path.Join(_folder, "below"), "x");
        var session = await LogOnAsync();
        MountDisk();
        Assert.Equal(NtStatus.ObjectNameNotFound, await (await session.ConnectAsync("s")).TryOpenAsync("below"));
        Machine.Run("umount", _folder);
        Assert.Equal(NtStatus.Success, await (await session.ConnectAsync("s")).TryOpenAsync("below"));
    }

    [RootFact]
    public async Task Sizes_are_those_of_the_file_system_that_the_open_is_on()
    {
        Directory.CreateDirectory(Path.Join(_folder, "disk"));
        var disk = Path.Join(_folder, "disk");
        Machine.Run("mount", "-t", "tmpfs", "-o", "size=7m", "none", disk);
        try
        {
            using var store = new PhysicalFileStore(_folder);
            var volume = new Smb3.Embedded.Files.Volume(store, new Smb3.Embedded.Files.VolumeOptions());
            var root = (await store.GetVolumeAsync(default)).Value;
            foreach (var (path, isOnDisk) in new[] { ("", false), ("disk", true), ("disk\\file", true), ("file", false), ("disk\\file:s", true) })
            {
                var outcome = await volume.CreateAsync(
                    new Smb3.Embedded.Files.Creating.CreateParameters
                    {
                        Path = path,
                        Caller = Files.TestVolume.Alice,
                        DesiredAccess = FileAccessMask.FileAllAccess,
                        ShareAccess = ShareAccess.All,
                        Disposition = CreateDisposition.OpenIf,
                        ShareMaximalAccess = FileAccessMask.FileAllAccess,
                    },
                    default);
                Assert.Equal(NtStatus.Success, outcome.Status);
                var here = (await outcome.Open!.GetVolumeAsync(default)).Value;
                Assert.Equal(isOnDisk ? 7L << 20 : root.TotalBytes, here.TotalBytes);
                Assert.Equal((root.SerialNumber, root.Label, root.CreationTime), (here.SerialNumber, here.Label, here.CreationTime));
                await outcome.Open!.CloseAsync();
            }

            Assert.Equal(NtStatus.NotSameDevice, await store.RenameAsync(new StorePath("file"), new StorePath("disk\\moved"), false, default));
            Assert.Equal(NtStatus.NotSameDevice, await store.RenameAsync(new StorePath("file"), new StorePath("disk\\file"), true, default));
            Assert.Equal(NtStatus.NotSameDevice, await store.LinkAsync(new StorePath("file"), new StorePath("disk\\link"), false, default));
            Assert.Equal(NtStatus.NotSameDevice, await store.LinkAsync(new StorePath("file"), new StorePath("disk\\file"), true, default));
        }
        finally
        {
            Machine.Run("umount", disk);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_folder_in_two_shares_of_which_one_is_posix_is_refused_by_name_in_either_order(bool posixFirst)
    {
        var options = new SmbServerOptions();
        options.Transports.Add(() => new InMemoryTransport());
        options.Shares.Add(new SmbShareOptions { Name = "one", Folder = _folder, Posix = posixFirst });
        options.Shares.Add(new SmbShareOptions { Name = "two", Folder = _folder, Posix = !posixFirst });
        await using var server = new SmbServer(string.Empty, options, new SingleLoggerFactory(_log), meters: null, owned: null);
        var refused = await Assert.ThrowsAsync<SmbServerStartException>(() => server.StartAsync());
        Assert.Contains("same folder", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_layer_cannot_read_is_told_in_the_log_once_and_to_who_asks_for_health()
    {
        await File.WriteAllTextAsync(Path.Join(_folder, "plain"), "as it was");
        await StartAsync(storeOfTheHost: true, key: new byte[32]);
        var file = await (await ConnectAsync()).OpenAsync("plain");
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(NtStatus.FileCorruptError, await file.TryReadAsync(0, 9));
        }

        for (var i = 0; Told() == 0 && i < 200; i++)
        {
            await Task.Delay(100);
        }

        await Task.Delay(TimeSpan.FromSeconds(1.5)); // it is looked at once a second
        Assert.Equal(1, Told());
        Assert.Contains("key", (await CheckHealthAsync()).Description, StringComparison.Ordinal);

        int Told() => _log.Entries.Count(static entry => entry.Level == LogLevel.Warning && entry.Text.Contains("encrypted with a key", StringComparison.Ordinal));
    }

    private void Swap(string file)
    {
        Directory.Move(_folder, _folder + ".old");
        Directory.CreateDirectory(_folder);
        File.WriteAllText(Path.Join(_folder, file), "new");
    }

    private void MountDisk() => Machine.Run("mount", "-t", "tmpfs", "-o", "size=8m", "none", _folder);

    private async Task StartAsync(bool storeOfTheHost = false, bool second = false, byte[]? key = null)
    {
        var options = new SmbServerOptions { DrainTimeout = TimeSpan.FromSeconds(3) };
        options.Transports.Add(() => _transport = new InMemoryTransport());
        options.Shares.Add(storeOfTheHost
            ? new SmbShareOptions { Name = "s", Store = key is null ? new PhysicalFileStore(_folder) : new PhysicalFileStore(_folder).WithEncryption(key) }
            : new SmbShareOptions { Name = "s", Folder = _folder });
        if (second)
        {
            options.Shares.Add(new SmbShareOptions { Name = "two", Folder = _folder });
        }

        options.Users.Add("u", "pw");
        _server = new SmbServer(string.Empty, options, new SingleLoggerFactory(_log), meters: null, owned: null);
        await _server.StartAsync();
    }

    private async Task<SmbTestSession> LogOnAsync()
    {
        var client = new SmbTestConnection(_transport.Connect(), null);
        _clients.Add(client);
        return await client.LogOnAsync("u", "pw");
    }

    private async Task<SmbTestTree> ConnectAsync(string share = "s") => await (await LogOnAsync()).ConnectAsync(share);

    private Task<HealthCheckResult> CheckHealthAsync()
    {
        var check = new SmbServerHealthCheck(_server!);
        return check.CheckHealthAsync(new HealthCheckContext
        {
            Registration = new HealthCheckRegistration("smb", check, HealthStatus.Unhealthy, null),
        });
    }

    private sealed class SingleLoggerFactory(ILogger logger) : ILoggerFactory
    {
        public void AddProvider(ILoggerProvider provider)
        {
        }

        public ILogger CreateLogger(string categoryName) => logger;

        public void Dispose()
        {
        }
    }
}
