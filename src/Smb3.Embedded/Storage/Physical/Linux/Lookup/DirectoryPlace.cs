using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Lookup;

/// <summary>A directory that was found: a descriptor on it, and its location.</summary>
/// <param name="descriptor">The directory: open for reading, which avoids going through /proc, or a place only (O_PATH).</param>
/// <param name="disk">Its path below the root as it is on disk, without a terminating zero; empty for the root.</param>
/// <param name="path">Its path as clients see it.</param>
internal sealed class DirectoryPlace(FileDescriptor descriptor, byte[] disk, StorePath path) : IDisposable
{
    private StatxBuffer _asFound;

    /// <summary>The directory.</summary>
    public FileDescriptor Descriptor => descriptor;

    /// <summary>Its path on the disk.</summary>
    public byte[] Disk => disk;

    /// <summary>Its path as clients see it.</summary>
    public StorePath Path => path;

    /// <summary>Its state when it was found.</summary>
    public ref readonly StatxBuffer AsFound => ref _asFound;

    /// <summary>Reads its state.</summary>
    public Errno Stat() => InodeCalls.Stat(descriptor, out _asFound);

    /// <inheritdoc/>
    public void Dispose() => descriptor.Dispose();
}
