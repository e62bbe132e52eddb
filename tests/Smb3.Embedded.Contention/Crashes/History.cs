using System.Collections.Concurrent;
using Smb3.Embedded.Contention.Running;

namespace Smb3.Embedded.Contention.Crashes;

/// <summary>What was done to one file or folder, by whom, and how it was answered: printed when something about it is wrong.</summary>
internal sealed class History(string subject, RunReport report)
{
    private const int Longest = 400;
    private const int Printed = 400;

    private readonly ConcurrentQueue<string> _lines = new();
    private int _printed;

    public void Note(string who, string what)
    {
        _lines.Enqueue($"{report.Elapsed.TotalSeconds,8:f3}s {who}: {what}");
        while (_lines.Count > Longest)
        {
            _lines.TryDequeue(out _);
        }
    }

    /// <summary>Something is wrong here.</summary>
    public void Wrong(string who, string what)
    {
        Note(who, "WRONG " + what);
        report.Wrong(who, $"{subject}: {what}");
        if (Interlocked.Exchange(ref _printed, 1) == 0)
        {
            Console.WriteLine($"---- the history of {subject}");
            foreach (var line in _lines.ToArray().TakeLast(Printed))
            {
                Console.WriteLine(line);
            }

            Console.WriteLine("----");
        }
    }
}
