namespace Smb3.Embedded;

/// <summary>
/// What becomes of that which clients cache of a file (oplocks and leases) when a program on the server's machine uses the file. It counts
/// for folders on Linux; a <see cref="Storage.IFileStore"/> of the host's says by <see cref="Storage.IOutsideUseSource"/> what it can do.
/// </summary>
public enum SmbLocalPrograms
{
    /// <summary>
    /// A change ends the caching a moment after it was made. This costs a watch of the kernel (inotify) for each file that somebody caches.
    /// </summary>
    Noticed,

    /// <summary>
    /// A program that opens the file waits until clients have written back or given up what they cache, at most the kernel's
    /// <c>fs.lease-break-time</c>: leases of Linux (<c>F_SETLEASE</c>), which files of the server's own account can have, and with CAP_LEASE
    /// all. Where there is none, as <see cref="Noticed"/>. Every open and close costs some system calls more.
    /// </summary>
    Awaited,

    /// <summary>Nothing: right where no other program uses the folder.</summary>
    Ignored,
}
