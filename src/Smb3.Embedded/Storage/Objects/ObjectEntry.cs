namespace Smb3.Embedded.Storage.Objects;

/// <summary>One object, as its store knows it.</summary>
/// <param name="Key">Its key. What ends in a slash is a folder.</param>
/// <param name="Length">Bytes of data.</param>
/// <param name="LastWritten">When it was put.</param>
/// <param name="Version">
/// What changes with each put (an ETag, a row version); <see langword="null"/> where there is no such thing: then changes that others make
/// while a file is open are not noticed.
/// </param>
/// <param name="Properties">What was put with it, character by character; <see langword="null"/> when nothing was, or is not kept.</param>
public readonly record struct ObjectEntry(
    string Key, long Length, DateTimeOffset LastWritten, string? Version = null, string? Properties = null);

/// <summary>A page of a listing that is asked for: objects whose keys lie in a range, in the order of the keys.</summary>
/// <param name="Prefix">What their keys begin with: empty, or the key of a folder with its slash.</param>
/// <param name="After">Their keys come after this one; empty: from the first.</param>
/// <param name="Folders">
/// Whether all keys below one folder of the prefix may be told by one entry with the folder's key (a listing with a delimiter). Where a
/// store knows nothing of folders it tells the keys, and the others of the folder are passed over.
/// </param>
/// <param name="Most">How many entries are of use; fewer may be told, but none only when there are none.</param>
public readonly record struct ObjectQuery(string Prefix, string After, bool Folders, int Most)
{
    /// <summary>Whether only the keys of the entries are looked at, so that a store need not fetch what else it would tell.</summary>
    public bool KeysOnly { get; init; }

    /// <summary>The first key behind all that begin with the prefix; what has no prefix ends with the last character of Unicode.</summary>
    public string End => Prefix.Length == 0 ? "\U0010FFFF" : string.Concat(Prefix.AsSpan(0, Prefix.Length - 1), "0");
}

/// <summary>What an object must be for a put to replace it.</summary>
/// <param name="IsAbsent">Nothing has the key.</param>
/// <param name="Version">The object has this version; <see langword="null"/>: any.</param>
public readonly record struct ObjectCondition(bool IsAbsent, string? Version)
{
    /// <summary>Whatever is there is replaced.</summary>
    public static ObjectCondition None => default;

    /// <summary>Nothing is replaced.</summary>
    public static ObjectCondition Absent => new(true, null);

    /// <summary>Only that version is replaced.</summary>
    public static ObjectCondition Same(string? version) => new(false, version);
}
