namespace Smb3.Embedded.Storage.Memory;

/// <summary>How a <see cref="MemoryFileStore"/> is set up.</summary>
public sealed record MemoryFileStoreOptions
{
    /// <summary>
    /// The most bytes that the store may occupy: file data, and names, attributes, security descriptors, streams, empty files and
    /// snapshots too. Anything beyond fails with STATUS_DISK_FULL. <see langword="null"/>: half of the memory that the process may use.
    /// </summary>
    public long? Capacity { get; init; }

    /// <summary>The volume's label, at most 32 UTF-16 units.</summary>
    public string Label { get; init; } = "Memory";

    /// <summary>The volume's serial number.</summary>
    public uint SerialNumber { get; init; } = 0x4D454D30;

    /// <summary>Whether names that differ only in case are different files.</summary>
    public bool CaseSensitive { get; init; }

    /// <summary>Whether last access times move with the reads and writes of clients.</summary>
    public LastAccessUpdates LastAccess { get; init; }

    /// <summary>The greatest length of a file in bytes; the default is the limit of NTFS, 16 TiB − 64 KiB.</summary>
    public long MaxFileLength { get; init; } = 0xFFFFFFF0000;

    /// <summary>The clock that file times come from.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
