using System.Diagnostics;
using System.Globalization;
using Smb3.Embedded.Fuzzing.Cases;
using Smb3.Embedded.Fuzzing.Driving;

namespace Smb3.Embedded.Fuzzing.Running;

/// <summary>Round after round, until the time is over or the messages are sent; ends at the first failure.</summary>
internal sealed class FuzzRun
{
    private static readonly TimeSpan MinimizeFor = TimeSpan.FromSeconds(90);

    private readonly Dictionary<Setting, FuzzServer> _servers = [];
    private readonly SuccessTable _table = new();
    private readonly EndedObjects _ended = new();
    private readonly HeapWatch _heap;
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly FuzzOptions _options;
    private long _messages;

    public FuzzRun(FuzzOptions options)
    {
        _options = options;
        _heap = new HeapWatch(_ended);
    }

    public bool Run()
    {
        using var watchdog = new Watchdog(TimeSpan.FromMinutes(2));
        var round = _options.FirstRound;
        var shown = TimeSpan.Zero;
        for (; !IsOver(); round++)
        {
            watchdog.Begin($"round {round} of seed {_options.Seed}");
            if (!RunOne(round))
            {
                Show(round);
                return false;
            }

            if (_heap.Look(_messages) is { } grown)
            {
                Console.WriteLine($"FAILED: {grown}");
                Show(round);
                return false;
            }

            if (_watch.Elapsed - shown > TimeSpan.FromSeconds(30))
            {
                shown = _watch.Elapsed;
                Show(round);
            }
        }

        foreach (var server in _servers.Values)
        {
            server.Dispose();
        }

        Show(round);
        Console.WriteLine(_table);
        return true;
    }

    /// <summary>Whether a case that is written down passes.</summary>
    public static bool Replay(string path)
    {
        var one = CaseFile.Read(path);
        var failure = new Minimizer(one.Setting, TimeSpan.Zero).Try(one.Steps);
        Console.WriteLine(failure is null ? $"{path}: fine" : $"{path}: {failure.Message}");
        return failure is null;
    }

    private static Setting SettingOf(int seed, int folderOneIn)
    {
        var random = new Random(seed);
        return new Setting
        {
            Folder = folderOneIn > 0 && random.Next(folderOneIn) == 0,
            SigningRequired = random.Next(5) == 0,
            EncryptionRequired = random.Next(8) == 0,
            Guests = random.Next(4) == 0,
        };
    }

    private bool IsOver() => _watch.Elapsed >= _options.Time || _messages >= _options.Messages;

    private bool RunOne(int round)
    {
        var seed = unchecked((_options.Seed * 1_000_003) + round);
        var setting = SettingOf(seed, _options.FolderOneIn);
        if (!_servers.TryGetValue(setting, out var server))
        {
            _servers[setting] = server = new FuzzServer(setting) { Ended = _ended };
        }

        var steps = new List<Step>();
        try
        {
            _messages += Round.Run(server, seed, _table, steps);
            return true;
        }
        catch (FuzzFailure failure)
        {
            Console.WriteLine($"FAILED in round {round} of seed {_options.Seed} ({setting}): {failure.Message}");
            Keep(round, setting, steps, failure);
            return false;
        }
    }

    private void Keep(int round, Setting setting, List<Step> steps, FuzzFailure failure)
    {
        var path = Path.Combine(_options.Output, string.Create(CultureInfo.InvariantCulture, $"fuzz-{_options.Seed}-{round}.jsonl"));
        var one = new FuzzCase(setting, steps) { Failure = failure.Message };
        CaseFile.Write(path, one);
        var minimizer = new Minimizer(setting, MinimizeFor);
        if (minimizer.Try(steps)?.Kind == failure.Kind)
        {
            var small = minimizer.Minimize(steps, failure.Kind);
            one = new FuzzCase(setting, small) { Failure = minimizer.Try(small)?.Message ?? failure.Message };
            CaseFile.Write(path, one);
            Console.WriteLine($"{steps.Count} steps made {small.Count} ({one.Failure}): --replay {path}");
        }
        else
        {
            Console.WriteLine($"By itself the round does not fail; it is in {path}, and --seed {_options.Seed} makes the ones before it again.");
        }
    }

    private void Show(int round) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"seed {_options.Seed}: {_watch.Elapsed.TotalSeconds:f0} s, {round - _options.FirstRound} rounds, {_messages} messages, {_messages / _watch.Elapsed.TotalSeconds:f0}/s, {_table.Answers} answers, heap {_heap}"));
}
