using System.Net;
using System.Net.Sockets;
using Smb3.Embedded.Contention.Crashes;
using Smb3.Embedded.Contention.Running;

namespace Smb3.Embedded.Contention.Clusters;

/// <summary>A node: an address, a way to the database, and one process after the other.</summary>
internal sealed class ClusterNode : IDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(3);

    private readonly ClusterPlace _place;
    private readonly RunReport _report;
    private ServerProcess? _life;
    private int _lives;

    public ClusterNode(int number, ClusterPlace place, RunReport report)
    {
        _place = place;
        _report = report;
        Number = number;
        Name = $"node{number}";
        Database = new DatabasePath(() => new IPEndPoint(IPAddress.Loopback, place.Database.Port));

        // One port for all lives, as clients come back to where they were.
        var address = IPAddress.Parse($"127.0.41.{number}");
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(address, 0));
        EndPoint = (IPEndPoint)probe.LocalEndPoint!;
        Clock = number == 1 && place.ClockLibrary is { } library ? new SteppedClock(library, place.Home, Name) : null;
        Clock?.Set(0);
    }

    /// <summary>Which one it is, from 1 on.</summary>
    public int Number { get; }

    public string Name { get; }

    public IPEndPoint EndPoint { get; }

    /// <summary>Its way to the database.</summary>
    public DatabasePath Database { get; }

    /// <summary>Its wall clock; <see langword="null"/>: nothing is done to it. One node is enough, and is the slower for it.</summary>
    public SteppedClock? Clock { get; }

    /// <summary>Whether clients cannot reach it.</summary>
    public bool IsCutOff { get; set; }

    public async Task StartAsync()
    {
        _life = ServerProcess.Start(
            _place.Program,
            [
                _place.ConnectionString(Database.Port),
                _place.Folder,
                $"{LocalServer.User}:{LocalServer.Password}",
                $"lease={ClusterPlace.LeaseTime.TotalSeconds:0}",
                $"{Name}={EndPoint}",
            ],
            _place.Home,
            Clock?.Environment);
        if (!await _life.Listening.WaitAsync(StartPatience))
        {
            throw new InvalidOperationException($"{Name} does not start: " + string.Join(Environment.NewLine, _life.Log.TakeLast(20)));
        }
    }

    /// <inheritdoc cref="ServerProcess.OrderAsync"/>
    public Task<string?> OrderAsync(string order) => _life!.OrderAsync(order);

    public async Task KillAsync()
    {
        await _life!.KillAsync();
        Bury();
    }

    public Task PauseAsync() => _life!.PauseAsync();

    public Task ResumeAsync() => _life!.ResumeAsync();

    /// <summary>SIGTERM: it gives its shares away and ends.</summary>
    public async Task StopAsync()
    {
        if (await _life!.StopAsync() is var code and not 0)
        {
            _report.Wrong(Name, $"it ended with exit code {code}");
        }

        Bury();
    }

    public void Dispose()
    {
        _life?.Dispose();
        Database.Dispose();
    }

    /// <summary>A node that cannot reach the database logs errors, as it should; what ends a process is no such thing.</summary>
    private void Bury()
    {
        File.AppendAllLines(
            Path.Combine(_place.Home, Name + ".log"), [$"==== life {++_lives}, ended at {_report.Elapsed.TotalSeconds:f2}s", .. _life!.Log]);
        foreach (var line in _life.Log.Where(static line =>
            line.StartsWith("crit:", StringComparison.Ordinal) || line.StartsWith("Unhandled exception", StringComparison.Ordinal)))
        {
            _report.Wrong(Name, "logged: " + line);
        }

        _life.Dispose();
    }
}
