using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Physical.Portable;

/// <summary>The one place where an exception from System.IO becomes a status.</summary>
internal static class PortableErrors
{
    /// <summary>The status for an exception; one that does not come from System.IO is thrown again.</summary>
    public static NtStatus ToStatus(Exception exception) => exception switch
    {
        FileNotFoundException => NtStatus.ObjectNameNotFound,
        DirectoryNotFoundException => NtStatus.ObjectPathNotFound,
        PathTooLongException or NotSupportedException => NtStatus.ObjectNameInvalid,
        UnauthorizedAccessException => NtStatus.AccessDenied,
        IOException io => FromCode(io.HResult),
        _ => NtStatus.UnexpectedIoError,
    };

    // HResult is the Win32 error (with facility 7) on Windows, and errno elsewhere.
    private static NtStatus FromCode(int code) => (uint)code switch
    {
        0x80070050 or 0x800700B7 or 17 => NtStatus.ObjectNameCollision,
        0x80070070 or 0x80070027 or 28 or 122 or 69 => NtStatus.DiskFull,
        0x80070091 or 39 or 66 => NtStatus.DirectoryNotEmpty,
        0x80070020 or 0x80070021 => NtStatus.SharingViolation,
        0x80070013 or 30 => NtStatus.MediaWriteProtected,
        0x80070011 or 18 => NtStatus.NotSameDevice,
        0x800700DF or 27 => NtStatus.FileTooLarge,
        36 or 63 => NtStatus.ObjectNameInvalid,
        20 => NtStatus.ObjectPathNotFound,
        _ => NtStatus.UnexpectedIoError,
    };
}
