namespace Smb3.Embedded.Storage.Memory;

/// <summary>Copies of a whole tree of names, for snapshots. A file with several names is one file in the copy too.</summary>
internal static class MemoryTreeCopy
{
    /// <summary>Makes one; the source's names must not change meanwhile.</summary>
    public static MemoryDirectory Make(MemoryDirectory source)
    {
        var root = source.CopyForSnapshot();
        var files = new Dictionary<MemoryNode, MemoryFileNode>(ReferenceEqualityComparer.Instance);
        var waiting = new Stack<(MemoryDirectory From, MemoryDirectory To)>();
        waiting.Push((source, root));
        while (waiting.TryPop(out var pair))
        {
            foreach (var link in pair.From.GetLinks())
            {
                if (link.Node is MemoryDirectory directory)
                {
                    var copy = directory.CopyForSnapshot();
                    pair.To.Put(new MemoryLink(link.Name, copy));
                    waiting.Push((directory, copy));
                }
                else if (link.Node is MemoryFileNode file)
                {
                    if (!files.TryGetValue(file, out var copy))
                    {
                        files.Add(file, copy = file.CopyForSnapshot());
                    }

                    pair.To.Put(new MemoryLink(link.Name, copy));
                }
            }
        }

        return root;
    }

    /// <summary>Takes every name of a copy away, so that its data goes as soon as nobody has it open.</summary>
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
}
