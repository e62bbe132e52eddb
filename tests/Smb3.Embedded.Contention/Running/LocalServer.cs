using Microsoft.Extensions.Logging;
using Smb3.Embedded.Contention.Faults;
using Smb3.Embedded.Files;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.Transport.DirectTcp;
using Smb3.Embedded.Transport.InMemory;

namespace Smb3.Embedded.Contention.Running;

/// <summary>A server in this process whose tables can be looked at when everybody has gone.</summary>
internal sealed class LocalServer : IAsyncDisposable
{
    public const string Share = "data";
    public const string User = "user";
    public const string Password = "password";

    private readonly SmbServer _server;
    private readonly InMemoryTransport _transport;
    private readonly FaultCounter _faults = new();

    private LocalServer(TimeProvider time, WriteLedger? ledger)
    {
        _transport = new InMemoryTransport();
        var store = new MemoryFileStore(new MemoryFileStoreOptions { Capacity = 1 << 28 });
        var builder = SmbServer.CreateBuilder()
            .AddUser(User, Password)
            .AddShare(Share, new DawdlingStore(store, ledger is null ? null : ledger.Add))
            .Configure(options =>
            {
                options.TimeProvider = time;
                options.Limits.AuthenticationTimeout = TimeSpan.FromMinutes(20);
                options.Limits.IdleTimeout = null;
                options.Transports.Add(() => _transport);
                options.Transports.Add(Rdma.Listen);
            });
        builder.Logging.ClearProviders();
        builder.Logging.AddProvider(_faults);
        _server = builder.Build();
    }

    /// <summary>Where it is reached over SMB Direct.</summary>
    public RdmaPlace Rdma { get; } = new();

    public ServerGraph Graph => _server.Graph!;

    public Volume Volume => Graph.Shares.All.First(share => share.Name == Share).Volume!;

    public static async Task<LocalServer> StartAsync(TimeProvider time, WriteLedger? ledger = null)
    {
        var server = new LocalServer(time, ledger);
        await server._server.StartAsync();
        return server;
    }

    public IByteStream Connect() => _transport.Connect();

    /// <summary>What is left when no client is there any more; empty when all is well.</summary>
    public async Task<List<string>> FindLeftoversAsync()
    {
        List<string> left = [];
        for (var tries = 0; tries < 200; tries++)
        {
            left = Leftovers();
            if (left.Count == 0)
            {
                break;
            }

            await Task.Delay(50);
        }

        left.AddRange(_faults.Texts.Select(text => "logged: " + text));
        return left;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await Rdma.DisposeAsync();
    }

    private List<string> Leftovers()
    {
        var left = new List<string>();
        void Expect(int count, string what)
        {
            if (count != 0)
            {
                left.Add($"{count} {what}");
            }
        }

        Expect((int)Rdma.Rented, "pieces of registered memory");
        Expect(Volume.OpenCount, "opens");
        Expect(Volume.OpenFiles.Count, "files in the table of open files");
        Expect(Volume.Watches.Count, "watches");
        Expect(Graph.Sessions.Count, "sessions");
        Expect(Graph.Sessions.Sum(session => session.Opens.Count), "opens of sessions");
        Expect(Graph.Clients.Sum(client => client.Leases.Count), "leases");
        Expect(Graph.Clients.Count, "clients");
        Expect(Graph.Connections.Sum(connection => connection.Pending.Count), "pending requests");
        Expect(Graph.Connections.Count, "connections");
        Expect(Graph.Opens.Count, "opens in the table of durable ones");
        Expect(Graph.Opens.DisconnectedCount, "opens without a connection");
        Expect(Graph.Shares.All.Sum(share => share.CurrentUses), "uses of shares");
        Expect(Volume.LeasedDirectories.Count, "directories that somebody caches");
        Expect(Volume.Doomed.Count, "names that are to be deleted");
        Expect(Volume.PathLocks.Count, "names that are being worked on");
        return left;
    }

    private sealed class FaultCounter : ILoggerProvider, ILogger
    {
        private readonly Lock _sync = new();
        private readonly List<string> _texts = [];

        public List<string> Texts
        {
            get
            {
                lock (_sync)
                {
                    return [.. _texts];
                }
            }
        }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
            {
                return;
            }

            lock (_sync)
            {
                if (_texts.Count < 20)
                {
                    _texts.Add($"{formatter(state, exception)} {exception}");
                }
            }
        }

        public void Dispose()
        {
        }
    }
}
