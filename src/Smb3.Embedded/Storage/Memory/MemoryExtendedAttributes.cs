namespace Smb3.Embedded.Storage.Memory;

/// <summary>The extended attributes of a file, ordered by name. Never changed in place, so copies of the file can share them.</summary>
internal sealed class MemoryExtendedAttributes
{
    private const uint MaxSize = 65_535; // as NTFS

    private readonly SortedDictionary<string, ReadOnlyMemory<byte>> _values;

    private MemoryExtendedAttributes(SortedDictionary<string, ReadOnlyMemory<byte>> values)
    {
        _values = values;
        var size = values.Count == 0 ? 0u : 4u;
        foreach (var (name, value) in values)
        {
            size += 5u + (uint)name.Length + (uint)value.Length;
        }

        Size = size;
    }

    /// <summary>No extended attributes.</summary>
    public static MemoryExtendedAttributes None { get; } = new(new(StringComparer.OrdinalIgnoreCase));

    /// <summary>Their size as an OS/2 FEALIST, which is what EaSize reports.</summary>
    public uint Size { get; }

    /// <summary>How much of the store's capacity they take.</summary>
    public long Cost => MemoryCosts.OfAttributes(_values);

    /// <summary>Whether a file can have this many.</summary>
    public bool IsAllowed => Size <= MaxSize;

    /// <summary>All attributes.</summary>
    public IReadOnlyList<ExtendedAttribute> ToList()
    {
        var list = new List<ExtendedAttribute>(_values.Count);
        foreach (var (name, value) in _values)
        {
            list.Add(new ExtendedAttribute(name, value));
        }

        return list;
    }

    /// <summary>These attributes with some of them set; an empty value removes one.</summary>
    public MemoryExtendedAttributes With(IReadOnlyList<ExtendedAttribute> changes)
    {
        var all = new SortedDictionary<string, ReadOnlyMemory<byte>>(_values, StringComparer.OrdinalIgnoreCase);
        foreach (var change in changes)
        {
            if (change.Value.IsEmpty)
            {
                all.Remove(change.Name);
            }
            else
            {
                all[change.Name] = change.Value.ToArray();
            }
        }

        return all.Count == 0 ? None : new MemoryExtendedAttributes(all);
    }
}
