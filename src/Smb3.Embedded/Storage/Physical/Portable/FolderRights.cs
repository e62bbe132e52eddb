using System.Runtime.InteropServices;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Physical.Portable;

/// <summary>What the system lets this process do in a folder. On Windows nothing short of trying would tell.</summary>
internal static partial class FolderRights
{
    private const int WriteAndSearch = 3; // W_OK | X_OK
    private const int ReadAndSearch = 5; // R_OK | X_OK
    private const int ReadOnlyFileSystem = 30; // EROFS

    /// <summary>Whether entries of a folder may be removed.</summary>
    public static NtStatus CheckRemovalFrom(string folder)
    {
        if (OperatingSystem.IsWindows() || Access(folder, WriteAndSearch) == 0)
        {
            return NtStatus.Success;
        }

        return Marshal.GetLastPInvokeError() == ReadOnlyFileSystem ? NtStatus.MediaWriteProtected : NtStatus.AccessDenied;
    }

    /// <summary>Whether a folder may be listed and its contents inspected.</summary>
    public static bool MayList(string folder) => OperatingSystem.IsWindows() || Access(folder, ReadAndSearch) == 0;

    [LibraryImport("libc", EntryPoint = "access", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Access(string path, int mode);
}
