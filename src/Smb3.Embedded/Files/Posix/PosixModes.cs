namespace Smb3.Embedded.Files.Posix;

/// <summary>
/// The permission bits that clients set. Files are the server process's, who is often root: with set-user-ID or set-group-ID on a program,
/// a client would run it as the server on every machine that has the disk. Files of other kinds than these bits can say (devices) are not
/// made either: the bits of the type are cut off with the rest.
/// </summary>
internal static class PosixModes
{
    private const UnixFileMode Permissions = (UnixFileMode)0b111_111_111;

    /// <summary>What a new file gets. In a directory, the sticky bit keeps local users from deleting each other's files.</summary>
    public static UnixFileMode OfNew(UnixFileMode asked, bool isDirectory) =>
        asked & (isDirectory ? Permissions | UnixFileMode.StickyBit : Permissions);

    /// <summary>
    /// What a file gets that has other bits. A directory keeps set-group-ID, by which whoever administers the disk has new files in it
    /// belong to its group; a file that changes hands or purpose loses such bits, as with chown(2).
    /// </summary>
    public static UnixFileMode Change(UnixFileMode present, UnixFileMode asked, bool isDirectory) => isDirectory
        ? OfNew(asked, isDirectory) | (present & (UnixFileMode.SetUser | UnixFileMode.SetGroup))
        : OfNew(asked, isDirectory);
}
