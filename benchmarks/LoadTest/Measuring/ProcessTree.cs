using System.Globalization;

namespace Smb3.Embedded.LoadTest.Measuring;

/// <summary>A process and all below it, as /proc shows them: a server may have a process per client.</summary>
internal sealed class ProcessTree(int root)
{
    private const double TicksPerSecond = 100;
    private static readonly TimeSpan SettleStep = TimeSpan.FromMilliseconds(60);

    /// <summary>User and system time, with that of children that have ended and been waited for.</summary>
    public double CpuSeconds() => Members().Sum(process => process.Ticks) / TicksPerSecond;

    /// <summary>CPU time once it has stopped moving, so that work that trails behind the last response counts too.</summary>
    public double SettledCpuSeconds()
    {
        var last = CpuSeconds();
        for (var tries = 0; tries < 40; tries++)
        {
            Thread.Sleep(SettleStep);
            var now = CpuSeconds();
            if (now - last < 1.1 / TicksPerSecond)
            {
                return now;
            }

            last = now;
        }

        return last;
    }

    /// <summary>Proportional set size in MiB: pages that processes share count once.</summary>
    public double MemoryMiB()
    {
        var kilobytes = 0L;
        foreach (var process in Members())
        {
            var line = ReadLines($"/proc/{process.Id}/smaps_rollup")
                .FirstOrDefault(line => line.StartsWith("Pss:", StringComparison.Ordinal));
            var size = line?.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
            kilobytes += size is null ? 0 : long.Parse(size, CultureInfo.InvariantCulture);
        }

        return kilobytes / 1024.0;
    }

    /// <summary>CPU seconds of the whole machine that were not idle.</summary>
    public static double BusySeconds()
    {
        var fields = ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..]
            .Select(field => double.Parse(field, CultureInfo.InvariantCulture)).ToArray();
        const int Idle = 3;
        const int IoWait = 4;
        const int Steal = 7;
        return fields.Take(Steal).Where((_, i) => i is not (Idle or IoWait)).Sum() / TicksPerSecond;
    }

    private List<(int Id, long Ticks)> Members()
    {
        var all = new Dictionary<int, (int Parent, long Ticks)>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                && ReadLines(folder + "/stat").FirstOrDefault() is { } stat)
            {
                // Behind the name, which may hold anything: state, parent, …; utime, stime, cutime, cstime are the 12th to 15th.
                var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                all[id] = (
                    int.Parse(fields[1], CultureInfo.InvariantCulture),
                    fields[11..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture)));
            }
        }

        if (!all.ContainsKey(root))
        {
            throw new InvalidOperationException($"There is no process {root}.");
        }

        return [.. all.Where(process => IsBelow(process.Key)).Select(process => (process.Key, process.Value.Ticks))];

        bool IsBelow(int id)
        {
            while (id != root && all.TryGetValue(id, out var process))
            {
                id = process.Parent;
            }

            return id == root;
        }
    }

    private static string[] ReadLines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (IOException)
        {
            // The process ended while we looked.
            return [];
        }
    }
}
