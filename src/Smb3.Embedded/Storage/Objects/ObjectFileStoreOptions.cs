namespace Smb3.Embedded.Storage.Objects;

/// <summary>What an <see cref="ObjectFileStore"/> does, and the most that its clients can make it hold.</summary>
public sealed record ObjectFileStoreOptions
{
    /// <summary>The volume's label, at most 32 UTF-16 units.</summary>
    public string Label { get; init; } = "Objects";

    /// <summary>The volume's serial number.</summary>
    public uint SerialNumber { get; init; } = 0x4F424A53;

    /// <summary>
    /// Size of the volume in bytes as clients are told, all of it free: what they see of a store that knows no bound. The store itself refuses
    /// with DISK_FULL.
    /// </summary>
    public long Capacity { get; init; } = 1L << 50;

    /// <summary>The longest file in bytes. It is never more than <see cref="SpoolSize"/>, through which each written file goes as a whole.</summary>
    public long MaxFileLength { get; init; } = 1L << 32;

    /// <summary>The longest key in bytes of UTF-8; what would be longer is refused with OBJECT_NAME_INVALID.</summary>
    public int MaxKeyBytes { get; init; } = 1024;

    /// <summary>
    /// The most bytes of files being written that are held until they are uploaded, of all clients together; what is beyond is refused with
    /// DISK_FULL. A file counts with its length, from its first change until it is uploaded and closed.
    /// </summary>
    public long SpoolSize { get; init; } = 1L << 32;

    /// <summary>How many of these bytes may be in memory, and of what is read ahead; the rest is in temporary files.</summary>
    public long SpoolMemory { get; init; } = 64L << 20;

    /// <summary>The most bytes of one file that are held in memory while it is written.</summary>
    public int SpoolMemoryPerFile { get; init; } = 1 << 20;

    /// <summary>
    /// Where temporary files are made; <see langword="null"/>: the system's place for them, which on some systems is memory. Only the server's
    /// account can open them, and they are gone with the process, however it ends.
    /// </summary>
    public string? SpoolFolder { get; init; }

    /// <summary>Bytes that are read at once where a client reads a file from front to back in smaller pieces; 0: none.</summary>
    public int ReadAhead { get; init; } = 1 << 20;

    /// <summary>Objects asked for with one listing.</summary>
    public int PageSize { get; init; } = 1000;

    /// <summary>
    /// How many objects a folder may hold at any depth for its rename to be carried out one by one, where the store cannot do it at once. More
    /// are refused with NOT_SAME_DEVICE before anything is moved: clients then copy and delete by themselves.
    /// </summary>
    public int MaxFolderRename { get; init; } = 10_000;

    /// <summary>
    /// Whether names that differ in case only are two files. Keys always do; where clients do not, a name is looked up among those of its
    /// folder.
    /// </summary>
    public bool CaseSensitive { get; init; }

    /// <summary>
    /// The most names of folders that are remembered, to find them in any case. In a folder with more than that, names are found only as
    /// they are written.
    /// </summary>
    public int MaxRememberedNames { get; init; } = 100_000;

    /// <summary>How long remembered names are believed, in the face of others who add objects.</summary>
    public TimeSpan RememberNames { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The clock that times come from.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Label.Length, 32, nameof(Label));
        ArgumentOutOfRangeException.ThrowIfNegative(Capacity);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxFileLength);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxKeyBytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(SpoolSize);
        ArgumentOutOfRangeException.ThrowIfNegative(SpoolMemory);
        ArgumentOutOfRangeException.ThrowIfNegative(SpoolMemoryPerFile);
        ArgumentOutOfRangeException.ThrowIfNegative(ReadAhead);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(PageSize);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxFolderRename);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxRememberedNames);
    }
}
