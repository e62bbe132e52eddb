using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Smb3.Embedded.Contention.Running;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Transport.DirectTcp;

namespace Smb3.Embedded.Contention.Crashes;

/// <summary>The lives of the server, one after the other: it is killed at random moments, also while it starts, and started again.</summary>
internal sealed class ServerLives(CrashSettings settings, ServerPlace place, RunReport report) : IServers, IDisposable
{
    private const string Who = "the server";
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);

    private readonly Random _random = new(settings.Run.Seed);
    private TaskCompletionSource _up = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ServerProcess? _life;
    private TimeSpan _startTime = TimeSpan.FromSeconds(1);
    private volatile bool _isOver;

    /// <inheritdoc/>
    public ConcurrentDictionary<ulong, Guid> Ids { get; } = new();

    /// <summary>How many have been ended by SIGKILL.</summary>
    public int Kills { get; private set; }

    /// <summary>Whether the state store was seen with records in it.</summary>
    public bool HasSeenRecords { get; private set; }

    /// <inheritdoc/>
    public bool IsOne => true;

    /// <inheritdoc/>
    public bool IsOver => _isOver || !report.IsFine;

    /// <inheritdoc/>
    public Task WhenUp => Volatile.Read(ref _up).Task;

    /// <inheritdoc/>
    public string NameOf(int client) => Who;

    /// <inheritdoc/>
    public void Answered(string server, Place place, string? folder, NtStatus status, DateTime sent, DateTime received)
    {
        // there is no other
    }

    /// <inheritdoc/>
    public Task<IByteStream> ConnectAsync(int client) => settings.Run.Connect();

    /// <inheritdoc/>
    public void Leave(int client)
    {
        // there is no other
    }

    /// <inheritdoc/>
    public bool Go(int client, IPAddress server) => false;

    /// <summary>The first life, or one after the last kill.</summary>
    public async Task StartAsync()
    {
        var watch = Stopwatch.StartNew();
        _life = ServerProcess.Start(place.Program, place.Arguments, place.Home);
        if (!await _life.Listening.WaitAsync(StartPatience))
        {
            throw new InvalidOperationException("The server does not start: " + string.Join(Environment.NewLine, _life.Log.TakeLast(20)));
        }

        _startTime = watch.Elapsed;
        _up.TrySetResult();
    }

    /// <summary>Kills and starts, until it has been enough; leaves the server running.</summary>
    public async Task RunAsync()
    {
        try
        {
            while (!Enough())
            {
                // Short lives, so that clients are killed while they come back; and longer ones, in which they all have come back.
                await Task.Delay(_random.Next(4) == 0 ? _random.Next(0, 300) : _random.Next(200, 2500));
                await KillAsync();
                await LookAsync();
                while (!Enough() && _random.Next(3) == 0)
                {
                    await DieAtStartAsync();
                }

                await StartAsync();
            }
        }
        catch (Exception e)
        {
            report.Wrong(Who, e.ToString());
        }
        finally
        {
            _isOver = true;
        }
    }

    /// <summary>SIGTERM, and what was wrong in this life.</summary>
    /// <returns>Its log.</returns>
    public async Task<IReadOnlyList<string>> StopAsync()
    {
        GoDown();
        var code = await _life!.StopAsync();
        if (code != 0)
        {
            report.Wrong(Who, $"it ended with exit code {code}");
        }

        return Bury();
    }

    public void Dispose() => _life?.Dispose();

    private bool Enough() =>
        !report.IsFine || (settings.Kills is { } kills ? Kills >= kills : report.Elapsed >= settings.Run.Time);

    /// <summary>Clients wait from now on, all for the same start, however many fail before it.</summary>
    private void GoDown()
    {
        if (WhenUp.IsCompleted)
        {
            Volatile.Write(ref _up, new(TaskCreationOptions.RunContinuationsAsynchronously));
        }
    }

    private async Task KillAsync()
    {
        GoDown();
        await _life!.KillAsync();
        Kills++;
        report.Count("kills");
        Bury();
    }

    /// <summary>
    /// Once, with something open: that there are records then is what makes it mean something that there are none at the end. Later what a
    /// process has left must be found by the next one as it is.
    /// </summary>
    private async Task LookAsync()
    {
        if (!HasSeenRecords && report.CountOf("opens") > 0)
        {
            HasSeenRecords = (await place.ReadStateAsync()).Count > 0;
        }
    }

    /// <summary>A life that ends before anybody could connect, most often while the records are read.</summary>
    private async Task DieAtStartAsync()
    {
        _life = ServerProcess.Start(place.Program, place.Arguments, place.Home);
        await Task.WhenAny(Task.Delay(_startTime * (0.3 + (0.7 * _random.NextDouble()))), _life.Listening);
        report.Count(_life.Listening.IsCompleted ? "kills just after the start" : "kills at the start");
        await KillAsync();
    }

    private IReadOnlyList<string> Bury()
    {
        var log = _life!.Log;
        File.AppendAllLines(place.Log, [$"==== life {Kills}, ended at {report.Elapsed.TotalSeconds:f2}s", .. log]);
        foreach (var error in _life.Errors)
        {
            report.Wrong(Who, "logged: " + error);
        }

        report.Count("warnings logged", log.Count(static line => line.StartsWith("warn:", StringComparison.Ordinal)));
        _life.Dispose();
        return log;
    }
}
