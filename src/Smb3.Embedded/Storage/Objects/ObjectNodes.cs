namespace Smb3.Embedded.Storage.Objects;

/// <summary>The files and folders that are open, by key. What was deleted is in it no more, however long it is open.</summary>
internal sealed class ObjectNodes
{
    private readonly Lock _sync = new();
    private readonly Dictionary<string, ObjectNode> _nodes = new(StringComparer.Ordinal);

    public ObjectNode? Find(string key)
    {
        lock (_sync)
        {
            return _nodes.GetValueOrDefault(key);
        }
    }

    /// <summary>One more handle of what is open, or of <paramref name="found"/> from now on.</summary>
    /// <returns>False when it was open, and its last handle has ended.</returns>
    public bool TryOpen(ObjectNode found, StoreAccess access, out ObjectNode node)
    {
        lock (_sync)
        {
            node = _nodes.GetValueOrDefault(found.Key, found);
            if (node.HasEnded)
            {
                return false;
            }

            _nodes[found.Key] = node;
            node.Count(access, 1);
            return true;
        }
    }

    /// <summary>A handle ends.</summary>
    /// <returns>Whether it was the last one.</returns>
    public bool Close(ObjectNode node, StoreAccess access)
    {
        lock (_sync)
        {
            if (node.Count(access, -1) > 0)
            {
                return false;
            }

            node.HasEnded = true;
            if (_nodes.TryGetValue(node.Key, out var known) && known == node)
            {
                _nodes.Remove(node.Key);
            }

            return true;
        }
    }

    public void Remove(ObjectNode node)
    {
        lock (_sync)
        {
            node.IsDeleted = true;
            if (_nodes.TryGetValue(node.Key, out var known) && known == node)
            {
                _nodes.Remove(node.Key);
            }
        }
    }

    /// <summary>What is open of a folder, itself included.</summary>
    public List<ObjectNode> Below(string folder)
    {
        lock (_sync)
        {
            return [.. _nodes.Values.Where(node => node.Key.StartsWith(folder, StringComparison.Ordinal))];
        }
    }

    public void Move(ObjectNode node, string key)
    {
        lock (_sync)
        {
            if (_nodes.TryGetValue(node.Key, out var known) && known == node)
            {
                _nodes.Remove(node.Key);
                _nodes[key] = node;
            }

            node.Key = key;
        }
    }
}
