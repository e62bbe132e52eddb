using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.Transport.DirectTcp;
using Smb3.Embedded.Transport.InMemory;
using Smb3.Embedded.Tests.Storage;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting;

public sealed class SmbServerTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task It_starts_stops_and_starts_again()
    {
        await using var server = Create();
        for (var i = 0; i < 3; i++)
        {
            await server.StartAsync();
            Assert.Equal(SmbServerState.Running, server.State);
            using var socket = await ConnectAsync(server);
            await UntilAsync(() => server.Connections.Count == 1);
            await server.StopAsync();
            Assert.Equal(SmbServerState.Stopped, server.State);
            Assert.Empty(server.EndPoints);
            Assert.Empty(server.Connections);
            Assert.Equal(0, await socket.ReceiveAsync(new byte[1]).WaitAsync(Soon));
        }
    }

    [Fact]
    public async Task A_stopped_server_accepts_nothing()
    {
        await using var server = Create();
        await server.StartAsync();
        var endPoint = server.EndPoints[0];
        await server.StopAsync();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await Assert.ThrowsAsync<SocketException>(() => socket.ConnectAsync(endPoint));
    }

    [Fact]
    public async Task Starting_twice_is_an_error_and_stopping_twice_is_not()
    {
        await using var server = Create();
        await server.StartAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(() => server.StartAsync());
        Assert.Equal(SmbServerState.Running, server.State);
        await server.StopAsync();
        await server.StopAsync();
    }

    [Fact]
    public async Task A_disposed_server_does_not_start_again()
    {
        var server = Create();
        await server.StartAsync();
        await server.DisposeAsync();
        await server.DisposeAsync();
        Assert.Equal(SmbServerState.Stopped, server.State);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => server.StartAsync());
    }

    [Fact]
    public async Task Several_run_side_by_side()
    {
        await using var first = Create();
        await using var second = Create();
        await first.StartAsync();
        await second.StartAsync();
        Assert.NotEqual(first.EndPoints[0], second.EndPoints[0]);
        using var one = await ConnectAsync(first);
        using var two = await ConnectAsync(second);
        await UntilAsync(() => first.Connections.Count == 1 && second.Connections.Count == 1);
        await first.StopAsync();
        Assert.Single(second.Connections);
    }

    [Fact]
    public async Task A_taken_port_is_explained_and_leaves_nothing_open()
    {
        using var holder = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        holder.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        holder.Listen();
        var taken = (IPEndPoint)holder.LocalEndPoint!;
        await using var server = Create(options =>
        {
            options.Listen.Add(taken);
            options.Shares.Add(new SmbShareOptions { Name = "s", Folder = AppContext.BaseDirectory });
        });
        var e = await Assert.ThrowsAsync<SmbServerStartException>(() => server.StartAsync());
        Assert.Contains($"port {taken.Port} is already in use", e.Message, StringComparison.Ordinal);
        Assert.Contains("--listen", e.Message, StringComparison.Ordinal);
        Assert.Equal(SmbServerState.Stopped, server.State);
        Assert.Equal(0, server.Shares.Served.Volumes.Count);

        holder.Dispose();
        await server.StartAsync();
        Assert.Contains(taken, server.EndPoints);
    }

    [Fact]
    public async Task A_folder_that_is_not_there_is_explained()
    {
        var missing = Path.Combine(AppContext.BaseDirectory, "no such folder");
        await using var server = Create(options => options.Shares.Add(new SmbShareOptions { Name = "s", Folder = missing }));
        var e = await Assert.ThrowsAsync<SmbServerStartException>(() => server.StartAsync());
        Assert.Contains(missing, e.Message, StringComparison.Ordinal);
        Assert.Contains("'s'", e.Message, StringComparison.Ordinal);
    }

    [LinuxFact]
    public async Task A_folder_that_cannot_have_quotas_is_explained()
    {
        await using var server = Create(options => options.Shares.Add(new SmbShareOptions { Name = "s", Folder = "/proc/sys", Quotas = true }));
        var e = await Assert.ThrowsAsync<SmbServerStartException>(() => server.StartAsync());
        Assert.Contains("clear Quotas", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_folder_in_two_shares_of_which_one_has_quotas_is_refused()
    {
        await using var server = Create(options =>
        {
            options.Shares.Add(new SmbShareOptions { Name = "one", Folder = AppContext.BaseDirectory });
            options.Shares.Add(new SmbShareOptions { Name = "two", Folder = AppContext.BaseDirectory, Quotas = true });
        });
        var e = await Assert.ThrowsAsync<SmbServerStartException>(() => server.StartAsync());
        Assert.Contains("another Quotas", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ends_when_it_is_cancelled()
    {
        await using var server = Create();
        using var cancel = new CancellationTokenSource();
        var running = server.RunAsync(cancel.Token);
        await UntilAsync(() => server.State == SmbServerState.Running);
        await cancel.CancelAsync();
        await running.WaitAsync(Soon);
        Assert.Equal(SmbServerState.Stopped, server.State);
    }

    [Fact]
    public async Task Run_ends_when_somebody_stops_the_server()
    {
        await using var server = Create();
        var running = server.RunAsync();
        await UntilAsync(() => server.State == SmbServerState.Running);
        await server.StopAsync();
        await running.WaitAsync(Soon);
    }

    [Fact]
    public async Task A_share_whose_files_are_somebody_elses_goes_with_all_others_on_them_and_its_store_is_let_go_as_it_is()
    {
        await using var server = Create(options => options.Listen.Add(new IPEndPoint(IPAddress.Loopback, 0)));
        await server.StartAsync();
        var store = new MemoryFileStore();
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            await server.Shares.AddAsync("a", store);
            await server.Shares.AddAsync("b", store);
            await server.Shares.AddAsync("folder", folder.FullName);
            var placed = server.Graph!.Shares.Find("folder")!.Volume!;
            Assert.True(await server.Shares.Served.FenceAsync("A"));
            Assert.Equal(["folder"], server.Shares.Select(share => share.Name));
            Assert.False(await server.Shares.Served.FenceAsync("a"));
            Assert.True(await server.Shares.Served.FenceAsync("folder"));
            Assert.Equal(0, server.Shares.Served.Volumes.Count);
            Assert.True(placed.Fence.IsUp);

            // Taken back, it is opened anew.
            await server.Shares.AddAsync("folder", folder.FullName);
            Assert.False(server.Graph.Shares.Find("folder")!.Volume!.Fence.IsUp);
        }
        finally
        {
            folder.Delete();
        }
    }

    [Fact]
    public async Task Shares_come_and_go_while_it_runs()
    {
        await using var server = Create();
        await server.StartAsync();
        await server.Shares.AddAsync("a", "memory:");
        await server.Shares.AddAsync("b", new MemoryFileStore());
        Assert.Equal(["a", "b"], server.Shares.Select(share => share.Name));
        Assert.NotNull(server.Graph!.Shares.Find("A"));

        var before = server.Graph.Shares.Find("a")!;
        await server.Shares.ChangeAsync(new SmbShareOptions { Name = "A", Folder = "memory:", ReadOnly = true });
        Assert.True(before.IsRemoved);
        Assert.True(server.Graph.Shares.Find("a")!.ReadOnly);

        Assert.True(await server.Shares.RemoveAsync("A"));
        Assert.False(await server.Shares.RemoveAsync("a"));
        Assert.Null(server.Graph.Shares.Find("a"));
        Assert.Equal(1, server.Shares.Served.Volumes.Count);
    }

    [Fact]
    public async Task Shares_that_were_added_are_there_after_a_restart()
    {
        await using var server = Create();
        await server.Shares.AddAsync("early", "memory:");
        await server.StartAsync();
        await server.Shares.AddAsync("late", "memory:");
        await server.StopAsync();
        await server.StartAsync();
        Assert.NotNull(server.Graph!.Shares.Find("early"));
        Assert.NotNull(server.Graph.Shares.Find("late"));
    }

    [Fact]
    public async Task Shares_on_one_folder_see_each_others_opens()
    {
        await using var server = Create();
        await server.StartAsync();
        await server.Shares.AddAsync("a", AppContext.BaseDirectory);
        await server.Shares.AddAsync("b", Path.Combine(AppContext.BaseDirectory, "."));
        await server.Shares.AddAsync("m", "memory:");
        await server.Shares.AddAsync("n", "memory:");
        var shares = server.Graph!.Shares;
        Assert.Same(shares.Find("a")!.Volume, shares.Find("b")!.Volume);
        Assert.NotSame(shares.Find("m")!.Volume, shares.Find("n")!.Volume);
    }

    [Fact]
    public async Task A_share_that_cannot_be_is_refused_and_changes_nothing()
    {
        await using var server = Create();
        await server.StartAsync();
        await server.Shares.AddAsync("a", "memory:");
        await Assert.ThrowsAsync<InvalidOperationException>(() => server.Shares.AddAsync("A", "memory:"));
        await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(() => server.Shares.AddAsync("IPC$", "memory:"));
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => server.Shares.AddAsync(new SmbShareOptions { Name = "g", Folder = "memory:", AllowGuest = true }));
        await Assert.ThrowsAsync<SmbServerStartException>(
            () => server.Shares.ChangeAsync(new SmbShareOptions { Name = "a", Folder = "/no/such/folder" }));
        Assert.Equal("memory:", Assert.Single(server.Shares).Folder);
        Assert.False(server.Graph!.Shares.Find("a")!.IsRemoved);
    }

    [Fact]
    public async Task Users_come_and_go_while_it_runs()
    {
        await using var server = Create(options => options.Users.Add("first", "x"));
        await server.StartAsync();
        server.Users.Add("second", "y", ["staff"]);
        Assert.Equal(2, server.Users.Count);
        Assert.True(await server.Users.RemoveAsync("FIRST"));
        Assert.False(await server.Users.RemoveAsync("first"));
        Assert.Single(server.Users);
    }

    [Fact]
    public async Task A_connection_over_memory_can_be_seen_and_ended()
    {
        var transport = new InMemoryTransport();
        await using var server = Create(options => options.Transports.Add(() => transport), tcp: false);
        await server.StartAsync();
        var client = transport.Connect(IPAddress.Parse("192.0.2.7"));
        await UntilAsync(() => server.Connections.Count == 1);
        var connection = server.Connections[0];
        Assert.Equal(IPAddress.Parse("192.0.2.7"), ((IPEndPoint)connection.Info.Remote).Address);
        Assert.Equal(string.Empty, connection.Dialect);
        await connection.EndAsync();
        await EndsAsync(client);
        await UntilAsync(() => server.Connections.Count == 0);
    }

    [Fact]
    public async Task A_connection_above_a_limit_is_closed_and_the_others_stay()
    {
        var transport = new InMemoryTransport();
        await using var server = Create(
            options =>
            {
                options.Transports.Add(() => transport);
                options.Limits.MaxConnections = 3;
                options.Limits.MaxConnectionsPerAddress = 2;
            },
            tcp: false);
        await server.StartAsync();
        transport.Connect();
        transport.Connect();
        await UntilAsync(() => server.Connections.Count == 2);
        await EndsAsync(transport.Connect());
        transport.Connect(IPAddress.Parse("192.0.2.7"));
        await UntilAsync(() => server.Connections.Count == 3);
        await EndsAsync(transport.Connect(IPAddress.Parse("192.0.2.8")));
        Assert.Equal(3, server.Connections.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_hook_that_refuses_or_throws_closes_the_connection(bool throws)
    {
        var transport = new InMemoryTransport();
        var hooks = new Refusing(throws);
        await using var server = Create(
            options =>
            {
                options.Transports.Add(() => transport);
                options.Hooks = hooks;
            },
            tcp: false);
        await server.StartAsync();
        await EndsAsync(transport.Connect());
        Assert.Equal("RefusedByHost", await hooks.Disconnected.WaitAsync(Soon));
        Assert.Empty(server.Connections);
    }

    [Fact]
    public async Task Stopping_does_not_wait_for_a_hook_that_does_not_come_back()
    {
        var transport = new InMemoryTransport();
        var hooks = new Hanging();
        await using var server = Create(
            options =>
            {
                options.Transports.Add(() => transport);
                options.Hooks = hooks;
            },
            tcp: false);
        await server.StartAsync();
        transport.Connect();
        await hooks.Asked.WaitAsync(Soon);
        await server.StopAsync().WaitAsync(Soon);
    }

    [Fact]
    public async Task Metrics_count_the_connections()
    {
        var transport = new InMemoryTransport();
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var options = new SmbServerOptions { Transports = { () => transport } };
        await using var server =
            new SmbServer(string.Empty, options, NullLoggerFactory.Instance, services.GetRequiredService<IMeterFactory>(), owned: null);
        long open = 0, ended = 0;
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, it) =>
        {
            if (instrument.Meter.Name == SmbServer.MeterName && instrument.Meter.Scope == services.GetRequiredService<IMeterFactory>())
            {
                it.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) =>
        {
            _ = instrument.Name switch
            {
                "smb.server.connections" => Interlocked.Add(ref open, value),
                "smb.server.connections.ended" => Interlocked.Add(ref ended, value),
                _ => 0,
            };
        });
        listener.Start();
        await server.StartAsync();
        transport.Connect();
        await UntilAsync(() => Interlocked.Read(ref open) == 1);
        await server.StopAsync();
        Assert.Equal((0, 1), (Interlocked.Read(ref open), Interlocked.Read(ref ended)));
    }

    [Fact]
    public async Task A_host_starts_and_stops_it()
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection([new("Smb:Listen", "127.0.0.1:0"), new("Smb:Shares:0", "a=memory:")]);
        builder.Services.AddSingleton(new MemoryFileStore());
        builder.Services.AddSmbServer(
            builder.Configuration.GetSection("Smb"), smb => smb.AddShare("b", services => services.GetRequiredService<MemoryFileStore>()));
        builder.Services.AddHealthChecks().AddSmbServer();
        using var host = builder.Build();
        var health = host.Services.GetRequiredService<HealthCheckService>();
        Assert.Equal(HealthStatus.Unhealthy, (await health.CheckHealthAsync()).Status);
        await host.StartAsync();
        var server = host.Services.GetRequiredService<SmbServer>();
        Assert.Equal(["a", "b"], server.Shares.Select(share => share.Name));
        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync()).Status);
        await host.StopAsync();
        Assert.Equal(SmbServerState.Stopped, server.State);
        await ((IAsyncDisposable)host).DisposeAsync();
    }

    [Fact]
    public async Task A_host_can_have_several_by_name()
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSmbServer("inside", smb => smb.Listen("127.0.0.1:0"));
        builder.Services.AddSmbServer("outside", smb => smb.Listen("127.0.0.1:0"));
        Assert.Throws<InvalidOperationException>(() => builder.Services.AddSmbServer("inside", _ => { }));
        using var host = builder.Build();
        await host.StartAsync();
        var inside = host.Services.GetRequiredKeyedService<SmbServer>("inside");
        var outside = host.Services.GetRequiredKeyedService<SmbServer>("outside");
        Assert.Equal(("inside", SmbServerState.Running), (inside.Name, inside.State));
        Assert.NotEqual(inside.EndPoints[0], outside.EndPoints[0]);
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
    }

    [Fact]
    public async Task The_builder_puts_together_what_it_was_told()
    {
        var builder = SmbServer.CreateBuilder(["--Smb:ServerName=ARGS"]);
        builder.Listen("127.0.0.1:0").AddShare("m", "memory:", share => share.Comment = "c").AddUser("u", "p", "staff")
            .Configure(options => Assert.Equal("ARGS", options.ServerName));
        await using var server = builder.Build();
        await server.StartAsync();
        Assert.Equal("c", Assert.Single(server.Shares).Comment);
        Assert.Single(server.Users);
        Assert.Equal(IPAddress.Loopback, ((IPEndPoint)server.EndPoints[0]).Address);
    }

    [Fact]
    public void The_builder_takes_no_empty_password_and_no_second_user_of_a_name()
    {
        var builder = SmbServer.CreateBuilder(["--Smb:Users:0=carol:secret"]).AddUser("alice", "secret");
        Assert.Contains("anybody could log on", Assert.Throws<ArgumentException>(() => builder.AddUser("bob", "")).Message, StringComparison.Ordinal);
        Assert.Contains("already", Assert.Throws<ArgumentException>(() => builder.AddUser("ALICE", "other")).Message, StringComparison.Ordinal);
        builder.AddUser("Carol", "other");
        var failure = Assert.Throws<OptionsValidationException>(() => builder.Build());
        Assert.Contains("'Carol' already", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_an_end_point_it_is_the_loopback()
    {
        Assert.Equal(4450, SmbServerOptions.DefaultPort);
        Assert.Empty(new SmbServerOptions().Listen);
    }

    private static SmbServer Create(Action<SmbServerOptions>? configure = null, bool tcp = true)
    {
        var options = new SmbServerOptions { DrainTimeout = TimeSpan.FromSeconds(1) };
        if (tcp)
        {
            options.Listen.Add(new IPEndPoint(IPAddress.Loopback, 0));
        }

        configure?.Invoke(options);
        return new SmbServer(string.Empty, options, NullLoggerFactory.Instance, meters: null, owned: null);
    }

    private static async Task<Socket> ConnectAsync(SmbServer server)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server.EndPoints[0]);
        return socket;
    }

    private static async Task EndsAsync(IByteStream client)
    {
        var read = await client.Input.ReadAsync().AsTask().WaitAsync(Soon);
        Assert.True(read.IsCompleted || read.IsCanceled);
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(Soon);
        while (!holds())
        {
            await Task.Delay(5, patience.Token);
        }
    }

    private sealed class Refusing(bool throws) : SmbServerHooks
    {
        private readonly TaskCompletionSource<string> _disconnected = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> Disconnected => _disconnected.Task;

        public override ValueTask<bool> OnConnectingAsync(SmbConnectionInfo connection, CancellationToken cancellationToken) =>
            throws ? throw new InvalidOperationException("A hook's own fault.") : new(false);

        public override void OnDisconnected(SmbConnectionInfo connection, string reason)
        {
            _disconnected.TrySetResult(reason);
            throw new InvalidOperationException("Nobody may notice.");
        }
    }

    private sealed class Hanging : SmbServerHooks
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Asked => _asked.Task;

        public override async ValueTask<bool> OnConnectingAsync(SmbConnectionInfo connection, CancellationToken cancellationToken)
        {
            _asked.TrySetResult();
            await Task.Delay(Timeout.Infinite, CancellationToken.None);
            return true;
        }
    }
}
