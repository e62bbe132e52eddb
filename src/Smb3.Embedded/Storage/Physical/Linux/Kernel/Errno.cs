using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Physical.Linux.Kernel;

/// <summary>Linux error numbers that mean something to the store.</summary>
internal enum Errno
{
    NotPermitted = 1, // EPERM
    NoEntry = 2, // ENOENT
    Interrupted = 4, // EINTR
    Io = 5, // EIO
    NoSuchDevice = 6, // ENXIO
    TooLong = 7, // E2BIG
    BadDescriptor = 9, // EBADF
    Again = 11, // EAGAIN
    NoMemory = 12, // ENOMEM
    Access = 13, // EACCES
    Busy = 16, // EBUSY
    Exists = 17, // EEXIST
    CrossDevice = 18, // EXDEV
    NotDirectory = 20, // ENOTDIR
    IsDirectory = 21, // EISDIR
    Invalid = 22, // EINVAL
    TooManyFiles = 24, // EMFILE
    TextBusy = 26, // ETXTBSY
    TooBig = 27, // EFBIG
    NoSpace = 28, // ENOSPC
    ReadOnlyFileSystem = 30, // EROFS
    TooManyLinks = 31, // EMLINK
    Range = 34, // ERANGE
    NameTooLong = 36, // ENAMETOOLONG
    NoSystemCall = 38, // ENOSYS
    NotEmpty = 39, // ENOTEMPTY
    Loop = 40, // ELOOP
    NoData = 61, // ENODATA
    NotSupported = 95, // EOPNOTSUPP
    Stale = 116, // ESTALE
    Quota = 122, // EDQUOT
    RootGone = 0x10000, // the store's own: what the store was opened on is no longer at its path
}

/// <summary>The one place where an error number becomes a status.</summary>
internal static class ErrnoExtensions
{
    /// <summary>Whether a file system reports that it cannot do this operation, rather than that the operation failed.</summary>
    public static bool IsRefusal(this Errno error) => error is Errno.CrossDevice or Errno.Invalid or Errno.NotSupported
        or Errno.NoSystemCall or Errno.BadDescriptor or Errno.TextBusy or Errno.NotPermitted;

    /// <summary>The same for a call that may have been told not to wait: on PENDING the store repeats it on another thread.</summary>
    public static NtStatus ToStatus(this Errno error, bool quick) => quick && error == Errno.Again ? NtStatus.Pending : error.ToStatus();

    /// <summary>The status for an error of a call on a path or a handle.</summary>
    public static NtStatus ToStatus(this Errno error) => error switch
    {
        0 => NtStatus.Success,
        Errno.Again => NtStatus.SharingViolation, // the file is in use elsewhere, and this call does not wait
        Errno.NotPermitted or Errno.Access or Errno.TextBusy or Errno.IsDirectory => NtStatus.AccessDenied,
        Errno.CrossDevice or Errno.Loop => NtStatus.AccessDenied, // RESOLVE_BENEATH: the path leads out of the share
        Errno.NoEntry => NtStatus.ObjectNameNotFound,
        Errno.NotDirectory => NtStatus.ObjectPathNotFound,
        Errno.Exists => NtStatus.ObjectNameCollision,
        Errno.NotEmpty => NtStatus.DirectoryNotEmpty,
        Errno.Busy => NtStatus.SharingViolation,
        Errno.Invalid => NtStatus.InvalidParameter,
        Errno.NameTooLong => NtStatus.ObjectNameInvalid,
        Errno.NoSpace or Errno.Quota => NtStatus.DiskFull,
        Errno.TooBig => NtStatus.FileTooLarge,
        Errno.ReadOnlyFileSystem => NtStatus.MediaWriteProtected,
        Errno.TooManyLinks => NtStatus.TooManyLinks,
        Errno.TooManyFiles or Errno.NoMemory or Errno.Range or (Errno)23 => NtStatus.InsufficientResources,
        Errno.NotSupported or Errno.NoSystemCall => NtStatus.NotSupported,
        Errno.RootGone => NtStatus.NetworkNameDeleted, // clients reconnect to what is there now
        Errno.Stale => NtStatus.FileClosed,
        _ => NtStatus.UnexpectedIoError,
    };
}
