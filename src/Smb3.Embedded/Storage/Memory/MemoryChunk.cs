namespace Smb3.Embedded.Storage.Memory;

/// <summary>
/// Up to 64 KiB of data, perhaps shared by several files. A file that finds, under the lock of its node, that it is the only owner stays
/// so until it releases that lock: no other file can reach the chunk. A shared chunk is copied before it is written.
/// </summary>
/// <param name="bytes">The bytes.</param>
/// <param name="number">Tells it apart from all other chunks of the store: its place, as far as memory has any.</param>
internal sealed class MemoryChunk(byte[] bytes, long number)
{
    private int _owners = 1;
    private volatile bool _isErased;

    /// <summary>The bytes; everything beyond the end of the array is zero.</summary>
    public byte[] Bytes { get; } = bytes;

    /// <inheritdoc cref="MemoryChunk"/>
    public long Number { get; } = number;

    /// <summary>Whether other files share it.</summary>
    public bool IsShared => Volatile.Read(ref _owners) > 1;

    /// <summary>Has the last file that gives it back overwrite it.</summary>
    public void Erase() => _isErased = true;

    /// <summary>Adds a file that shares it.</summary>
    public void Join() => Interlocked.Increment(ref _owners);

    /// <summary>Removes a file that shares it; true for the last one.</summary>
    public bool Leave()
    {
        if (Interlocked.Decrement(ref _owners) != 0)
        {
            return false;
        }

        if (_isErased)
        {
            Bytes.AsSpan().Clear();
        }

        return true;
    }
}
