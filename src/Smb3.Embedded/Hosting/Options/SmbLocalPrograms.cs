namespace Smb3.Embedded;

/// <summary>
/// What becomes of the data that clients have cached of a file (oplocks and leases) when a program on the server's machine uses it. Applies
/// to folders on Linux; a <see cref="Storage.IFileStore"/> of the host says through <see cref="Storage.IOutsideUseSource"/> what it can do.
/// </summary>
public enum SmbLocalPrograms
{
    /// <summary>
    /// A change ends the caching a moment after it was made. This costs one inotify watch for each file that a client caches.
    /// </summary>
    Noticed,

    /// <summary>
    /// A program that opens the file waits until clients have written back or given up what they cache, at most the kernel's
    /// <c>fs.lease-break-time</c>: leases of Linux (<c>F_SETLEASE</c>), which files of the server's own account can have, and with
    /// CAP_LEASE all. Where there is none, as <see cref="Noticed"/>. Every open and close costs a few more system calls.
    /// </summary>
    Awaited,

    /// <summary>Nothing: right where no other program uses the folder.</summary>
    Ignored,
}
