namespace Smb3.Embedded.State;

/// <summary>One change of a batch for an <see cref="IStateStore"/>.</summary>
/// <param name="Key">The key of the record.</param>
/// <param name="Value">
/// Its new content; <see langword="null"/> to remove the record. Removing one that does not exist is no error.
/// </param>
public readonly record struct StateChange(string Key, ReadOnlyMemory<byte>? Value);
