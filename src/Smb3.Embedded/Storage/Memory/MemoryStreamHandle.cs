namespace Smb3.Embedded.Storage.Memory;

/// <summary>An open handle on a stream.</summary>
internal sealed class MemoryStreamHandle(StorePath path, MemoryNode node, MemoryNamedStream stream)
    : MemoryHandle(path, node, stream), IStoreStream
{
    /// <inheritdoc/>
    public string StreamName { get; } = stream.Name;
}
