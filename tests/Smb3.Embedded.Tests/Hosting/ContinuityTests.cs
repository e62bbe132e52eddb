using System.Diagnostics;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Hosting.DependencyInjection;
using Smb3.Embedded.Nt;
using Smb3.Embedded.State;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.Storage.Physical;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Tests.Files;
using Smb3.Embedded.Tests.Protocol;
using Smb3.Embedded.Tests.Protocol.Persistence;
using Smb3.Embedded.Tests.Storage;
using Smb3.Embedded.Transport.InMemory;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Io;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting;

/// <summary>A server with a state store goes on where the one before it has ended.</summary>
public sealed class ContinuityTests : PersistentTest, IAsyncDisposable, IAsyncLifetime
{
    private readonly TestStateStore _state = new();
    private readonly MemoryFileStore _files = new();
    private readonly RecordingLogger _log = new();
    private readonly List<SmbTestConnection> _clients = [];
    private InMemoryTransport _transport = new();
    private SmbServer? _server;

    private static string Scope => "share:VM";

    [Fact]
    public async Task Who_waits_when_the_server_stops_is_not_told_that_it_was_cancelled()
    {
        await StartAsync();
        var tree = await ConnectAsync();
        var file = new SmbTestFile(tree, await OpenAsync(tree, "f"));
        Assert.Equal(NtStatus.Success, await file.LockAsync(0, 1));
        var other = await ConnectAsync();
        var waiting = await other.Session.Connection.SendAsync((await other.OpenAsync("f")).LockRequest(0, 1, LockFlags.Exclusive));
        await waiting.InterimAsync();

        await _server!.StopAsync();
        await Assert.ThrowsAsync<EndOfStreamException>(async () => await waiting.ResponseAsync());
    }

    [Fact]
    public async Task A_clean_stop_keeps_what_is_open_with_its_locks_and_what_is_to_be_deleted()
    {
        await StartAsync();
        var tree = await ConnectAsync();
        var file = new SmbTestFile(tree, await OpenAsync(tree, "f", ReadWriteHandle, options: CreateOptions.DeleteOnClose));
        await file.WriteAsync(0, [1, 2, 3]);
        Assert.Equal(NtStatus.Success, await file.LockAsync(0, 2));
        Assert.Single(_state.Records(Scope));
        await _server!.StopAsync();
        Assert.Single(_state.Records(Scope));
        Assert.True(await ExistsAsync("f"));

        await StartAsync();
        Assert.True(_server.LastRecovery is { Restored: 1, Dropped: 0 });
        var waiting = Assert.Single(_server.Opens);
        Assert.False(waiting.IsConnected);
        Assert.InRange(waiting.WaitsFor!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5));
        Assert.Contains(_log.Entries, static entry => entry.Text.StartsWith("1 opens of", StringComparison.Ordinal));

        var next = await ConnectAsync();
        var back = await BackAsync(next, "f", file.FileId, Key);
        Assert.Equal([1, 2, 3], await back.ReadAsync(0, 3));
        Assert.Equal(NtStatus.LockNotGranted, await back.LockAsync(1, 1));
        Assert.Null(Assert.Single(_server.Opens).WaitsFor);
        await back.CloseAsync();
        Assert.False(await ExistsAsync("f"));
        Assert.Empty(_state.Records(Scope));
    }

    [Fact]
    public async Task A_server_is_the_same_to_its_clients_and_never_gives_an_id_twice()
    {
        await StartAsync();
        var tree = await ConnectAsync();
        var server = tree.Session.Connection.Negotiated!.ServerGuid;
        var first = await OpenAsync(tree, "f");
        await new SmbTestFile(tree, first).CloseAsync();
        await RestartAsync();
        tree = await ConnectAsync();
        Assert.Equal(server, tree.Session.Connection.Negotiated!.ServerGuid);
        var second = await OpenAsync(tree, "f");
        Assert.NotEqual(first.FileId.Persistent, second.FileId.Persistent);
        Assert.True(second.FileId.Persistent >> 40 > first.FileId.Persistent >> 40);
    }

    [Fact]
    public async Task A_process_that_died_leaves_what_its_clients_had_and_nothing_that_it_had_not_answered()
    {
        await StartAsync();
        var tree = await ConnectAsync();
        var file = new SmbTestFile(tree, await OpenAsync(tree, "f", ReadWriteHandle));
        Assert.Equal(NtStatus.Success, await file.LockAsync(0, 2));

        // The state store takes nothing more: what is done from here on happens in a process that is already dead.
        _state.Failure = new IOException("the process is dead");
        Assert.Equal(NtStatus.InsufficientResources, await file.LockAsync(10, 2));
        Assert.Equal(
            NtStatus.InsufficientResources, (await tree.CallAsync(Smb2Command.Create, Create(tree, "g", Persistent(Guid.NewGuid())).Body)).Status);
        await _server!.StopAsync();
        _state.Failure = null;
        await StartAsync();
        Assert.True(_server.LastRecovery is { Restored: 1, Dropped: 0 });
        tree = await ConnectAsync();
        var back = await BackAsync(tree, "f", file.FileId, Key);
        Assert.Equal(NtStatus.LockNotGranted, await back.LockAsync(0, 2));
        Assert.Equal(NtStatus.Success, await back.LockAsync(10, 2));
    }

    [Fact]
    public async Task A_lock_that_could_not_be_kept_is_not_held()
    {
        await StartAsync();
        var tree = await ConnectAsync();
        var file = new SmbTestFile(tree, await OpenAsync(tree, "f"));
        var other = await tree.OpenAsync("f");
        _state.Failure = new IOException("no space left");
        Assert.Equal(NtStatus.InsufficientResources, await file.LockAsync(0, 2));
        Assert.Equal(NtStatus.Success, await other.LockAsync(0, 2));
        var health = await CheckHealthAsync();
        Assert.Equal(HealthStatus.Degraded, health.Status);
        Assert.Contains("no space left", health.Description, StringComparison.Ordinal);
        Assert.True(Assert.Single(_server!.KeptState) is { Failures: > 0, Records: 1, IsImpaired: true });

        _state.Failure = null;
        Assert.Equal(NtStatus.Success, await other.LockAsync(0, 2, LockFlags.Unlock));
        Assert.Equal(NtStatus.Success, await file.LockAsync(0, 2));
        Assert.Equal(HealthStatus.Healthy, (await CheckHealthAsync()).Status);
    }

    [Fact]
    public async Task A_server_that_another_has_succeeded_serves_the_share_no_more()
    {
        await StartAsync();
        var tree = await ConnectAsync();
        await _state.AcquireAsync(Scope, default);
        var refused = await tree.CallAsync(Smb2Command.Create, Create(tree, "f", Persistent()).Body);
        Assert.NotEqual(NtStatus.Success, refused.Status);
        await TestServer.UntilAsync(() => !_server!.Shares.Contains("vm"), "the share is gone");
        Assert.Empty(_state.Records(Scope));
    }

    [Fact]
    public async Task A_share_that_is_added_later_brings_its_opens_back_too()
    {
        await StartAsync();
        var tree = await ConnectAsync();
        var opened = await OpenAsync(tree, "f");
        await _server!.StopAsync();
        await StartAsync(withShare: false);
        Assert.Empty(_server.Opens);
        await _server.Shares.AddAsync(NewShare());
        Assert.Single(_server.Opens);
        tree = await ConnectAsync();
        await (await BackAsync(tree, "f", opened.FileId)).CloseAsync();
    }

    [Fact]
    public async Task A_share_whose_state_cannot_be_read_is_not_added_and_can_be_later()
    {
        await StartAsync(withShare: false);
        _state.Unreadable = true;
        await Assert.ThrowsAsync<IOException>(() => _server!.Shares.AddAsync(NewShare()));
        Assert.False(_server!.Shares.Contains("vm"));
        Assert.Equal(0, _server.Shares.Served.Volumes.Count);
        _state.Unreadable = false;
        await _server.Shares.AddAsync(NewShare());
        await OpenAsync(await ConnectAsync(), "f");
    }

    [Fact]
    public async Task A_server_whose_state_cannot_be_read_does_not_start_and_says_why()
    {
        var store = new MemoryStateStore();
        await store.DisposeAsync();
        await using var server = NewServer(store);
        var refused = await Assert.ThrowsAsync<SmbServerStartException>(() => server.StartAsync());
        Assert.Contains("state store", refused.Message, StringComparison.Ordinal);
        Assert.Equal(SmbServerState.Stopped, server.State);
    }

    [Fact]
    public async Task Thousands_of_opens_are_back_soon_on_a_real_folder()
    {
        const int Count = 2_000;
        var folder = new TemporaryFolder();
        var (scope, sample) = ("folder:" + folder.Path, OpenRecordFormatTests.Sample());
        var changes = new List<StateChange>();
        using (var store = new PhysicalFileStore(folder.Path))
        {
            for (var i = 0; i < Count; i++)
            {
                var path = new StorePath($"f{i}");
                var made = await store.CreateAsync(path, new NewFile { Attributes = FileAttributes.Normal, IsDirectory = false }, default);
                Assert.Equal(NtStatus.Success, made.Status);
                var file = made.Value;
                await using var fileUse = file;
                var record = sample with
                {
                    FileId = (await file.GetMetadataAsync(default)).Value.FileId,
                    Path = path,
                    MovingTo = null,
                    Stream = null,
                    Lease = sample.Lease! with { Key = Guid.NewGuid() },
                    Durable = sample.Durable with { PersistentId = (ulong)i + 1, CreateGuid = Guid.NewGuid() },
                };
                changes.Add(new StateChange(record.Durable.PersistentId.ToString("x16", null), OpenRecordFormat.Write(record)));
            }
        }

        await _state.CommitAsync(scope, await _state.AcquireAsync(scope, default), changes, default);
        var options = new SmbServerOptions { StateStore = _state };
        options.Transports.Add(() => new InMemoryTransport());
        options.Shares.Add(new SmbShareOptions { Name = "vm", Folder = folder.Path, ContinuouslyAvailable = true });
        await using var server = new SmbServer(string.Empty, options, new SingleLoggerFactory(_log), meters: null, owned: null);
        var began = Stopwatch.GetTimestamp();
        await server.StartAsync();
        var took = Stopwatch.GetElapsedTime(began);
        Assert.True(server.LastRecovery is { Restored: Count, Dropped: 0 }, server.LastRecovery?.ToString());
        Assert.True(took < TimeSpan.FromSeconds(10), $"{took}"); // a tenth of it, on an idle machine
        await server.DisposeAsync();
        folder.Delete();
    }

    async Task IAsyncLifetime.DisposeAsync() => await DisposeAsync();

    public new async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }

        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        await base.DisposeAsync();
    }

    private SmbShareOptions NewShare() => new() { Name = "vm", Store = _files, ContinuouslyAvailable = true };

    private SmbServer NewServer(IStateStore state, bool withShare = true)
    {
        var options = new SmbServerOptions { DrainTimeout = TimeSpan.FromSeconds(3), StateStore = state };
        options.Transports.Add(() => _transport = new InMemoryTransport());
        if (withShare)
        {
            options.Shares.Add(NewShare());
        }

        options.Users.Add("u", "pw");
        return new SmbServer(string.Empty, options, new SingleLoggerFactory(_log), meters: null, owned: null);
    }

    /// <summary>A server in another process: nothing is left of the one before it but files and state.</summary>
    private async Task StartAsync(bool withShare = true)
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _server = NewServer(_state, withShare);
        await _server.StartAsync();
    }

    private async Task RestartAsync()
    {
        await _server!.StopAsync();
        await StartAsync();
    }

    private async Task<SmbTestTree> ConnectAsync()
    {
        var client = new SmbTestConnection(_transport.Connect(), Client);
        _clients.Add(client);
        return await (await client.LogOnAsync("u", "pw")).ConnectAsync("vm");
    }

    private async Task<bool> ExistsAsync(string name)
    {
        var opened = await _files.OpenAsync(new StorePath(name), StoreAccess.Metadata, default);
        if (opened.Succeeded)
        {
            await opened.Value.DisposeAsync();
        }

        return opened.Succeeded;
    }

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
