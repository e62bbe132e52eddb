using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Naming;

/// <summary>
/// The short names of the files in one directory. A file has the first one that was free when it came; files that a table finds together
/// came in the order of their creation times. A directory with more names than <see cref="Capacity"/> is not remembered: there, short names are
/// derived from the long ones alone.
/// </summary>
internal sealed class ShortNameTable
{
    /// <summary>The most names of a directory that are remembered.</summary>
    public const int Capacity = 1024;

    private readonly Lock _sync = new();
    private readonly HashSet<string> _without = new(StringComparer.Ordinal);
    private readonly HashSet<string> _taken = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, string> _short = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _long = new(StringComparer.OrdinalIgnoreCase);

    private ShortNameTable(bool isTooLarge) => IsTooLarge = isTooLarge;

    /// <summary>That of a directory that has too many names.</summary>
    public static ShortNameTable TooLarge { get; } = new(isTooLarge: true);

    /// <summary>Whether short names are derived from long ones alone.</summary>
    public bool IsTooLarge { get; }

    /// <summary>The table of a directory.</summary>
    /// <param name="entries">All that is in it.</param>
    /// <param name="given">What clients have given, which comes first.</param>
    /// <param name="former">What it was before: names that are still there keep their short ones.</param>
    public static ShortNameTable Create(List<StoreEntry> entries, GivenShortNames? given, ShortNameTable? former)
    {
        var table = new ShortNameTable(isTooLarge: false);
        var rest = new List<StoreEntry>();
        foreach (var entry in entries)
        {
            if (ShortNames.IsShort(entry.Name))
            {
                table._taken.Add(entry.Name);
            }
            else
            {
                rest.Add(entry);
            }
        }

        var present = given is null ? [] : entries.Select(static entry => entry.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var (name, shortName) in given?.All ?? [])
        {
            if (present.Contains(name) && shortName.Length == 0)
            {
                table._without.Add(name);
            }
            else if (present.Contains(name) && table._taken.Add(shortName))
            {
                table.Add(name, shortName);
            }
        }

        foreach (var entry in rest.Where(entry => !table._short.ContainsKey(entry.Name) && !table._without.Contains(entry.Name)))
        {
            if (former?.Recall(entry.Name) is { } known && table._taken.Add(known))
            {
                table.Add(entry.Name, known);
            }
        }

        rest.Sort(static (left, right) => (left.Metadata.CreationTime.Ticks, left.Metadata.FileId, left.Name)
            .CompareTo((right.Metadata.CreationTime.Ticks, right.Metadata.FileId, right.Name)));
        foreach (var entry in rest)
        {
            table.Of(entry.Name);
        }

        return table;
    }

    /// <summary>
    /// The short name of a name that is in the directory, beside that name; one that has come since gets its own now.
    /// <see langword="null"/>: it is short itself, or is to have none.
    /// </summary>
    public string? Of(string name)
    {
        if (IsTooLarge)
        {
            return ShortNames.IsShort(name) ? null : ShortNames.Hashed(name);
        }

        lock (_sync)
        {
            if (_short.TryGetValue(name, out var known))
            {
                return known;
            }

            if (ShortNames.IsShort(name) || _without.Contains(name))
            {
                return null;
            }

            var made = ShortNames.Make(name, _taken.Contains);
            _taken.Add(made);
            Add(name, made);
            return made;
        }
    }

    /// <summary>The short name that a name has already; <see langword="null"/>: none, or it follows from the name.</summary>
    public string? Recall(string name)
    {
        lock (_sync)
        {
            return _short.GetValueOrDefault(name);
        }
    }

    /// <summary>The name that a short name stands for; <see langword="null"/>: none that is remembered.</summary>
    public string? Find(string shortName)
    {
        lock (_sync)
        {
            return _long.GetValueOrDefault(shortName);
        }
    }

    private void Add(string name, string shortName)
    {
        _short.Add(name, shortName);
        _long.Add(shortName, name);
    }
}
