using System.Collections.Concurrent;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Linux.Lookup;

namespace Smb3.Embedded.Storage.Physical.Linux.Watching;

/// <summary>The directories of a share that clients watch; clients that watch the same one share its resources.</summary>
/// <param name="tree">Finds the directories.</param>
/// <param name="shortages">Told about resources that the machine lacks.</param>
internal sealed class DirectoryWatches(LinuxTree tree, Shortages shortages)
{
    private readonly ConcurrentDictionary<Key, WatchedTree> _watched = [];

    private readonly record struct Key(InodeKey Inode, string Path, bool WithTree);

    /// <summary>Starts reporting changes; null when the directory cannot be watched.</summary>
    public IDisposable? Watch(StorePath directory, bool withTree, Action<StoreChange?> changed)
    {
        // Exactly the directory that was found beneath the root, whatever takes its name in the meantime.
        var found = tree.OpenDirectory(directory, quick: false);
        if (!found.Succeeded)
        {
            return null;
        }

        using var place = found.Value;
        var key = new Key(InodeKey.Of(place.AsFound), directory.Text, withTree);
        while (true)
        {
            if (_watched.TryGetValue(key, out var known))
            {
                if (known.TryAdd(changed))
                {
                    return new Subscription(known, changed);
                }

                _watched.TryRemove(KeyValuePair.Create(key, known));
            }

            var root = WatchCalls.OpenChild(place.Descriptor, ".\0"u8, out _);
            if (root is null || tree.Root.Enter() != 0)
            {
                root?.Dispose();
                return null;
            }

            var made = new WatchedTree(
                tree.Root, root, directory, withTree, shortages, ended => _watched.TryRemove(KeyValuePair.Create(key, ended)));
            made.TryAdd(changed);
            if (!_watched.TryAdd(key, made))
            {
                made.Dispose();
                continue;
            }

            if (made.Start())
            {
                return new Subscription(made, changed);
            }

            made.Dispose();
            return null;
        }
    }

    private sealed class Subscription(WatchedTree watched, Action<StoreChange?> changed) : IDisposable
    {
        public void Dispose() => watched.Remove(changed);
    }
}
