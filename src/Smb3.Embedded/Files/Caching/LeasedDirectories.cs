using System.Collections.Concurrent;
using Smb3.Embedded.Files.Notification;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Files.Caching;

/// <summary>
/// The directories of a volume that are leased, by their paths: an operation that changes an entry finds them here. Changes made behind the
/// server's back break their leases too, if the store reports them.
/// </summary>
/// <param name="comparer">Compares names as the store does.</param>
/// <param name="outside">Reports changes that the server did not make.</param>
internal sealed class LeasedDirectories(StringComparer comparer, OutsideChanges outside)
{
    private readonly ConcurrentDictionary<string, Entry> _byPath = new(comparer);

    /// <summary>How many there are.</summary>
    public int Count => _byPath.Count;

    /// <summary>Adds a directory; called with its lock held.</summary>
    public void Add(StorePath path, ICachedFile directory)
    {
        if (_byPath.TryGetValue(path.Text, out var known))
        {
            if (known.Directory == directory)
            {
                return;
            }

            Forget(known);
        }

        _byPath[path.Text] = new Entry(directory, Watch(path, directory));
    }

    /// <summary>Removes a directory; called with its lock held.</summary>
    public void Remove(StorePath path, ICachedFile directory)
    {
        if (_byPath.TryGetValue(path.Text, out var known) && known.Directory == directory
            && _byPath.TryRemove(KeyValuePair.Create(path.Text, known)))
        {
            Forget(known);
        }
    }

    /// <summary>Follows a rename; called with the directory's lock held.</summary>
    public void Move(StorePath from, StorePath to, ICachedFile directory)
    {
        if (!_byPath.TryGetValue(from.Text, out var known) || known.Directory != directory
            || !_byPath.TryRemove(KeyValuePair.Create(from.Text, known)))
        {
            return;
        }

        Forget(known);
        _byPath[to.Text] = new Entry(directory, Watch(to, directory));
    }

    /// <summary>An entry changed: breaks the leases on the directory that has it.</summary>
    /// <param name="path">The entry.</param>
    /// <param name="spared">The key of the lease on the directory whose client knows of the change.</param>
    /// <param name="later">What takes the breaks behind the answer; <see langword="null"/>: they leave at once.</param>
    /// <returns>What to wait for before the change is answered (<see cref="FileCaching.WhenTold"/>); <see langword="null"/>: nothing.</returns>
    public Task? EntryChanged(StorePath path, Guid? spared, Afterwards? later = null) =>
        !_byPath.IsEmpty && !path.IsRoot && _byPath.TryGetValue(path.Parent.Text, out var known)
            ? known.Directory.Caching.BreakListing(spared, later)
            : null;

    private IDisposable? Watch(StorePath path, ICachedFile directory) =>
        outside.Start(new Listener(directory, path), path, tree: false);

    private static void Forget(Entry entry) => entry.Watch?.Dispose();

    private sealed record Entry(ICachedFile Directory, IDisposable? Watch);

    /// <summary>For any change in the directory: what a client knows of its entries may be wrong from then on.</summary>
    private sealed class Listener(ICachedFile directory, StorePath path) : IOutsideListener
    {
        public StorePath Path => path;

        public bool Keep(in StoreChange change) => true;

        public void Lose()
        {
        }

        public void Serve() => directory.Caching.BreakListing(spared: null);

        // A listing that may become wrong without notice must not be cached.
        public void Stop(NtStatus reason) => Serve();
    }
}
