using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Naming;

namespace Smb3.Embedded.Storage.Physical.Linux.Lookup;

/// <summary>
/// Finds names in any case on a case-sensitive file system. For each directory in which a name was missing it remembers a number for
/// every name there (a hash that ignores case); the next missing name then costs no reading, because the directory is only searched for a
/// name whose number is known. The directory's modification and change times tell whether what is remembered still holds.
/// </summary>
/// <remarks>
/// Changes that the store itself makes are entered into the table; otherwise creating many files in one directory would reread it for each.
/// The times of a directory have a granularity of some milliseconds, so a table made or changed within that is not trusted for long.
/// </remarks>
internal sealed class DirectoryNames(int maxNames)
{
    private static readonly long Grain = TimeSpan.FromMilliseconds(20).Ticks;
    private static readonly TimeSpan ShortestTrust = TimeSpan.FromSeconds(2);

    private readonly Lock _sync = new();
    private readonly Dictionary<(ulong Device, ulong Inode), Table> _tables = [];
    private int _names;

    /// <summary>Finds the disk name that equals <paramref name="name"/> except for case.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="stat">The state of the directory just before.</param>
    /// <param name="name">The wire name, which is known not to exist as written.</param>
    /// <param name="quick">Whether to return PENDING instead of reading the directory.</param>
    /// <param name="disk">The disk name without a terminating zero.</param>
    public NtStatus Find(FileDescriptor directory, in StatxBuffer stat, ReadOnlySpan<char> name, bool quick, out byte[] disk)
    {
        disk = [];
        var hash = Hash(name);
        lock (_sync)
        {
            if (_tables.TryGetValue((stat.Device, stat.Inode), out var table) && table.Holds(stat))
            {
                table.LastUse = Environment.TickCount64;
                if (!table.Names.TryGetValue(hash, out var known))
                {
                    return NtStatus.ObjectNameNotFound;
                }

                if (known is not null && name.Equals(DiskNames.Decode(known), StringComparison.OrdinalIgnoreCase))
                {
                    disk = known;
                    return NtStatus.Success;
                }
            }
        }

        return quick ? NtStatus.Pending : Scan(directory, stat, name, hash, out disk);
    }

    /// <summary>Whether the directory is known not to have the name in any case; false says nothing.</summary>
    public bool AreSureOfAbsence(in StatxBuffer stat, ReadOnlySpan<char> name)
    {
        lock (_sync)
        {
            if (!_tables.TryGetValue((stat.Device, stat.Inode), out var table) || !table.IsSure || !table.Holds(stat))
            {
                return false;
            }

            table.LastUse = Environment.TickCount64;
            return !table.Names.ContainsKey(Hash(name));
        }
    }

    /// <summary>Forgets a directory: what was found in it turned out not to be there.</summary>
    public void Forget(in StatxBuffer stat)
    {
        lock (_sync)
        {
            Remove((stat.Device, stat.Inode));
        }
    }

    /// <summary>Notes that the store has changed a directory.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="before">Its state before, read under the lock that serializes the store's own changes.</param>
    /// <param name="added">The new name; empty when one was only removed.</param>
    public void Changed(FileDescriptor directory, in StatxBuffer before, ReadOnlySpan<char> added)
    {
        lock (_sync)
        {
            var key = (before.Device, before.Inode);
            if (!_tables.TryGetValue(key, out var table))
            {
                return;
            }

            if (!table.Holds(before) || InodeCalls.Stat(directory, out var after) != 0)
            {
                Remove(key);
                return;
            }

            if (!added.IsEmpty && table.Names.TryAdd(Hash(added), null))
            {
                _names++;
            }

            table.Stamp(after);
            table.IsSure = false;
        }
    }

    private NtStatus Scan(FileDescriptor directory, in StatxBuffer stat, ReadOnlySpan<char> name, ulong hash, out byte[] disk)
    {
        disk = [];
        var began = Environment.TickCount64;
        using var reader = DirectoryReader.Open(directory, out var error);
        if (reader is null)
        {
            // In a directory that this process may not read, files can only be opened by their exact names.
            return error == Errno.Access ? NtStatus.ObjectNameNotFound : error.ToStatus();
        }

        var names = new Dictionary<ulong, byte[]?>();
        byte[]? found = null;
        while (reader.TryNext(out var entry, out _, out error))
        {
            var wire = DiskNames.Decode(entry[..^1]);
            var number = Hash(wire);
            names.TryAdd(number, null);
            if (number == hash && found is null && name.Equals(wire, StringComparison.OrdinalIgnoreCase))
            {
                found = entry[..^1].ToArray();
            }
        }

        if (found is not null)
        {
            names[hash] = found;
        }
        else
        {
            names.Remove(hash); // another name with the same number, or one that no longer exists
        }

        if (error == 0 && names.Count <= maxNames)
        {
            var table = new Table(names)
            {
                LastUse = Environment.TickCount64,
                Trust = Math.Max((long)ShortestTrust.TotalMilliseconds, 50 * (Environment.TickCount64 - began)),
                IsSure = DateTime.UtcNow.Ticks - ModifiedTicks(stat)
                    > GrainOf(stat) + ((Environment.TickCount64 - began) * TimeSpan.TicksPerMillisecond),
            };
            table.Stamp(stat);
            Keep((stat.Device, stat.Inode), table);
        }

        disk = found ?? [];
        return found is not null ? NtStatus.Success : error != 0 ? error.ToStatus() : NtStatus.ObjectNameNotFound;
    }

    private void Keep((ulong, ulong) key, Table table)
    {
        lock (_sync)
        {
            Remove(key);
            while (_tables.Count > 0 && _names + table.Names.Count > maxNames)
            {
                Remove(_tables.MinBy(static pair => pair.Value.LastUse).Key);
            }

            _tables.Add(key, table);
            _names += table.Names.Count;
        }
    }

    private void Remove((ulong, ulong) key)
    {
        if (_tables.Remove(key, out var table))
        {
            _names -= table.Names.Count;
        }
    }

    // An ext file system with small inodes stores whole seconds.
    private static long GrainOf(in StatxBuffer stat) => stat.Modify.Nanoseconds == 0 ? 2 * TimeSpan.TicksPerSecond : Grain;

    private static long ModifiedTicks(in StatxBuffer stat) =>
        DateTime.UnixEpoch.Ticks + (stat.Modify.Seconds * TimeSpan.TicksPerSecond) + (stat.Modify.Nanoseconds / 100);

    // FNV-1a over upper case. All surrogates hash alike, since the case of a pair cannot be told from its halves.
    private static ulong Hash(ReadOnlySpan<char> name)
    {
        var hash = 14695981039346656037UL;
        foreach (var c in name)
        {
            hash = (hash ^ (char.IsSurrogate(c) ? '\uD800' : char.ToUpperInvariant(c))) * 1099511628211UL;
        }

        return hash;
    }

    private sealed class Table(Dictionary<ulong, byte[]?> names)
    {
        private readonly long _made = Environment.TickCount64;
        private (long, uint, long, uint) _stamp;

        public Dictionary<ulong, byte[]?> Names => names;

        public long LastUse { get; set; }

        public long Trust { get; init; }

        public bool IsSure { get; set; }

        public void Stamp(in StatxBuffer stat) => _stamp = Times(stat);

        public bool Holds(in StatxBuffer stat) =>
            _stamp == Times(stat) && (IsSure || Environment.TickCount64 - _made <= Trust);

        private static (long, uint, long, uint) Times(in StatxBuffer stat) =>
            (stat.Modify.Seconds, stat.Modify.Nanoseconds, stat.Change.Seconds, stat.Change.Nanoseconds);
    }
}
