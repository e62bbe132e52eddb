using System.Collections.Concurrent;
using System.Diagnostics;

namespace Smb3.Embedded.Contention.Running;

/// <summary>What has been done, and what was wrong.</summary>
internal sealed class RunReport
{
    private readonly ConcurrentDictionary<string, long> _counts = new();
    private readonly ConcurrentQueue<string> _wrong = new();
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    public TimeSpan Elapsed => _watch.Elapsed;

    public bool IsFine => _wrong.IsEmpty;

    public void Count(string what, long by = 1) => _counts.AddOrUpdate(what, by, (_, count) => count + by);

    public long CountOf(string what) => _counts.GetValueOrDefault(what);

    public void Wrong(string who, string what)
    {
        var line = $"{_watch.Elapsed.TotalSeconds,7:f2}s {who}: {what}";
        _wrong.Enqueue(line);
        if (_wrong.Count <= 40)
        {
            Console.WriteLine("WRONG " + line);
        }
    }

    public string Line() => string.Join(
        ", ", _counts.ToArray().OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key} {pair.Value}"));

    /// <summary>Says every five seconds what has been done.</summary>
    public async Task ShowProgressAsync(CancellationToken ended)
    {
        try
        {
            while (true)
            {
                await Task.Delay(TimeSpan.FromSeconds(5), ended);
                Console.WriteLine($"{Elapsed.TotalSeconds,5:f0} s: {Line()}");
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    public int WrongCount => _wrong.Count;
}
