using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Memory;

/// <summary>One name in a directory. Immutable once it is visible; a rename creates another.</summary>
internal sealed record MemoryLink(string Name, MemoryNode Node)
{
    /// <summary>How much of the store's capacity it takes.</summary>
    public long Cost => MemoryCosts.OfLink(Name);
}

/// <summary>
/// A directory: its entries by name, for look-ups, and in order, for listings. <see cref="EntriesLock"/> guards the entries. To change them
/// a caller must also hold the store's lock on names, so that changes of two directories cannot interfere with others, and must have taken
/// the space for a new entry. Removing an entry gives its space back.
/// </summary>
internal sealed class MemoryDirectory : MemoryNode
{
    private readonly Dictionary<string, MemoryLink> _byName;
    private readonly Dictionary<string, MemoryLink>.AlternateLookup<ReadOnlySpan<char>> _bySpan;
    private readonly SortedSet<MemoryLink> _inOrder;
    private readonly StringComparer _comparer;

    public MemoryDirectory(ulong id, MemorySpace space, MemoryFileStoreOptions options, NewFile parameters)
        : base(id, space, options, parameters)
    {
        _comparer = options.CaseSensitive ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase;
        (_byName, _bySpan, _inOrder) = MakeTables(_comparer);
    }

    private MemoryDirectory(MemoryDirectory source)
        : base(source)
    {
        _comparer = source._comparer;
        (_byName, _bySpan, _inOrder) = MakeTables(_comparer);
    }

    /// <inheritdoc/>
    public override bool IsDirectory => true;

    /// <summary>Guards the entries; taken before the lock of any node.</summary>
    public Lock EntriesLock { get; } = new();

    /// <summary>Creates a directory like this one, without entries.</summary>
    public MemoryDirectory CopyForSnapshot() => new(this);

    /// <summary>All current entries.</summary>
    public MemoryLink[] GetLinks()
    {
        lock (EntriesLock)
        {
            return [.. _inOrder];
        }
    }

    /// <summary>Finds an entry.</summary>
    public MemoryLink? Find(ReadOnlySpan<char> name)
    {
        lock (EntriesLock)
        {
            return _bySpan.TryGetValue(name, out var link) ? link : null;
        }
    }

    /// <summary>Whether there are no entries.</summary>
    public bool IsEmpty()
    {
        lock (EntriesLock)
        {
            return _byName.Count == 0;
        }
    }

    /// <summary>Adds an entry, replacing one of the same name if there is one.</summary>
    public void Put(MemoryLink link)
    {
        lock (EntriesLock)
        {
            if (_byName.Remove(link.Name, out var old))
            {
                _inOrder.Remove(old);
                Space.Return(old.Cost);
            }

            _byName.Add(link.Name, link);
            _inOrder.Add(link);
        }
    }

    /// <summary>Removes an entry.</summary>
    public void Remove(MemoryLink link)
    {
        lock (EntriesLock)
        {
            _byName.Remove(link.Name);
            _inOrder.Remove(link);
            Space.Return(link.Cost);
        }
    }

    /// <summary>Reads the entries that come after <paramref name="last"/>, which itself may be gone.</summary>
    public int Read(ref MemoryLink? last, Span<StoreEntry> entries)
    {
        lock (EntriesLock)
        {
            if (_inOrder.Max is not { } end)
            {
                return 0;
            }

            IEnumerable<MemoryLink> rest = _inOrder;
            if (last is not null)
            {
                if (_inOrder.Comparer.Compare(last, end) >= 0)
                {
                    return 0;
                }

                rest = _inOrder.GetViewBetween(last, end);
            }

            var count = 0;
            var comparer = _inOrder.Comparer;
            foreach (var link in rest)
            {
                if (count == entries.Length)
                {
                    break;
                }

                if (count == 0 && last is not null && comparer.Compare(link, last) == 0)
                {
                    continue;
                }

                entries[count++] = new StoreEntry(link.Name, link.Node.GetMetadata());
                last = link;
            }

            return count;
        }
    }

    private static (Dictionary<string, MemoryLink>, Dictionary<string, MemoryLink>.AlternateLookup<ReadOnlySpan<char>>, SortedSet<MemoryLink>)
        MakeTables(StringComparer comparer)
    {
        var byName = new Dictionary<string, MemoryLink>(comparer);
        var inOrder = new SortedSet<MemoryLink>(
            Comparer<MemoryLink>.Create((left, right) => comparer.Compare(left.Name, right.Name)));
        return (byName, byName.GetAlternateLookup<ReadOnlySpan<char>>(), inOrder);
    }
}
