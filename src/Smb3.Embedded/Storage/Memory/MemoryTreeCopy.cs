namespace Smb3.Embedded.Storage.Memory;

/// <summary>Copies of a whole tree of names, for snapshots. A file with several names is one file in the copy too.</summary>
internal static class MemoryTreeCopy
{
    /// <summary>
    /// Creates a copy; the source's names must not change in the meantime. It stops when the store is full, which the caller checks.
    /// </summary>
    public static MemoryDirectory Make(MemoryDirectory source, MemorySpace space)
    {
        var root = source.CopyForSnapshot();
        root.CountLink();
        var files = new Dictionary<MemoryNode, MemoryFileNode>(ReferenceEqualityComparer.Instance);
        var waiting = new Stack<(MemoryDirectory From, MemoryDirectory To)>();
        waiting.Push((source, root));
        while (waiting.TryPop(out var pair))
        {
            foreach (var link in pair.From.GetLinks())
            {
                if (space.Free < 0)
                {
                    return root;
                }

                if (link.Node is MemoryDirectory directory)
                {
                    var copy = directory.CopyForSnapshot();
                    Put(pair.To, new MemoryLink(link.Name, copy), space);
                    waiting.Push((directory, copy));
                }
                else if (link.Node is MemoryFileNode file)
                {
                    if (!files.TryGetValue(file, out var copy))
                    {
                        files.Add(file, copy = file.CopyForSnapshot());
                    }

                    Put(pair.To, new MemoryLink(link.Name, copy), space);
                }
            }
        }

        return root;
    }

    /// <summary>Removes every name of a copy, so that its data is freed as soon as no handle on it is open.</summary>
    public static void Release(MemoryDirectory root)
    {
        var waiting = new Stack<MemoryDirectory>();
        waiting.Push(root);
        while (waiting.TryPop(out var directory))
        {
            foreach (var link in directory.GetLinks())
            {
                directory.Remove(link);
                link.Node.RemoveLink();
                if (link.Node is MemoryDirectory below)
                {
                    waiting.Push(below);
                }
            }
        }

        root.RemoveLink();
    }

    private static void Put(MemoryDirectory directory, MemoryLink link, MemorySpace space)
    {
        space.Take(link.Cost);
        link.Node.CountLink();
        directory.Put(link);
    }
}
