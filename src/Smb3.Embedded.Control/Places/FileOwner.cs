using System.Runtime.InteropServices;

namespace Smb3.Embedded.Control.Places;

/// <summary>Whose a file is, and what: .NET does not say.</summary>
/// <param name="User">The user id.</param>
/// <param name="Group">The group id.</param>
/// <param name="IsFolder">Whether it is a folder; a link to one is none.</param>
/// <param name="IsSocket">Whether it is a socket.</param>
internal readonly partial record struct FileOwner(uint User, uint Group, bool IsFolder, bool IsSocket)
{
    private const int CurrentFolder = -100; // AT_FDCWD
    private const int NoFollow = 0x100; // AT_SYMLINK_NOFOLLOW
    private const uint TypeModeOwner = 0x1 | 0x2 | 0x8 | 0x10; // STATX_TYPE, STATX_MODE, STATX_UID, STATX_GID
    private const int TypeMask = 0xF000;
    private const int Folder = 0x4000;
    private const int SocketFile = 0xC000;

    /// <summary>The user of this process.</summary>
    public static uint Own => OperatingSystem.IsWindows() ? 0 : EffectiveUser();

    /// <summary>What a path is; null where there is nothing.</summary>
    public static FileOwner? Of(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            // macOS gives each user a folder for temporary files, into which nobody else can put anything.
            return File.Exists(path) || Directory.Exists(path) ? new FileOwner(Own, 0, Directory.Exists(path) && new DirectoryInfo(path).LinkTarget is null, false) : null;
        }

        // statx(2): the same on all processors, which stat(2) is not.
        Span<byte> found = stackalloc byte[256];
        if (Statx(CurrentFolder, path, NoFollow, TypeModeOwner, found) != 0)
        {
            return null;
        }

        var type = MemoryMarshal.Read<ushort>(found[28..]) & TypeMask;
        return new FileOwner(MemoryMarshal.Read<uint>(found[20..]), MemoryMarshal.Read<uint>(found[24..]), type == Folder, type == SocketFile);
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, Span<byte> found);
}
