using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage;

/// <summary>What a store knows of one file or directory, apart from its name and its data.</summary>
public readonly record struct FileMetadata
{
    /// <summary>
    /// A number that no other file of the store has at the same time, that stays with the file through renames and restarts, and that all
    /// hard links of a file share. Zero is not allowed.
    /// </summary>
    public required ulong FileId { get; init; }

    /// <summary>
    /// DOS attributes. <see cref="FileAttributes.Directory"/> is set for a directory and for nothing else; a plain file may have none
    /// at all (the server sends FILE_ATTRIBUTE_NORMAL then). <see cref="FileAttributes.SparseFile"/>,
    /// <see cref="FileAttributes.Compressed"/> and <see cref="FileAttributes.ReparsePoint"/> say what the interfaces for them have set.
    /// </summary>
    public required FileAttributes Attributes { get; init; }

    /// <summary>Length of the data in bytes (end of file); 0 for a directory.</summary>
    public long Length { get; init; }

    /// <summary>Bytes that the data occupies on disk.</summary>
    public long AllocationSize { get; init; }

    /// <summary>When the file was created.</summary>
    public FileTime CreationTime { get; init; }

    /// <summary>When the data was last read, as far as the medium keeps it: like NTFS, a store need not move it with every read.</summary>
    public FileTime LastAccessTime { get; init; }

    /// <summary>When the data was last written.</summary>
    public FileTime LastWriteTime { get; init; }

    /// <summary>When data or metadata last changed.</summary>
    public FileTime ChangeTime { get; init; }

    /// <summary>Number of names (hard links) that the file has; at least 1.</summary>
    public uint LinkCount { get; init; }

    /// <summary>Size of all extended attributes as <see cref="ExtendedAttribute.SizeOf"/> counts it; 0 when there are none.</summary>
    public uint EaSize { get; init; }

    /// <summary>The tag of a reparse point; 0 for what is none.</summary>
    public uint ReparseTag { get; init; }

    /// <summary>Permission bits; <see langword="null"/> without <see cref="StoreAbilities.PosixModes"/>.</summary>
    public UnixFileMode? UnixMode { get; init; }

    /// <summary>Whether this is a directory.</summary>
    public bool IsDirectory => (Attributes & FileAttributes.Directory) != 0;
}

/// <summary>A change of metadata; what is <see langword="null"/> stays as it is.</summary>
public readonly record struct FileMetadataChange
{
    /// <summary>
    /// New DOS attributes; those that nobody can ask for because they say what the file is (<see cref="FileAttributes.Directory"/>,
    /// <see cref="FileAttributes.SparseFile"/>, <see cref="FileAttributes.Compressed"/>, <see cref="FileAttributes.ReparsePoint"/>) are
    /// ignored and stay.
    /// </summary>
    public FileAttributes? Attributes { get; init; }

    /// <summary>New creation time.</summary>
    public FileTime? CreationTime { get; init; }

    /// <summary>New last access time.</summary>
    public FileTime? LastAccessTime { get; init; }

    /// <summary>New last write time.</summary>
    public FileTime? LastWriteTime { get; init; }

    /// <summary>New change time. When it is <see langword="null"/>, any other change sets it to now.</summary>
    public FileTime? ChangeTime { get; init; }

    /// <summary>Whether nothing changes.</summary>
    public bool IsEmpty => this == default;
}

/// <summary>One entry of a directory listing.</summary>
/// <param name="Name">The name in the case in which it was created.</param>
/// <param name="Metadata">What the store knows of it.</param>
public readonly record struct StoreEntry(string Name, FileMetadata Metadata);
