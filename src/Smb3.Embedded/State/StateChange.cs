namespace Smb3.Embedded.State;

/// <summary>One change of a batch for an <see cref="IStateStore"/>.</summary>
/// <param name="Key">The key of the record.</param>
/// <param name="Value">
/// Its new content; <see langword="null"/> to remove the record. Removing one that does not exist is no error. An array that is
/// <see langword="null"/> becomes an empty content and removes nothing: <see cref="Put"/> and <see cref="Remove"/> say what is meant.
/// </param>
public readonly record struct StateChange(string Key, ReadOnlyMemory<byte>? Value)
{
    /// <summary>Makes a record, or replaces its content.</summary>
    /// <param name="key">The key of the record.</param>
    /// <param name="value">Its content.</param>
    public static StateChange Put(string key, ReadOnlyMemory<byte> value) => new(key, value);

    /// <summary>Removes a record, if there is one.</summary>
    /// <param name="key">The key of the record.</param>
    public static StateChange Remove(string key) => new(key, null);
}
