using System.Runtime.InteropServices;

namespace Smb3.Embedded.Storage.Physical.Linux.Kernel;

/// <summary>
/// The Linux system calls that the store needs, on 64-bit x86 and Arm. Calls for which older C libraries have no function go through
/// <c>syscall</c>, by number.
/// </summary>
internal static unsafe partial class Native
{
    public const int CurrentDirectory = -100; // AT_FDCWD
    public const int SymlinkNoFollow = 0x100; // AT_SYMLINK_NOFOLLOW
    public const int RemoveDirectory = 0x200; // AT_REMOVEDIR
    public const int SymlinkFollow = 0x400; // AT_SYMLINK_FOLLOW
    public const int EmptyPath = 0x1000; // AT_EMPTY_PATH
    public const uint NoReplace = 1; // RENAME_NOREPLACE
    public const int NoWait = 8; // RWF_NOWAIT
    public const int KeepSize = 1; // FALLOC_FL_KEEP_SIZE
    public const int PunchHole = 2; // FALLOC_FL_PUNCH_HOLE
    public const int ZeroRange = 16; // FALLOC_FL_ZERO_RANGE
    public const int SeekData = 3; // SEEK_DATA
    public const int SeekHole = 4; // SEEK_HOLE
    public const uint CloneRangeRequest = 0x4020940D; // FICLONERANGE
    public const uint GetFlagsRequest = 0x80086601; // FS_IOC_GETFLAGS
    public const uint SetFlagsRequest = 0x40086602; // FS_IOC_SETFLAGS
    public const uint CompressFlag = 0x4; // FS_COMPR_FL
    public const uint NoCompressFlag = 0x400; // FS_NOCOMP_FL

    public const nuint GetExtentsRequest = 0xC020660B; // FS_IOC_FIEMAP

    private const string C = "libc";

    /// <summary>Whether the numbers and layouts here are those of this machine.</summary>
    public static bool IsSupported =>
        OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;

    public static nint OpenAt2Number => 437;

    public static nint StatxNumber => IsArm ? 291 : 332;

    public static nint RenameAt2Number => IsArm ? 276 : 316;

    public static nint GetDents64Number => IsArm ? 61 : 217;

    public static nint PReadV2Number => IsArm ? 286 : 327;

    public static nint PWriteV2Number => IsArm ? 287 : 328;

    public static nint MayAt2Number => 439; // faccessat2

    public static nint CopyFileRangeNumber => IsArm ? 285 : 326;

    public static nint SetIoPriorityNumber => IsArm ? 30 : 251; // ioprio_set

    /// <summary>Whether attributes of a directory entry can be read by its name (Linux 6.13); false where that call is filtered.</summary>
    public static bool HasAttributesAt { get; } = ProbeAttributesAt();

    /// <summary>The error of the last failed call.</summary>
    public static Errno LastError => (Errno)Marshal.GetLastPInvokeError();

    private static nint GetAttributeAtNumber => 464;

    private static nint ListAttributesAtNumber => 465;

    public static bool IsArm => RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    [LibraryImport(C, EntryPoint = "close")]
    public static partial int Close(int descriptor);

    [LibraryImport(C, EntryPoint = "open", SetLastError = true)]
    public static partial int Open(byte* path, int flags, uint mode);

    [LibraryImport(C, EntryPoint = "chmod", SetLastError = true)]
    public static partial int ChangeMode(byte* path, uint mode);

    [LibraryImport(C, EntryPoint = "openat", SetLastError = true)]
    public static partial int OpenAt(FileDescriptor directory, byte* path, int flags, uint mode);

    [LibraryImport(C, EntryPoint = "syscall", SetLastError = true)]
    public static partial nint OpenAt2(nint number, FileDescriptor directory, byte* path, OpenHow* how, nint size);

    [LibraryImport(C, EntryPoint = "syscall", SetLastError = true)]
    public static partial nint Statx(nint number, FileDescriptor directory, byte* path, nint flags, nint mask, StatxBuffer* buffer);

    [LibraryImport(C, EntryPoint = "syscall", SetLastError = true)]
    public static partial nint StatxAt(nint number, nint directory, byte* path, nint flags, nint mask, StatxBuffer* buffer);

    [LibraryImport(C, EntryPoint = "syscall", SetLastError = true)]
    public static partial nint RenameAt2(
        nint number, FileDescriptor oldDirectory, byte* oldName, FileDescriptor newDirectory, byte* newName, nint flags);

    [LibraryImport(C, EntryPoint = "syscall", SetLastError = true)]
    public static partial nint GetDents64(nint number, FileDescriptor directory, byte* buffer, nint length);

    [LibraryImport(C, EntryPoint = "syscall", SetLastError = true)]
    public static partial nint PReadV2(nint number, FileDescriptor file, IoVector* vectors, nint count, nint offset, nint high, nint flags);

    [LibraryImport(C, EntryPoint = "syscall", SetLastError = true)]
    public static partial nint PWriteV2(
        nint number, FileDescriptor file, IoVector* vectors, nint count, nint offset, nint high, nint flags);

    [LibraryImport(C, EntryPoint = "pread", SetLastError = true)]
    public static partial nint PRead(FileDescriptor file, byte* buffer, nint count, long offset);

    [LibraryImport(C, EntryPoint = "pwrite", SetLastError = true)]
    public static partial nint PWrite(FileDescriptor file, byte* buffer, nint count, long offset);

    [LibraryImport(C, EntryPoint = "ftruncate", SetLastError = true)]
    public static partial int Truncate(FileDescriptor file, long length);

    [LibraryImport(C, EntryPoint = "fallocate", SetLastError = true)]
    public static partial int Allocate(FileDescriptor file, int mode, long offset, long length);

    [LibraryImport(C, EntryPoint = "fsync", SetLastError = true)]
    public static partial int Sync(FileDescriptor file);

    [LibraryImport(C, EntryPoint = "syncfs", SetLastError = true)]
    public static partial int SyncFileSystem(FileDescriptor file);

    [LibraryImport(C, EntryPoint = "mkdirat", SetLastError = true)]
    public static partial int MakeDirectoryAt(FileDescriptor directory, byte* name, uint mode);

    [LibraryImport(C, EntryPoint = "unlinkat", SetLastError = true)]
    public static partial int UnlinkAt(FileDescriptor directory, byte* name, int flags);

    [LibraryImport(C, EntryPoint = "linkat", SetLastError = true)]
    public static partial int LinkAt(int oldDirectory, byte* oldName, FileDescriptor newDirectory, byte* newName, int flags);

    [LibraryImport(C, EntryPoint = "utimensat", SetLastError = true)]
    public static partial int SetTimesAt(int directory, byte* path, TimeSpec* times, int flags);

    [LibraryImport(C, EntryPoint = "getxattr", SetLastError = true)]
    public static partial nint GetAttribute(byte* path, byte* name, byte* value, nint size);

    [LibraryImport(C, EntryPoint = "fgetxattr", SetLastError = true)]
    public static partial nint GetAttributeOf(FileDescriptor file, byte* name, byte* value, nint size);

    [LibraryImport(C, EntryPoint = "flistxattr", SetLastError = true)]
    public static partial nint ListAttributesOf(FileDescriptor file, byte* names, nint size);

    /// <summary>Reads an attribute of a directory entry; a symbolic link is not followed.</summary>
    public static nint GetAttributeAt(FileDescriptor directory, byte* entry, byte* name, byte* value, nint size)
    {
        var arguments = new AttributeArguments { Value = value, Size = (uint)size };
        return GetAttributeAt(
            GetAttributeAtNumber, directory, entry, SymlinkNoFollow, name, &arguments, sizeof(AttributeArguments));
    }

    /// <summary>Lists the attributes of a directory entry; a symbolic link is not followed.</summary>
    public static nint ListAttributesAt(FileDescriptor directory, byte* entry, byte* names, nint size) =>
        ListAttributesAt(ListAttributesAtNumber, directory, entry, SymlinkNoFollow, names, size);

    [LibraryImport(C, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint GetAttributeAt(
        nint number, FileDescriptor directory, byte* entry, nint flags, byte* name, AttributeArguments* arguments, nint size);

    [LibraryImport(C, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint ListAttributesAt(
        nint number, FileDescriptor directory, byte* entry, nint flags, byte* names, nint size);

    [LibraryImport(C, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint ListAttributesAt(nint number, nint directory, byte* entry, nint flags, byte* names, nint size);

    private static bool ProbeAttributesAt()
    {
        // No directory has this number: a kernel that knows the call reports that.
        fixed (byte* dot = ".\0"u8)
        {
            return IsSupported && ListAttributesAt(ListAttributesAtNumber, -1, dot, 0, null, 0) < 0 && LastError == Errno.BadDescriptor;
        }
    }

    /// <summary>struct xattr_args.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct AttributeArguments
    {
        public byte* Value;
        public uint Size;
        public uint Flags;
    }

    [LibraryImport(C, EntryPoint = "lgetxattr", SetLastError = true)]
    public static partial nint GetAttributeNoFollow(byte* path, byte* name, byte* value, nint size);

    [LibraryImport(C, EntryPoint = "setxattr", SetLastError = true)]
    public static partial int SetAttribute(byte* path, byte* name, byte* value, nint size, int flags);

    [LibraryImport(C, EntryPoint = "fsetxattr", SetLastError = true)]
    public static partial int SetAttributeOf(FileDescriptor file, byte* name, byte* value, nint size, int flags);

    [LibraryImport(C, EntryPoint = "removexattr", SetLastError = true)]
    public static partial int RemoveAttribute(byte* path, byte* name);

    [LibraryImport(C, EntryPoint = "listxattr", SetLastError = true)]
    public static partial nint ListAttributes(byte* path, byte* names, nint size);

    [LibraryImport(C, EntryPoint = "llistxattr", SetLastError = true)]
    public static partial nint ListAttributesNoFollow(byte* path, byte* names, nint size);

    [LibraryImport(C, EntryPoint = "ioctl", SetLastError = true)]
    public static partial int GetExtents(FileDescriptor file, nuint request, ExtentMap* extents);

    [LibraryImport(C, EntryPoint = "lseek", SetLastError = true)]
    public static partial long Seek(FileDescriptor file, long offset, int whence);

    [LibraryImport(C, EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Control(FileDescriptor file, nuint request, void* argument);

    [LibraryImport(C, EntryPoint = "syscall", SetLastError = true)]
    public static partial nint CopyRange(
        nint number, FileDescriptor source, long* sourceOffset, FileDescriptor target, long* targetOffset, nint length, nint flags);

    [LibraryImport(C, EntryPoint = "syscall", SetLastError = true)]
    public static partial nint MayAt2(nint number, FileDescriptor file, byte* path, nint mode, nint flags);

    [LibraryImport(C, EntryPoint = "faccessat", SetLastError = true)]
    public static partial int MayAt(int directory, byte* path, int mode, int flags);

    [LibraryImport(C, EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    [LibraryImport(C, EntryPoint = "setpriority", SetLastError = true)]
    public static partial int SetPriority(int which, uint who, int priority);

    [LibraryImport(C, EntryPoint = "syscall", SetLastError = true)]
    public static partial nint SetIoPriority(nint number, nint which, nint who, nint priority);

    [LibraryImport(C, EntryPoint = "fstatfs", SetLastError = true)]
    public static partial int StatFs(FileDescriptor file, StatFsBuffer* buffer);
}

/// <summary>struct timespec.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TimeSpec
{
    public const long Now = 0x3FFFFFFF; // UTIME_NOW
    public const long Omit = 0x3FFFFFFE; // UTIME_OMIT

    public long Seconds;
    public long Nanoseconds;
}

/// <summary>struct iovec.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IoVector
{
    public byte* Start;
    public nint Length;
}

/// <summary>struct file_clone_range.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CloneRange
{
    public long Source;
    public ulong SourceOffset;
    public ulong Length;
    public ulong TargetOffset;
}

/// <summary>struct fiemap with room for its extents of 56 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ExtentMap
{
    public const int MaxExtents = 32;
    public const int ExtentSize = 56;
    public const int PlaceAt = 8; // fe_physical
    public const int LengthAt = 16; // fe_length
    public const int FlagsAt = 40; // fe_flags
    public const uint Sync = 1; // FIEMAP_FLAG_SYNC
    public const uint IsUnplaced = 0x6; // FIEMAP_EXTENT_UNKNOWN, _DELALLOC
    public const uint IsResident = 0x700; // FIEMAP_EXTENT_NOT_ALIGNED, _DATA_INLINE, _DATA_TAIL

    public ulong Start;
    public ulong Length;
    public uint Flags;
    public uint Mapped;
    public uint Count;
    public uint Reserved;
    public fixed byte Raw[MaxExtents * ExtentSize];
}

/// <summary>struct statfs of 64-bit processors.</summary>
[StructLayout(LayoutKind.Sequential, Size = 120)]
internal struct StatFsBuffer
{
    public const long TmpFs = 0x01021994;
    public const long Btrfs = 0x9123683E;
    public const long Ext = 0xEF53;
    public const long Xfs = 0x58465342;
    public const long Overlay = 0x794C7630;

    public long Type;
    public long BlockSize;
    public ulong Blocks;
    public ulong FreeBlocks;
    public ulong AvailableBlocks;
    public ulong Files;
    public ulong FreeFiles;
    public ulong Id;
    public long NameLength;
    public long FragmentSize;
}
