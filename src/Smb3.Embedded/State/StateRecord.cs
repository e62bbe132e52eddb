namespace Smb3.Embedded.State;

/// <summary>A record of an <see cref="IStateStore"/>.</summary>
/// <param name="Key">Its key, unique in its scope, at most 255 characters, compared exactly.</param>
/// <param name="Value">Its content, at most 16 MiB.</param>
public readonly record struct StateRecord(string Key, ReadOnlyMemory<byte> Value);
