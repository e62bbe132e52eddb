using Microsoft.Extensions.Logging;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Diagnostics;

/// <summary>
/// Where refusals go to the log: the first of a kind, peer and user at once, then one line a minute that says how many there were. A port
/// scan, a client that retries an old password forever, and a stranger with a list of names do not fill the disk. Bounded.
/// </summary>
internal sealed class RefusalLog(ILogger logger, TimeProvider time)
{
    /// <summary>How many are told apart at a time; any more share one line for each kind.</summary>
    private const int MaxEntries = 1_024;

    private const int LongestWho = 64;

    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<Key, Entry> _entries = [];

    /// <summary>Writes the line at once, or counts it.</summary>
    /// <param name="kind">The message.</param>
    /// <param name="peer">Where the client is.</param>
    /// <param name="who">Whom or what it is about; null where that does not tell two refusals apart.</param>
    /// <param name="write">Writes the line.</param>
    public void Tell(string kind, ClientNetwork peer, string? who, Action<ILogger, Repeats> write)
    {
        var key = new Key(kind, peer, who is { Length: > LongestWho } ? who[..LongestWho] : who);
        lock (_lock)
        {
            if (!_entries.TryGetValue(key, out var entry) && _entries.Count >= MaxEntries)
            {
                key = new Key(kind, default, null);
                _entries.TryGetValue(key, out entry);
            }

            if (entry is not null)
            {
                entry.LeftOut++;
                entry.Write = write;
                return;
            }

            _entries.Add(key, new Entry(write, time.GetTimestamp()));
        }

        write(logger, Repeats.None);
    }

    /// <summary>Reports what was left out in past minutes; called every second by the server.</summary>
    public void Watch() => Flush(static (entry, time) => time.GetElapsedTime(entry.Since) >= Quiet);

    /// <summary>Reports everything that was left out: the server is stopping.</summary>
    public void Flush() => Flush(static (_, _) => true);

    private void Flush(Func<Entry, TimeProvider, bool> isDue)
    {
        List<(Action<ILogger, Repeats> Write, int LeftOut)>? lines = null;
        lock (_lock)
        {
            if (_entries.Count == 0)
            {
                return;
            }

            foreach (var (key, entry) in _entries)
            {
                if (!isDue(entry, time))
                {
                    continue;
                }

                if (entry.LeftOut == 0)
                {
                    _entries.Remove(key);
                    continue;
                }

                (lines ??= []).Add((entry.Write, entry.LeftOut));
                entry.LeftOut = 0;
                entry.Since = time.GetTimestamp();
            }
        }

        foreach (var (write, leftOut) in lines ?? [])
        {
            // The line itself reports one of them.
            write(logger, new Repeats(leftOut - 1));
        }
    }

    private readonly record struct Key(string Kind, ClientNetwork Peer, string? Who);

    private sealed class Entry(Action<ILogger, Repeats> write, long since)
    {
        /// <summary>Writes the last that was left out.</summary>
        public Action<ILogger, Repeats> Write { get; set; } = write;

        public long Since { get; set; } = since;

        public int LeftOut { get; set; }
    }
}
