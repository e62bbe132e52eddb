using System.Collections.Concurrent;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Caching;

/// <summary>The directories of a volume that somebody holds a lease on, by their paths: who changes an entry finds them here.</summary>
internal sealed class LeasedDirectories(StringComparer comparer)
{
    private readonly ConcurrentDictionary<string, FileObject> _byPath = new(comparer);

    /// <summary>How many there are.</summary>
    public int Count => _byPath.Count;

    /// <summary>Adds a directory; called with its lock held.</summary>
    public void Add(StorePath path, FileObject directory) => _byPath[path.Text] = directory;

    /// <summary>Takes a directory out; called with its lock held.</summary>
    public void Remove(StorePath path, FileObject directory) => _byPath.TryRemove(KeyValuePair.Create(path.Text, directory));

    /// <summary>Follows a rename; called with the directory's lock held.</summary>
    public void Move(StorePath from, StorePath to, FileObject directory)
    {
        if (_byPath.TryRemove(KeyValuePair.Create(from.Text, directory)))
            _byPath[to.Text] = directory;
    }

    /// <summary>An entry changed: breaks the leases on the directory that has it.</summary>
    /// <param name="path">The entry.</param>
    /// <param name="by">The lease through which it was changed.</param>
    public void EntryChanged(StorePath path, LeaseIdentity? by)
    {
        if (!_byPath.IsEmpty && !path.IsRoot && _byPath.TryGetValue(path.Parent.Text, out var directory))
            directory.Caching.BreakListing(by);
    }
}
