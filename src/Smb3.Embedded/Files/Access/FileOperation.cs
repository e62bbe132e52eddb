namespace Smb3.Embedded.Files.Access;

/// <summary>
/// Operations that touch more than the object of their handle, or need rights that were not asked for by name.
/// <see cref="OperationRights"/> has a line for each.
/// </summary>
internal enum FileOperation
{
    /// <summary>CREATE makes a file.</summary>
    CreateFile,

    /// <summary>CREATE makes a directory.</summary>
    CreateDirectory,

    /// <summary>CREATE makes a named stream of a file that exists.</summary>
    CreateStream,

    /// <summary>FILE_OVERWRITE and FILE_OVERWRITE_IF of an existing file.</summary>
    Overwrite,

    /// <summary>FILE_SUPERSEDE of an existing file.</summary>
    Supersede,

    /// <summary>FILE_DELETE_ON_CLOSE, FileDispositionInformation and FileDispositionInformationEx.</summary>
    Delete,

    /// <summary>FileRenameInformation and FileRenameInformationEx of a file.</summary>
    RenameFile,

    /// <summary>The same for a directory.</summary>
    RenameDirectory,

    /// <summary>The same for a named stream.</summary>
    RenameStream,

    /// <summary>FileLinkInformation and FileLinkInformationEx.</summary>
    Link,

    /// <summary>FSCTL_SRV_COPYCHUNK, FSCTL_SRV_COPYCHUNK_WRITE, and the part of an offloaded write that copies.</summary>
    CopyRange,

    /// <summary>FSCTL_DUPLICATE_EXTENTS_TO_FILE and its extended form.</summary>
    CloneRange,

    /// <summary>FSCTL_OFFLOAD_READ.</summary>
    OffloadRead,

    /// <summary>FSCTL_OFFLOAD_WRITE.</summary>
    OffloadWrite,
}
