using System.Diagnostics.CodeAnalysis;
using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Security.Directory;

/// <summary>Values that are kept for a time. Bounded: the one that was used longest ago goes first. Not safe for concurrent use.</summary>
internal sealed class ExpiringTable<TKey, TValue>(int capacity, TimeSpan life, TimeProvider time, IEqualityComparer<TKey> comparer)
    where TKey : notnull
{
    private readonly Dictionary<TKey, LinkedListNode<(TKey Key, TValue Value, long Ends)>> _entries = new(comparer);
    private readonly LinkedList<(TKey Key, TValue Value, long Ends)> _byUse = new();

    public int Count => _entries.Count;

    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        value = default;
        if (!_entries.TryGetValue(key, out var node))
        {
            return false;
        }

        _byUse.Remove(node);
        if (time.GetTimestamp() >= node.Value.Ends)
        {
            _entries.Remove(key);
            return false;
        }

        _byUse.AddLast(node);
        value = node.Value.Value;
        return true;
    }

    public void Set(TKey key, TValue value)
    {
        Remove(key);
        if (life == TimeSpan.Zero)
        {
            return;
        }

        if (_entries.Count >= capacity && _byUse.First is { } oldest)
        {
            Remove(oldest.Value.Key);
        }

        _entries.Add(key, _byUse.AddLast((key, value, time.Later(time.GetTimestamp(), life))));
    }

    public void Remove(TKey key)
    {
        if (_entries.Remove(key, out var node))
        {
            _byUse.Remove(node);
        }
    }
}
