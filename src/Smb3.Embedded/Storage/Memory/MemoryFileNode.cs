namespace Smb3.Embedded.Storage.Memory;

/// <summary>A file.</summary>
internal sealed class MemoryFileNode : MemoryNode
{
    public MemoryFileNode(ulong id, MemorySpace space, MemoryFileStoreOptions options, NewFile parameters)
        : base(id, space, options, parameters) => Data = NewData();

    private MemoryFileNode(MemoryFileNode source)
        : base(source)
    {
    }

    /// <inheritdoc/>
    public override bool IsDirectory => false;

    /// <summary>Creates a copy that shares the data.</summary>
    public MemoryFileNode CopyForSnapshot() => new(this);
}
