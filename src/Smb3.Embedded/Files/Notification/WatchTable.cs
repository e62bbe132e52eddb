using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Notification;

/// <summary>
/// The watchers of each directory of a volume (MS-FSA 2.1.1.1, ChangeNotifyList). A change costs one look-up for each length of watched
/// path above it, however many are watched, and next to nothing while none is.
/// </summary>
internal sealed class WatchTable
{
    private readonly Lock _sync = new();
    private readonly Dictionary<string, HashSet<DirectoryWatch>> _byPath;
    private readonly Dictionary<string, HashSet<DirectoryWatch>>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly List<DirectoryWatch> _touched = [];

    // How many watched paths there are of each length: a change looks only at those directories above it that may be watched. A path can
    // have thousands of names, and looking all of them up would cost the square of that.
    private readonly Dictionary<int, int> _lengths = [];
    private volatile int _count;
    private volatile int _limited;

    /// <summary>Makes an empty table that compares names as the store does.</summary>
    public WatchTable(StringComparer comparer)
    {
        _byPath = new(comparer);
        _lookup = _byPath.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>How many opens are watching.</summary>
    public int Count => _count;

    /// <summary>Begins to report changes to <paramref name="watch"/>.</summary>
    public void Add(DirectoryWatch watch)
    {
        lock (_sync)
        {
            Put(watch);
            _count++;
            _limited += watch.IsLimited ? 1 : 0;
        }
    }

    /// <summary>Stops reporting changes to it.</summary>
    public void Remove(DirectoryWatch watch)
    {
        lock (_sync)
        {
            if (watch.Place is not { } path || !_byPath.TryGetValue(path, out var watches) || !watches.Remove(watch))
            {
                return;
            }

            watch.Place = null;
            if (watches.Count == 0)
            {
                _byPath.Remove(path);
                if (--_lengths[path.Length] == 0)
                {
                    _lengths.Remove(path.Length);
                }
            }

            _count--;
            _limited -= watch.IsLimited ? 1 : 0;
        }
    }

    /// <summary>A directory was renamed: watchers of it, or of one below it, are found at the new path.</summary>
    public void Rekey()
    {
        if (_count == 0)
        {
            return;
        }

        lock (_sync)
        {
            var all = _byPath.Values.SelectMany(static watches => watches).ToArray();
            _byPath.Clear();
            _lengths.Clear();
            foreach (var watch in all)
            {
                Put(watch);
            }
        }
    }

    /// <summary>Reports changes that belong together: a watcher of several of them gets them in one answer.</summary>
    public void Publish(params ReadOnlySpan<FileChange> changes)
    {
        if (_count == 0)
        {
            return;
        }

        lock (_sync)
        {
            foreach (var change in changes)
            {
                Keep(change);
            }

            foreach (var watch in _touched)
            {
                watch.Serve();
            }

            _touched.Clear();
        }
    }

    private void Keep(in FileChange change)
    {
        var path = change.Path.Text;
        if (path.Length == 0)
        {
            return; // nothing above the root can be watched
        }

        var end = path.Length;
        for (var isParent = true; end > 0; isParent = false)
        {
            end = Math.Max(path.AsSpan(0, end).LastIndexOf('\\'), 0);
            if (!_lengths.ContainsKey(end) || !_lookup.TryGetValue(path.AsSpan(0, end), out var watches))
            {
                continue;
            }

            string? name = null;
            foreach (var watch in watches)
            {
                if ((watch.Filter & change.Filter) == 0 || !(isParent || watch.Tree))
                {
                    continue;
                }

                name ??= path[(end == 0 ? 0 : end + 1)..];
                watch.Take(change, name);
                _touched.Add(watch);
            }
        }
    }

    /// <summary>
    /// The watchers under access-based enumeration that see a name which is about to go, for <see cref="FileChange.Seers"/>.
    /// </summary>
    /// <returns><see langword="null"/>: there are none.</returns>
    public async ValueTask<IReadOnlySet<DirectoryWatch>?> FindSeersAsync(StorePath path)
    {
        if (_limited == 0)
        {
            return null;
        }

        HashSet<DirectoryWatch>? seers = null;
        foreach (var watch in FindLimited(path))
        {
            if (await watch.SeesAsync(path).ConfigureAwait(false))
            {
                (seers ??= []).Add(watch);
            }
        }

        return seers;
    }

    private List<DirectoryWatch> FindLimited(StorePath path)
    {
        var found = new List<DirectoryWatch>();
        lock (_sync)
        {
            var end = path.Text.Length;
            for (var isParent = true; end > 0; isParent = false)
            {
                end = Math.Max(path.Text.AsSpan(0, end).LastIndexOf('\\'), 0);
                if (_lengths.ContainsKey(end) && _lookup.TryGetValue(path.Text.AsSpan(0, end), out var watches))
                {
                    found.AddRange(watches.Where(watch => watch.IsLimited && (isParent || watch.Tree)));
                }
            }
        }

        return found;
    }

    private void Put(DirectoryWatch watch)
    {
        var path = watch.Directory.Path.Text;
        if (!_byPath.TryGetValue(path, out var watches))
        {
            _byPath.Add(path, watches = []);
            _lengths[path.Length] = _lengths.GetValueOrDefault(path.Length) + 1;
        }

        watch.Place = path;

        watches.Add(watch);
    }
}
