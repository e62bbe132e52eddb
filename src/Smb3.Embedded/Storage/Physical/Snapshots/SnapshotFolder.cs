using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Physical.Snapshots;

/// <summary>The snapshots in a folder; each is a store of its own from its first use until it is gone.</summary>
/// <typeparam name="TStore">The store that serves the folder of a snapshot.</typeparam>
/// <param name="options">Where the snapshots are.</param>
/// <param name="openStore">Opens the store of a folder.</param>
internal sealed class SnapshotFolder<TStore>(PhysicalSnapshotOptions options, Func<string, TStore> openStore) : IDisposable
    where TStore : class, IFileStore, IPlacedStore, IDisposable
{
    private readonly Lock _sync = new();
    private readonly Dictionary<string, TStore> _stores = new(StringComparer.Ordinal);
    private bool _disposed;

    /// <summary>The times of the existing snapshots.</summary>
    public IReadOnlyList<DateTimeOffset> List()
    {
        var found = Scan();
        Forget(found);
        return [.. found.Keys];
    }

    /// <summary>Opens the snapshot of a given time.</summary>
    public NtResult<IFileStore> Open(DateTimeOffset time)
    {
        var found = Scan();
        Forget(found);
        if (!found.TryGetValue(ToSeconds(time), out var folder))
        {
            return NtStatus.ObjectNameNotFound;
        }

        lock (_sync)
        {
            if (_stores.TryGetValue(folder, out var store))
            {
                if (store.CheckPlace() == StorePlace.Same)
                {
                    return new NtResult<IFileStore>(store);
                }

                // A different snapshot of the same time has its name now.
                _stores.Remove(folder);
                store.Dispose();
            }

            if (_disposed)
            {
                return NtStatus.ObjectNameNotFound;
            }

            try
            {
                _stores.Add(folder, store = openStore(folder));
                return new NtResult<IFileStore>(store);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return e is UnauthorizedAccessException ? NtStatus.AccessDenied : NtStatus.ObjectNameNotFound;
            }
        }
    }

    /// <summary>Closes all of them. Handles that are open keep working.</summary>
    public void Dispose()
    {
        lock (_sync)
        {
            _disposed = true;
            foreach (var store in _stores.Values)
            {
                store.Dispose();
            }

            _stores.Clear();
        }
    }

    private static DateTimeOffset ToSeconds(DateTimeOffset time) => time.AddTicks(-(time.Ticks % TimeSpan.TicksPerSecond)).ToUniversalTime();

    /// <summary>Folders by time; of two with the same time, the one whose name comes first.</summary>
    private Dictionary<DateTimeOffset, string> Scan()
    {
        var found = new Dictionary<DateTimeOffset, string>();
        string[] folders;
        try
        {
            folders = Directory.GetDirectories(options.Folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return found;
        }

        Array.Sort(folders, StringComparer.Ordinal);
        foreach (var folder in folders)
        {
            if (!SnapshotName.TryRead(Path.GetFileName(folder), options.NameFormat, options.IsLocalTime, out var time))
            {
                continue;
            }

            var shared = Path.Combine(folder, options.Subfolder);
            if (options.Subfolder.Length == 0 || Directory.Exists(shared))
            {
                found.TryAdd(ToSeconds(time), shared);
            }
        }

        return found;
    }

    private void Forget(Dictionary<DateTimeOffset, string> found)
    {
        lock (_sync)
        {
            foreach (var (folder, store) in _stores)
            {
                if (!found.ContainsValue(folder))
                {
                    store.Dispose();
                    _stores.Remove(folder);
                }
            }
        }
    }
}
