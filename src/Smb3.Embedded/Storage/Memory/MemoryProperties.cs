using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Memory;

/// <summary>The attributes, permissions and times of a node. Guarded by the lock of the node.</summary>
internal struct MemoryProperties
{
    // Attributes that tell what the file is, rather than what a client wished it to be, are kept elsewhere.
    private const FileAttributes NotKept = FileAttributes.Directory | FileAttributes.Normal | FileAttributes.SparseFile
        | FileAttributes.Compressed | FileAttributes.ReparsePoint;

    // What most systems create with the usual umask: rw-r--r-- and rwxr-xr-x.
    private const UnixFileMode UsualFileMode = (UnixFileMode)0b110_100_100;
    private const UnixFileMode UsualDirectoryMode = (UnixFileMode)0b111_101_101;

    private FileTime _creationTime;
    private FileTime _lastAccessTime;
    private FileTime _lastWriteTime;

    /// <summary>The properties of a new node.</summary>
    public MemoryProperties(in NewFile parameters, bool isDirectory, FileTime now)
    {
        Attributes = parameters.Attributes & ~NotKept;
        Mode = parameters.UnixMode ?? (isDirectory ? UsualDirectoryMode : UsualFileMode);
        _creationTime = _lastAccessTime = _lastWriteTime = ChangeTime = now;
    }

    /// <summary>The attributes that clients set.</summary>
    public FileAttributes Attributes { get; private set; }

    /// <summary>The permission bits.</summary>
    public UnixFileMode Mode { get; set; }

    /// <summary>When anything of the node was changed.</summary>
    public FileTime ChangeTime { get; set; }

    /// <summary>Whether it is marked as compressed.</summary>
    public bool IsCompressed { get; set; }

    /// <summary>Changes attributes and times.</summary>
    public void Apply(in FileMetadataChange change, FileTime now)
    {
        if (change.Attributes is { } attributes)
        {
            Attributes = attributes & ~NotKept;
        }

        _creationTime = change.CreationTime ?? _creationTime;
        _lastAccessTime = change.LastAccessTime ?? _lastAccessTime;
        _lastWriteTime = change.LastWriteTime ?? _lastWriteTime;
        ChangeTime = change.ChangeTime ?? now;
    }

    /// <summary>Stamps a change of the data, or of a directory's entries.</summary>
    public void MarkWritten(FileTime now) => _lastWriteTime = ChangeTime = now;

    /// <summary>Adds the properties to what else is known about the node.</summary>
    public readonly FileMetadata AddTo(in FileMetadata metadata) => metadata with
    {
        Attributes = metadata.Attributes | Attributes | (IsCompressed ? FileAttributes.Compressed : 0),
        CreationTime = _creationTime,
        LastAccessTime = _lastAccessTime,
        LastWriteTime = _lastWriteTime,
        ChangeTime = ChangeTime,
        UnixMode = Mode,
    };
}
