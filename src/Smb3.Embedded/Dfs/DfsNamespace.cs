using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Dfs;

/// <summary>
/// A stand-alone namespace (MS-DFSC 3.2.1): a tree of folders whose leaves are links to shares elsewhere. What it consists of can be
/// replaced at any moment; each request sees it whole, before or after.
/// </summary>
internal sealed class DfsNamespace : IDfsRoot
{
    private readonly Lock _gate = new();
    private readonly List<Action<IReadOnlyList<StoreChange>>> _listeners = [];
    private volatile NamespaceTree _tree;

    public DfsNamespace(string name, DfsContents contents, FileTime now)
    {
        Name = name;
        MadeAt = now;
        _tree = new NamespaceTree(contents, now);
    }

    public string Name { get; }

    public FileTime MadeAt { get; }

    public NamespaceTree Tree => _tree;

    /// <inheritdoc/>
    public DfsReferral Refer(DfsPath path)
    {
        var tree = _tree;
        var contents = tree.Contents;
        if (tree.TryFindLink(path.Rest, out var link, out var length))
        {
            return new DfsReferral(link.Targets.Current, link.Targets.TimeToLive)
            {
                Length = length,
                IsInterlink = link.IsInterlink,
                TargetFailback = contents.TargetFailback,
            };
        }

        return new DfsReferral(contents.Roots?.Current ?? [new DfsTarget(path.Root)], contents.Roots?.TimeToLive ?? contents.TimeToLive)
        {
            IsRoot = true,
            TargetFailback = contents.TargetFailback,
        };
    }

    /// <inheritdoc/>
    public bool Covers(StorePath path) => !_tree.TryFindLink(path.Text, out _, out _);

    /// <inheritdoc/>
    public bool IsLink(StorePath path) => _tree.Find(path) is { Link: not null };

    /// <summary>Replaces what it consists of.</summary>
    public void Replace(DfsContents contents, FileTime now)
    {
        lock (_gate)
        {
            var before = _tree;
            var after = _tree = new NamespaceTree(contents, now);
            if (_listeners.Count > 0 && before.ChangesTo(after) is { Count: > 0 } changes)
            {
                foreach (var listener in _listeners)
                {
                    listener(changes);
                }
            }
        }
    }

    /// <summary>
    /// Tells <paramref name="listener"/> what became of the folders, from now on until the result is disposed. It is quick and never throws.
    /// </summary>
    public IDisposable Listen(Action<IReadOnlyList<StoreChange>> listener)
    {
        lock (_gate)
        {
            _listeners.Add(listener);
        }

        return new Listening(this, listener);
    }

    private sealed class Listening(DfsNamespace owner, Action<IReadOnlyList<StoreChange>> listener) : IDisposable
    {
        public void Dispose()
        {
            lock (owner._gate)
            {
                owner._listeners.Remove(listener);
            }
        }
    }
}
