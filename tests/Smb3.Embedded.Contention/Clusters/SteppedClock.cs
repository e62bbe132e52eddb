namespace Smb3.Embedded.Contention.Clusters;

/// <summary>
/// The wall clock of one node's processes, which can be set while they run; the clock that goes on evenly stays as it is. Needs Debian's
/// libfaketime.
/// </summary>
/// <param name="library">The library that is put before the system's.</param>
/// <param name="home">Where the file is that says by how much the clock is wrong.</param>
/// <param name="node">The node's name.</param>
internal sealed class SteppedClock(string library, string home, string node)
{
    private readonly string _file = Path.Combine(home, node + ".clock");

    /// <summary>What the processes are started with.</summary>
    public IEnumerable<KeyValuePair<string, string>> Environment =>
    [
        new("LD_PRELOAD", library),
        new("FAKETIME_TIMESTAMP_FILE", _file),
        new("FAKETIME_CACHE_DURATION", "1"),
        new("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        new("NO_FAKE_STAT", "1"),
    ];

    /// <summary>Where the library is; <see langword="null"/>: it is not installed.</summary>
    public static string? FindLibrary() => Directory.Exists("/usr/lib")
        ? Directory.EnumerateDirectories("/usr/lib", "*-linux-gnu*").Select(static folder => Path.Combine(folder, "faketime", "libfaketime.so.1"))
            .FirstOrDefault(File.Exists)
        : null;

    /// <summary>Sets the clock; the processes see it within a second.</summary>
    /// <param name="hours">By how much it is wrong from now on.</param>
    public void Set(int hours)
    {
        File.WriteAllText(_file + ".new", $"{(hours < 0 ? '-' : '+')}{Math.Abs(hours)}h\n");
        File.Move(_file + ".new", _file, overwrite: true);
    }
}
