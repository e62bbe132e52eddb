namespace Smb3.Embedded.State;

/// <summary>A record of an <see cref="IStateStore"/>.</summary>
/// <param name="Key">Its key, unique in its scope and compared exactly.</param>
/// <param name="Value">Its content, which may be empty.</param>
public readonly record struct StateRecord(string Key, ReadOnlyMemory<byte> Value);
