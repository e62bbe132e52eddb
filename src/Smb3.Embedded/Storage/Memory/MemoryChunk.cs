namespace Smb3.Embedded.Storage.Memory;

/// <summary>
/// 64 KiB of data or the beginning of them, perhaps in several files. Who finds itself its only owner, under the lock of its node, stays
/// so until it lets go of that lock: nobody else can get at the chunk. Others copy it before they write.
/// </summary>
internal sealed class MemoryChunk(byte[] bytes)
{
    private int _owners = 1;

    /// <summary>The bytes; those behind the end are zeros.</summary>
    public byte[] Bytes { get; } = bytes;

    /// <summary>Whether other files have it too.</summary>
    public bool IsShared => Volatile.Read(ref _owners) > 1;

    /// <summary>One more file has it.</summary>
    public void Join() => Interlocked.Increment(ref _owners);

    /// <summary>One file less has it; true for the last one.</summary>
    public bool Leave() => Interlocked.Decrement(ref _owners) == 0;
}
