namespace Smb3.Embedded.Storage.Memory;

/// <summary>
/// Up to 64 KiB of data, perhaps shared by several files. A file that finds, under the lock of its node, that it is the only owner stays
/// so until it releases that lock: no other file can reach the chunk. A shared chunk is copied before it is written.
/// </summary>
internal sealed class MemoryChunk(byte[] bytes)
{
    private int _owners = 1;

    /// <summary>The bytes; everything beyond the end of the array is zero.</summary>
    public byte[] Bytes { get; } = bytes;

    /// <summary>Whether other files share it.</summary>
    public bool IsShared => Volatile.Read(ref _owners) > 1;

    /// <summary>Adds a file that shares it.</summary>
    public void Join() => Interlocked.Increment(ref _owners);

    /// <summary>Removes a file that shares it; true for the last one.</summary>
    public bool Leave() => Interlocked.Decrement(ref _owners) == 0;
}
