using System.Diagnostics;
using System.IO.Pipelines;
using System.Security.Cryptography;
using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Dfs;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Files;
using Smb3.Embedded.Fuzzing.Cases;
using Smb3.Embedded.Fuzzing.Driving;
using Smb3.Embedded.Hosting;
using Smb3.Embedded.Hosting.Life;
using Smb3.Embedded.Hosting.Users;
using Smb3.Embedded.Security.Authentication;
using Smb3.Embedded.Security.Authentication.Ntlm;
using Smb3.Embedded.Security.Authentication.Spnego;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Sessions.Shares;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.Storage.Physical;
using Smb3.Embedded.Transport.DirectTcp;
using Smb3.Embedded.Transport.InMemory;

namespace Smb3.Embedded.Fuzzing.Running;

/// <summary>
/// A whole server whose clock is set by hand and that answers on the thread that asks. It lives for many rounds; each has files of its own.
/// </summary>
internal sealed class FuzzServer : IDisposable
{
    public const string Password = "Pa$$w0rd";
    public static readonly string[] Users = ["alice", "bob"];
    public static readonly string[] ShareNames = ["data", "sealed", "readonly", "posix", "open", "ca", "space"];

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly InMemoryTransport _transport = new(PipeScheduler.Inline);
    private readonly ServerMetrics _metrics = new(null);
    private readonly ActivitySource _activities = new("Smb3.Embedded.Fuzzing");
    private readonly ServerRun _run;
    private string? _folder;
    private Volume? _volume;
    private FuzzJournal _journal = new();

    public FuzzServer(Setting setting)
    {
        Setting = setting;
        var settings = new ServerSettings
        {
            SigningRequired = setting.SigningRequired,
            Encryption = setting.EncryptionRequired ? EncryptionPolicy.Required : EncryptionPolicy.Auto,
            AllowGuest = setting.Guests,
            AllowAnonymous = setting.Guests,
            PosixExtensions = true,
            TimeProvider = _time,
            Limits = new ServerLimits { AuthenticationTimeout = TimeSpan.FromHours(1), IdleTimeout = null },
        };
        var users = new InMemoryUserStore();
        foreach (var user in Users)
        {
            users.Add(user, Password);
        }

        var ntlm = new NtlmAuthenticatorOptions
        {
            NetBiosComputerName = "SERVER",
            NetBiosDomainName = "SERVER",
            DnsComputerName = "server",
            Time = _time,
            Random = RandomNumberGenerator.Create(),
        };
        var throttle = new LogonThrottleOptions { FirstDelay = TimeSpan.Zero, FailuresPerAddress = null, FailuresPerUser = null };
        var accounts = new AccountDirectory("SERVER", users);
        var mechanism = new NtlmMechanism(ntlm, users, accounts);
        _run = new ServerRun(new ServerParts(
            settings,
            new SpnegoAuthenticator([mechanism], accounts),
            accounts,
            new LogonThrottle(throttle, _time),
            null,
            Faults,
            _metrics,
            _activities)
        {
            RpcAuthenticators = new RpcAuthenticators(mechanism, null, accounts),
        });
        _run.Add(_transport);
        _run.Begin();
    }

    public Setting Setting { get; }

    /// <summary>How long, by the clock on the wall, something may take that is to happen.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Told of what must be gone when the round is.</summary>
    public EndedObjects? Ended { get; init; }

    public FaultLog Faults { get; } = new();

    private ServerGraph Graph => _run.Graph;

    public IByteStream Connect() => _transport.Connect();

    public void Pass(TimeSpan time) => _time.Advance(time);

    /// <summary>New files for a new round.</summary>
    public void BeginRound()
    {
        IFileStore store;
        if (Setting.Folder)
        {
            _folder = Directory.CreateTempSubdirectory("smb3-fuzz-").FullName;
            store = new PhysicalFileStore(_folder);
        }
        else
        {
            store = new MemoryFileStore(new MemoryFileStoreOptions { Capacity = 1 << 26, Time = _time });
        }

        _journal = new FuzzJournal();
        _volume = new Volume(store, new VolumeOptions { Time = _time, Journal = _journal });
        Ended?.Note("volumes", _volume);
        Graph.Shares.TryAdd(new Share { Name = "data", Volume = _volume });
        Graph.Shares.TryAdd(new Share { Name = "sealed", Volume = _volume, Encrypt = true });
        Graph.Shares.TryAdd(new Share { Name = "readonly", Volume = _volume, ReadOnly = true });
        Graph.Shares.TryAdd(new Share { Name = "posix", Volume = _volume, Posix = true });
        Graph.Shares.TryAdd(new Share { Name = "open", Volume = _volume, AllowGuest = true });
        Graph.Shares.TryAdd(NewNamespace());
        Graph.Shares.TryAdd(new Share { Name = "ca", Volume = _volume, AllowGuest = true, IsContinuouslyAvailable = true });
    }

    /// <summary>
    /// When every client has gone and every time-out has passed, nothing may be left in any table. Takes the files away.
    /// </summary>
    public void EndRound()
    {
        var watch = Stopwatch.StartNew();
        List<string> left;
        while ((left = Leftovers()).Count > 0)
        {
            if (watch.Elapsed > Patience)
            {
                throw new FuzzFailure("left behind", string.Join(", ", left));
            }

            _time.Advance(TimeSpan.FromMinutes(1));
            Thread.Sleep(1);
        }

        Abandon();
    }

    /// <summary>Takes the files away, whatever is left.</summary>
    public void Abandon()
    {
        foreach (var name in ShareNames)
        {
            Graph.Shares.RemoveAsync(name).AsTask().Wait(Patience);
        }

        _volume = null;
        if (_folder is not null)
        {
            Remove(_folder);
            _folder = null;
        }
    }

    /// <summary>Remembers what the round has made, without keeping it.</summary>
    public void NoteObjects()
    {
        foreach (var connection in Ended is null ? [] : Graph.Connections)
        {
            Ended!.Note("connections", connection);
        }

        foreach (var session in Ended is null ? [] : Graph.Sessions)
        {
            Ended!.Note("sessions", session);
        }
    }

    /// <summary>Requests that are being served although nobody waits for an answer any more.</summary>
    public string? FindRunning()
    {
        foreach (var connection in Graph.Connections)
        {
            if (connection.Pending.Count > 0)
            {
                return $"{connection.Pending.Count} pending on connection {connection.Id}";
            }

            if (connection.Notifications is ConnectionLoop { Running.Count: > 0 } loop)
            {
                return $"{loop.Running.Count} running on connection {connection.Id}";
            }
        }

        return null;
    }

    public void Dispose()
    {
        var stopping = _run.StopAsync(TimeSpan.FromSeconds(5), CancellationToken.None);
        while (!stopping.Wait(10))
        {
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        _run.Dispose();
        _metrics.Dispose();
        _activities.Dispose();
    }

    /// <summary>A server that has failed may still be writing there; what it leaves is the temporary folder's.</summary>
    private static void Remove(string folder)
    {
        for (var tries = 0; tries < 5; tries++)
        {
            try
            {
                Directory.Delete(folder, recursive: true);
                return;
            }
            catch (IOException)
            {
                Thread.Sleep(20);
            }
        }
    }

    /// <summary>A namespace with links that have names of the other shares' directories.</summary>
    private Share NewNamespace()
    {
        var targets = new FixedTargets([new DfsTarget(@"\one\a"), new DfsTarget(@"\two\b\c") { PriorityRank = 1 }], TimeSpan.FromMinutes(5));
        var root = new DfsNamespace("space", new DfsContents { Links = [new DfsLink(@"dir\sub", targets), new DfsLink("Tree", targets)] }, default);
        var volume = new Volume(new NamespaceStore(root), new VolumeOptions { Time = _time });
        return new Share { Name = root.Name, Volume = volume, ReadOnly = true, AllowGuest = true, Dfs = root };
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

        var volume = _volume!;
        Expect(Graph.Connections.Count, "connections");
        Expect(Graph.Sessions.Count, "sessions");
        Expect(Graph.Clients.Count, "clients");
        Expect(Graph.Opens.Count, "opens in the table of durable ones");
        Expect(Graph.Opens.DisconnectedCount, "opens without a connection");
        Expect(Graph.Opens.Persistent.Count, "persistent opens");
        Expect(Graph.Shares.All.Sum(share => share.CurrentUses), "uses of shares");
        Expect(volume.OpenCount, "opens");
        Expect(volume.OpenFiles.Count, "files in the table of open files");
        Expect(volume.Watches.Count, "watches");
        Expect(volume.LeasedDirectories.Count, "directories that somebody caches");
        Expect(volume.Doomed.Count, "names that are to be deleted");
        Expect(volume.PathLocks.Count, "names that are being worked on");
        _journal.CommitAsync().AsTask().Wait(Patience);
        Expect(_journal.Count, "records of opens");
        return left;
    }
}
