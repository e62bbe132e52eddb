using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Hosting;
using Smb3.Embedded.Hosting.Interfaces;
using Smb3.Embedded.Hosting.Life;
using Smb3.Embedded.Hosting.Users;
using Smb3.Embedded.Security.Authentication;
using Smb3.Embedded.Security.Authentication.Gss;
using Smb3.Embedded.Security.Authentication.Ntlm;
using Smb3.Embedded.Security.Authentication.Spnego;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Sessions.Shares;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.Transport;
using Smb3.Embedded.Transport.DirectTcp;
using Smb3.Embedded.Transport.InMemory;
using Smb3.Embedded.Transport.Rdma;
using Smb3.Embedded.Transport.Rdma.InProcess;
using Smb3.Embedded.Transport.Tcp;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>What is between a <see cref="TestServer"/> and its clients.</summary>
public enum TestTransport
{
    InMemory,

    /// <summary>Whole messages in memory: no stream of bytes, and nothing in front of a message.</summary>
    Messages,

    /// <summary>SMB Direct over queue pairs in the process.</summary>
    Rdma,

    /// <summary>TCP by the runtime's own means.</summary>
    PortableTcp,

    /// <summary>TCP as the system does it best.</summary>
    Tcp,
}

/// <summary>How a <see cref="TestServer"/> differs from the usual one.</summary>
internal sealed record TestServerOptions
{
    public ServerSettings Settings { get; init; } = new();

    public SmbServerHooks? Hooks { get; init; }

    /// <summary>Puts something around the memory store.</summary>
    public Func<IFileStore, IFileStore>? Store { get; init; } = UsualStore;

    /// <summary>SMB3_TEST_LAYERS=1 lays stores on the store of all tests: nobody is to notice.</summary>
    private static Func<IFileStore, IFileStore>? UsualStore =>
        Environment.GetEnvironmentVariable("SMB3_TEST_LAYERS") == "1"
            ? static store => store.WithQuota(1L << 40).WithVersions().WithRecycleBin(new RecycleBinOptions { IsListed = false }) : null;

    /// <summary>Whether changes are answered only when they are on the disk.</summary>
    public bool WritesThrough { get; init; }

    /// <summary>Where opens are kept that outlive the process.</summary>
    internal IOpenJournal? Journal { get; init; }

    /// <summary>What <see cref="TestServer.ConnectUntrackedAsync"/> goes over.</summary>
    public TestTransport Transport { get; init; } = Usual;

    /// <summary>SMB3_TEST_TRANSPORT lets all tests go over another one that is as good for them.</summary>
    private static TestTransport Usual =>
        Enum.Parse<TestTransport>(Environment.GetEnvironmentVariable("SMB3_TEST_TRANSPORT") ?? nameof(TestTransport.InMemory));

    /// <summary>Limits of tries at passwords; nobody is delayed unless a test wants it.</summary>
    public LogonThrottleOptions LogonThrottle { get; init; } = new() { FirstDelay = TimeSpan.Zero };

    /// <summary>Puts something around the users, alice and bob.</summary>
    public Func<ISmbUserStore, ISmbUserStore>? Users { get; init; }

    /// <summary>Puts something around NTLM.</summary>
    public Func<IGssMechanism, IGssMechanism>? Mechanism { get; init; }

    /// <summary>Puts something around the log that <see cref="TestServer.Log"/> shows.</summary>
    public Func<ILogger, ILogger>? Logger { get; init; }

    /// <summary>Finds what clients are told of the server's interfaces.</summary>
    public InterfaceScan? Interfaces { get; init; }

    /// <summary>Whether client and server run on one thread.</summary>
    public bool Inline { get; init; }

    /// <summary>Whether the test itself makes the server fail, so that a logged fault is no error.</summary>
    public bool FaultsExpected { get; init; }
}

/// <summary>
/// A whole server behind an in-memory transport, with the shares "data" (any user), "sealed" (encrypted), "readonly" and "open" (guests
/// too) on one volume, and "ca" (continuously available) when there is a journal. When it ends it checks that it left nothing behind and that nothing failed inside it.
/// </summary>
internal sealed class TestServer : IAsyncDisposable
{
    public const string Alice = "alice";
    public const string Bob = "bob";
    public const string Password = "Pa$$w0rd";

    /// <summary>How long something may be awaited that happens soon: only on a busy machine, or never, does it take so long.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly TestServerOptions _options;
    private readonly ServerRun _run;
    private readonly InMemoryTransport _transport;
    private readonly SmbDirectListener _direct;
    private readonly InProcessFabric _fabric;

    /// <summary>Messages as long as over TCP, so that every test can go over either.</summary>
    private readonly SmbDirectSettings _directSettings;
    private readonly TcpTransportListener? _tcp;
    private readonly RecordingLogger _log = new();
    private readonly ConcurrentQueue<SmbTestConnection> _clients = new();
    private readonly ServerMetrics _metrics = new(null);
    private readonly ActivitySource _activities = new("Smb3.Embedded.Tests");

    public TestServer(TestServerOptions? options = null)
    {
        _options = options ?? new TestServerOptions();
        _transport = new InMemoryTransport(_options.Inline ? PipeScheduler.Inline : null);
        _fabric = new InProcessFabric(_options.Inline);
        _directSettings = new SmbDirectSettings { MaxFragmentedSize = (1 << 24) - 1, IsInline = _options.Inline };

        // A busy machine must not make requests slow, unless the test has the clock in its hand.
        var settings = _options.Settings.TimeProvider == TimeProvider.System
            ? _options.Settings with { InterimResponseDelay = TimeSpan.FromMinutes(1) }
            : _options.Settings;
        var users = new InMemoryUserStore();
        users.Add(Alice, Password);
        users.Add(Bob, Password);
        var ntlm = new NtlmAuthenticatorOptions
        {
            NetBiosComputerName = "SERVER",
            NetBiosDomainName = "SERVER",
            DnsComputerName = "server",
            Time = settings.TimeProvider,
            Random = RandomNumberGenerator.Create(),
        };
        var accounts = new AccountDirectory("SERVER", users);
        var mechanism = new NtlmMechanism(ntlm, _options.Users?.Invoke(users) ?? users, accounts);
        _run = new ServerRun(new ServerParts(
            settings,
            new SpnegoAuthenticator([_options.Mechanism?.Invoke(mechanism) ?? mechanism], accounts),
            accounts,
            new LogonThrottle(_options.LogonThrottle, settings.TimeProvider),
            _options.Hooks,
            _options.Logger?.Invoke(_log) ?? _log,
            _metrics,
            _activities)
        {
            RpcAuthenticators = new RpcAuthenticators(mechanism, null, accounts),
            Interfaces = _options.Interfaces ?? new InterfaceScan(new InterfaceFilter([]), [], settings.TimeProvider),
        });
        IFileStore store = Memory = new MemoryFileStore(new MemoryFileStoreOptions { Capacity = 1 << 28 });
        Volume = new Volume(_options.Store?.Invoke(store) ?? store, new VolumeOptions
        {
            Journal = _options.Journal,
            Time = settings.TimeProvider,
            WritesThrough = _options.WritesThrough,
            Logger = _log,
        });
        Graph.Shares.TryAdd(new Share { Name = "data", Volume = Volume });
        Graph.Shares.TryAdd(new Share { Name = "sealed", Volume = Volume, Encrypt = true });
        Graph.Shares.TryAdd(new Share { Name = "readonly", Volume = Volume, ReadOnly = true });
        Graph.Shares.TryAdd(new Share { Name = "posix", Volume = Volume, Posix = true });
        Graph.Shares.TryAdd(new Share { Name = "open", Volume = Volume, AllowGuest = true });
        if (_options.Journal is not null)
        {
            Graph.Shares.TryAdd(new Share { Name = "ca", Volume = Volume, IsContinuouslyAvailable = true });
        }

        Assert.True(_run.RecoverAsync(CancellationToken.None).AsTask().Wait(TimeSpan.FromSeconds(30)));
        _run.Add(_transport);
        _run.Add(_direct = new SmbDirectListener(_fabric, _directSettings));
        if (_options.Transport is TestTransport.Tcp or TestTransport.PortableTcp)
        {
            _tcp = TcpTransportListener.Listen(
                new IPEndPoint(IPAddress.Loopback, 0), 128, portable: _options.Transport == TestTransport.PortableTcp);
            _run.Add(new DirectTcpListener(_tcp));
        }

        _run.Begin();
    }

    public ServerGraph Graph => _run.Graph;

    public Volume Volume { get; }

    /// <summary>Where its files are, under what the options put around it.</summary>
    public MemoryFileStore Memory { get; }

    /// <summary>Where the server takes the bytes of requests and responses from.</summary>
    public BufferPool Bytes => _options.Transport == TestTransport.Rdma ? _direct.Buffers : _transport.Buffers;

    /// <summary>What the server logged, from Debug on.</summary>
    public IReadOnlyCollection<LogEntry> Log => _log.Entries;

    public bool Logged(string text) => _log.Entries.Any(entry => entry.Text.Contains(text, StringComparison.Ordinal));

    /// <summary>A new client that has connected and done nothing yet.</summary>
    public SmbTestConnection Connect(SmbTestClientOptions? options = null, IPAddress? from = null)
    {
        var client = _options.Transport switch
        {
            TestTransport.Messages => new SmbTestConnection(_transport.ConnectByMessages(from), options),
            TestTransport.Rdma => new SmbTestConnection(ConnectByRdma(out _, from), options),
            _ => new SmbTestConnection(_transport.Connect(from), options),
        };
        _clients.Enqueue(client);
        return client;
    }

    /// <summary>A new client over whole messages, whose memory the server reaches.</summary>
    public SmbTestConnection Connect(OpenedMemory memory)
    {
        var client = new SmbTestConnection(_transport.ConnectByMessages(memory: memory));
        _clients.Enqueue(client);
        return client;
    }

    /// <summary>A new client over SMB Direct.</summary>
    /// <param name="pair">Its end of the connection, where it opens memory.</param>
    /// <param name="options">What it offers.</param>
    /// <param name="throughMemory">Whether the data of its READs and WRITEs goes through its memory without the test saying so.</param>
    /// <param name="settings">What it offers of SMB Direct.</param>
    public SmbTestConnection ConnectRdma(
        out InProcessQueuePair pair, SmbTestClientOptions? options = null, bool throughMemory = false, SmbDirectSettings? settings = null)
    {
        var transport = ConnectByRdma(out pair, settings: settings);
        var client = new SmbTestConnection(transport, options, throughMemory ? new DataByRdma(pair, pair) : null);
        _clients.Enqueue(client);
        return client;
    }

    /// <summary>The same over a transport that the test takes back.</summary>
    public (SmbTestConnection Client, LentTransport Transport) ConnectRdmaLent(out InProcessQueuePair pair, SmbTestClientOptions? options = null)
    {
        var transport = new LentTransport(ConnectByRdma(out pair));
        var client = new SmbTestConnection(transport, options);
        _clients.Enqueue(client);
        return (client, transport);
    }

    /// <summary>The same over the transport of the options, and nothing remembers it: the test ends it.</summary>
    public async Task<SmbTestConnection> ConnectUntrackedAsync(SmbTestClientOptions? options = null)
    {
        if (_tcp is null)
        {
            return _options.Transport switch
            {
                TestTransport.Messages => new SmbTestConnection(_transport.ConnectByMessages(), options),
                TestTransport.Rdma => new SmbTestConnection(ConnectByRdma(out _), options),
                _ => new SmbTestConnection(_transport.Connect(), options),
            };
        }

        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(_tcp.EndPoint);
        return new SmbTestConnection(new TcpTransportConnection(socket), options);
    }

    /// <summary>A new client whose alice has logged on.</summary>
    public async Task<SmbTestSession> LogOnAsync(SmbTestClientOptions? options = null, string user = Alice) =>
        await Connect(options).LogOnAsync(user, Password);

    /// <summary>A new client whose alice has connected to a share.</summary>
    public async Task<SmbTestTree> ConnectToAsync(string share = "data", SmbTestClientOptions? options = null) =>
        await (await LogOnAsync(options)).ConnectAsync(share);

    public Task StopAsync(TimeSpan drain) => _run.StopAsync(drain, CancellationToken.None);

    /// <summary>Waits for what happens soon but not at once.</summary>
    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < Patience, "Still not so: " + what);
            await Task.Delay(5);
        }
    }

    /// <summary>Fails when the server had a fault of its own until now.</summary>
    public void AssertNoFaults() =>
        Assert.True(_options.FaultsExpected || !_log.HasFaults, string.Join(Environment.NewLine, _log.Entries.Where(entry => entry.Level >= LogLevel.Error).Select(entry => entry.Text)));

    public async ValueTask DisposeAsync()
    {
        while (_clients.TryDequeue(out var client))
        {
            await client.DisposeAsync();
        }

        await UntilAsync(() => Graph.Connections.Count == 0, "every connection is gone");
        await StopAsync(TimeSpan.FromSeconds(5));
        Assert.Empty(Graph.Sessions);
        Assert.Empty(Graph.Clients);
        Assert.All(Graph.Shares.All, share => Assert.Equal(0, share.CurrentUses));
        Assert.Equal(0, Volume.OpenCount);
        Assert.Equal(0, Volume.OpenFiles.Count);
        AssertNoFaults();
        _run.Dispose();
        _metrics.Dispose();
        _activities.Dispose();
        await _transport.DisposeAsync();
        await _fabric.DisposeAsync();
        Assert.Equal(0, _fabric.Buffers.Rented);
    }

    private SmbDirectTransport ConnectByRdma(out InProcessQueuePair pair, IPAddress? from = null, SmbDirectSettings? settings = null)
    {
        settings ??= _directSettings;
        pair = _fabric.Connect(from, settings.MaxReceiveSize);
        return SmbDirectTransport.Connect(pair, settings, _fabric.Buffers);
    }
}
