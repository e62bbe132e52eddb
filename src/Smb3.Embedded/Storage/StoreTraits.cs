namespace Smb3.Embedded.Storage;

/// <summary>What a store can do beyond the plain file operations. Clients are told of nothing that is not set here.</summary>
[Flags]
public enum StoreAbilities
{
    /// <summary>Plain files and directories only.</summary>
    None = 0,

    /// <summary><see cref="IFileStore.LinkAsync"/> works.</summary>
    HardLinks = 1,

    /// <summary>Handles implement <see cref="ISecurableFile"/>: security descriptors are kept.</summary>
    SecurityDescriptors = 2,

    /// <summary>Handles implement <see cref="ISparseFile"/>: ranges that were never written, or were given back, occupy no space.</summary>
    SparseFiles = 4,

    /// <summary>DOS attributes and creation time are kept as they are set.</summary>
    DosAttributes = 8,

    /// <summary>Two names that differ in case only are two files.</summary>
    CaseSensitive = 16,

    /// <summary>Nothing can be changed; every write is refused with STATUS_MEDIA_WRITE_PROTECTED before it reaches the store.</summary>
    ReadOnly = 32,

    /// <summary>Handles implement <see cref="IStreamedFile"/>: files and directories can have named streams.</summary>
    NamedStreams = 64,

    /// <summary>Handles implement <see cref="IExtendedAttributeFile"/>: extended attributes are kept.</summary>
    ExtendedAttributes = 128,

    /// <summary>
    /// Handles implement <see cref="IReparseFile"/>: files and directories can be reparse points, symbolic links among them.
    /// </summary>
    ReparsePoints = 256,

    /// <summary>Handles implement <see cref="ICompressibleFile"/>: files can be kept compressed.</summary>
    Compression = 512,

    /// <summary>Handles implement <see cref="ICloneTarget"/>: files can share space until they are written.</summary>
    BlockCloning = 1024,

    /// <summary>Handles implement <see cref="IObjectIdFile"/>: object ids are kept.</summary>
    ObjectIds = 2048,

    /// <summary>The store implements <see cref="ISnapshotStore"/>: earlier states can be read.</summary>
    Snapshots = 4096,

    /// <summary>The store implements <see cref="IQuotaStore"/>: it counts what each owner uses. Needs security descriptors.</summary>
    Quotas = 8192,

    /// <summary>Handles implement <see cref="IPosixFile"/> and files have <see cref="FileMetadata.UnixMode"/>.</summary>
    PosixModes = 16384,

    /// <summary>
    /// The store could tell names apart by case if it were opened so, whether it does now or not. Clients are told what NTFS tells them,
    /// which looks names up without regard to case just the same.
    /// </summary>
    CanBeCaseSensitive = 32768,

    /// <summary>Handles implement <see cref="IExtentFile"/>: clients may ask where on the volume data is kept.</summary>
    Extents = 65536,

    /// <summary>Handles implement <see cref="IErasingFile"/>: space that data gives back can be overwritten.</summary>
    ZeroOnDeallocation = 131072,
}

/// <summary>The unchanging facts about a store.</summary>
public sealed record StoreTraits
{
    /// <summary>What the store can do.</summary>
    public StoreAbilities Abilities { get; init; }

    /// <summary>
    /// What clients are told as the file system's name. Windows programs look for <c>NTFS</c> before they use its features.
    /// </summary>
    public string FileSystemName { get; init; } = "NTFS";

    /// <summary>The longest name of one entry, in UTF-16 units.</summary>
    public int MaxNameLength { get; init; } = 255;

    /// <summary>
    /// The longest file in bytes; the default is the limit of NTFS with units of 4 KiB. A write or an end of file beyond it is refused:
    /// by a store with FILE_TOO_LARGE, by NT with STATUS_INVALID_PARAMETER for a write and STATUS_DISK_FULL for an end of file.
    /// </summary>
    public long MaxFileLength { get; init; } = 0xFFFFFFF0000;

    /// <summary>Bytes of one allocation unit as clients see it: a power of two from 512 to 65,536.</summary>
    public int AllocationUnit { get; init; } = 4096;

    /// <summary>Bytes of a sector.</summary>
    public int SectorSize { get; init; } = 512;

    /// <summary>Whether the server moves last access times. The store is given them when a file is closed.</summary>
    public LastAccessUpdates LastAccess { get; init; }

    /// <summary>Whether <paramref name="ability"/> is there.</summary>
    public bool Has(StoreAbilities ability) => (Abilities & ability) == ability;
}

/// <summary>The state of the volume behind a store.</summary>
public readonly record struct VolumeInformation
{
    /// <summary>Label, at most 32 UTF-16 units.</summary>
    public string Label { get; init; }

    /// <summary>Serial number that stays the same for the life of the volume.</summary>
    public uint SerialNumber { get; init; }

    /// <summary>When the volume was created.</summary>
    public Nt.FileTime CreationTime { get; init; }

    /// <summary>Size in bytes.</summary>
    public long TotalBytes { get; init; }

    /// <summary>Free bytes.</summary>
    public long FreeBytes { get; init; }

    /// <summary>Free bytes that the server may use; at most <see cref="FreeBytes"/>.</summary>
    public long AvailableBytes { get; init; }
}
