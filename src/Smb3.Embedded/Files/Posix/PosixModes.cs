namespace Smb3.Embedded.Files.Posix;

/// <summary>
/// The permission bits that clients can set. Files belong to the user of the server process, which is often root: with set-user-ID or
/// set-group-ID on a program, a client could have it run as the server on every machine that has the disk. Kinds of file beyond these bits
/// (devices) are not made either: the type bits are cut off with the rest.
/// </summary>
internal static class PosixModes
{
    private const UnixFileMode Permissions = (UnixFileMode)0b111_111_111;

    /// <summary>The bits that a new file gets. In a directory, the sticky bit keeps local users from deleting each other's files.</summary>
    public static UnixFileMode OfNew(UnixFileMode asked, bool isDirectory) =>
        asked & (isDirectory ? Permissions | UnixFileMode.StickyBit : Permissions);

    /// <summary>
    /// The bits that an existing file gets. A directory keeps set-group-ID, which administrators of the disk use to make new files
    /// in it belong to its group; a file that changes hands or purpose loses such bits, as with chown(2).
    /// </summary>
    public static UnixFileMode Change(UnixFileMode present, UnixFileMode asked, bool isDirectory) => isDirectory
        ? OfNew(asked, isDirectory) | (present & (UnixFileMode.SetUser | UnixFileMode.SetGroup))
        : OfNew(asked, isDirectory);
}
