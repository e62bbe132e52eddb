namespace Smb3.Embedded.Storage.Memory;

/// <summary>A named stream; everything in it is guarded by the lock of its node.</summary>
internal sealed class MemoryNamedStream(string name, MemoryData data)
{
    /// <summary>The name in the case in which it was given.</summary>
    public string Name { get; set; } = name;

    /// <summary>The data.</summary>
    public MemoryData Data { get; } = data;

    /// <summary>The number of open handles.</summary>
    public int Handles { get; set; }

    /// <summary>Whether the data goes with the last handle: the stream no longer has a name.</summary>
    public bool IsRemoved { get; set; }
}
