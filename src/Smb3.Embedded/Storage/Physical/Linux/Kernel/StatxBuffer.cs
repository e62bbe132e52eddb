using System.Runtime.InteropServices;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Physical.Linux.Kernel;

/// <summary>struct statx_timestamp.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
internal struct StatxTime
{
    public long Seconds;
    public uint Nanoseconds;

    /// <summary>The same time as NT counts it.</summary>
    public readonly FileTime ToFileTime() => FileTime.FromUnix(Seconds, Nanoseconds);
}

/// <summary>struct statx, which is the same on every processor.</summary>
[StructLayout(LayoutKind.Sequential, Size = 256)]
internal struct StatxBuffer
{
    public const uint Basic = 0x7FF;
    public const uint BirthTime = 0x800;
    public const uint UniqueMount = 0x4000; // STATX_MNT_ID_UNIQUE, from Linux 6.8 on
    public const ulong IsCompressed = 0x4; // STATX_ATTR_COMPRESSED
    public const ulong IsImmutable = 0x10; // STATX_ATTR_IMMUTABLE
    public const ulong IsAppendOnly = 0x20; // STATX_ATTR_APPEND
    public const ulong IsMountRoot = 0x2000; // STATX_ATTR_MOUNT_ROOT
    public const int TypeMask = 0xF000;
    public const int TypeDirectory = 0x4000;
    public const int TypeRegular = 0x8000;
    public const int TypeLink = 0xA000;
    public const int SetIdBits = 0xC00; // S_ISUID, S_ISGID

    public uint Mask;
    public uint BlockSize;
    public ulong Attributes;
    public uint Links;
    public uint Uid;
    public uint Gid;
    public ushort Mode;
    public ushort Spare;
    public ulong Inode;
    public long Size;
    public long Blocks;
    public ulong AttributesMask;
    public StatxTime Access;
    public StatxTime Birth;
    public StatxTime Change;
    public StatxTime Modify;
    public uint DeviceMajorRaw;
    public uint DeviceMinorRaw;
    public uint DeviceMajor;
    public uint DeviceMinor;
    public ulong Mount;

    public readonly int Type => Mode & TypeMask;

    public readonly bool IsDirectory => Type == TypeDirectory;

    public readonly bool IsRegular => Type == TypeRegular;

    /// <summary>Whether running the file gives the rights of its owner or group.</summary>
    public readonly bool HasSetIdBits => (Mode & SetIdBits) != 0;

    public readonly ulong Device => ((ulong)DeviceMajor << 32) | DeviceMinor;
}
