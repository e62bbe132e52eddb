using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Smb3.Embedded.Storage.Physical.Portable;

/// <summary>The kind of a file, as far as the store needs to know.</summary>
internal enum FileKind
{
    /// <summary>A link, a device, a FIFO, a socket.</summary>
    Other,

    /// <summary>A file with data.</summary>
    File,

    /// <summary>A directory.</summary>
    Directory,
}

/// <summary>What System.IO does not tell about a file.</summary>
/// <param name="Id">Its number in the file system, never zero.</param>
/// <param name="Links">How many names it has.</param>
/// <param name="Kind">Its kind; a link is not followed.</param>
/// <param name="AllocationSize">Bytes on disk; negative when not known.</param>
/// <param name="Device">The number of its file system.</param>
internal readonly partial record struct FileIdentity(ulong Id, uint Links, FileKind Kind, long AllocationSize, ulong Device)
{
    private const int UnixStatSize = 256; // larger than any struct stat

    /// <summary>The identity of the file at a path; a link is not followed.</summary>
    public static bool TryGet(string path, out FileIdentity identity)
    {
        identity = default;
        if (!OperatingSystem.IsWindows())
        {
            Span<byte> stat = stackalloc byte[UnixStatSize];
            return LStat(path, stat) == 0 && TryReadUnix(stat, out identity);
        }

        const uint ReadAttributes = 0x80;
        const uint ShareAll = 7;
        const uint OpenExisting = 3;
        const uint BackupSemanticsOpenReparsePoint = 0x02200000;
        using var handle = CreateFile(path, ReadAttributes, ShareAll, 0, OpenExisting, BackupSemanticsOpenReparsePoint, 0);
        return !handle.IsInvalid && TryGet(handle, out identity);
    }

    /// <summary>The identity of an open file.</summary>
    public static bool TryGet(SafeFileHandle handle, out FileIdentity identity)
    {
        identity = default;
        if (!OperatingSystem.IsWindows())
        {
            Span<byte> stat = stackalloc byte[UnixStatSize];
            return FStat(handle, stat) == 0 && TryReadUnix(stat, out identity);
        }

        // BY_HANDLE_FILE_INFORMATION
        Span<byte> information = stackalloc byte[52];
        if (!GetFileInformationByHandle(handle, information))
        {
            return false;
        }

        var attributes = (FileAttributes)BinaryPrimitives.ReadUInt32LittleEndian(information);
        var index = ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(information[44..]) << 32)
            | BinaryPrimitives.ReadUInt32LittleEndian(information[48..]);
        identity = new FileIdentity(
            index == 0 ? ulong.MaxValue : index,
            BinaryPrimitives.ReadUInt32LittleEndian(information[40..]),
            (attributes & FileAttributes.ReparsePoint) != 0 ? FileKind.Other
                : (attributes & FileAttributes.Directory) != 0 ? FileKind.Directory
                : FileKind.File,
            -1,
            BinaryPrimitives.ReadUInt32LittleEndian(information[28..]));
        return true;
    }

    /// <summary>struct stat of 64-bit Linux and of macOS; both are little-endian and will never change.</summary>
    private static bool TryReadUnix(ReadOnlySpan<byte> stat, out FileIdentity identity)
    {
        var isApple = OperatingSystem.IsMacOS();
        var isArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
        var inode = BinaryPrimitives.ReadUInt64LittleEndian(stat[8..]);
        uint mode = isApple ? BinaryPrimitives.ReadUInt16LittleEndian(stat[4..])
            : BinaryPrimitives.ReadUInt32LittleEndian(stat[(isArm ? 16 : 24)..]);
        var links = isApple ? BinaryPrimitives.ReadUInt16LittleEndian(stat[6..])
            : BinaryPrimitives.ReadUInt32LittleEndian(stat[(isArm ? 20 : 16)..]);
        var blocks = BinaryPrimitives.ReadInt64LittleEndian(stat[(isApple ? 104 : 64)..]);
        var kind = (mode & 0xF000) switch { 0x4000 => FileKind.Directory, 0x8000 => FileKind.File, _ => FileKind.Other };
        var device = isApple ? BinaryPrimitives.ReadUInt32LittleEndian(stat) : BinaryPrimitives.ReadUInt64LittleEndian(stat);
        identity = new FileIdentity(
            inode == 0 ? ulong.MaxValue : inode, kind == FileKind.Directory ? 1 : links, kind, blocks * 512, device);
        return true;
    }

    private static int LStat(string path, Span<byte> stat) =>
        OperatingSystem.IsMacOS() && RuntimeInformation.ProcessArchitecture == Architecture.X64
            ? LStatInode64(path, stat)
            : LStatPlain(path, stat);

    private static int FStat(SafeFileHandle handle, Span<byte> stat) =>
        OperatingSystem.IsMacOS() && RuntimeInformation.ProcessArchitecture == Architecture.X64
            ? FStatInode64(handle, stat)
            : FStatPlain(handle, stat);

    [LibraryImport("libc", EntryPoint = "lstat", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LStatPlain(string path, Span<byte> stat);

    [LibraryImport("libc", EntryPoint = "lstat$INODE64", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LStatInode64(string path, Span<byte> stat);

    [LibraryImport("libc", EntryPoint = "fstat")]
    private static partial int FStatPlain(SafeFileHandle handle, Span<byte> stat);

    [LibraryImport("libc", EntryPoint = "fstat$INODE64")]
    private static partial int FStatInode64(SafeFileHandle handle, Span<byte> stat);

    [LibraryImport("kernel32", EntryPoint = "CreateFileW", StringMarshalling = StringMarshalling.Utf16)]
    private static partial SafeFileHandle CreateFile(
        string path, uint access, uint share, nint security, uint disposition, uint flags, nint template);

    [LibraryImport("kernel32")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetFileInformationByHandle(SafeFileHandle handle, Span<byte> information);
}
