using System.Runtime.InteropServices;

namespace Smb3.Embedded.Storage.Physical.Linux.Kernel;

/// <summary>Flags of open(2); some differ between processors.</summary>
internal static class OpenFlags
{
    public const int ReadOnly = 0;
    public const int ReadWrite = 2;
    public const int Create = 0x40;
    public const int Exclusive = 0x80;
    public const int NoTerminal = 0x100;
    public const int NonBlocking = 0x800;
    public const int CloseOnExec = 0x80000;
    public const int Path = 0x200000;

    public static int Directory => Native.IsArm ? 0x4000 : 0x10000;

    /// <summary>A file without a name in a directory (O_TMPFILE).</summary>
    public static int Unnamed => 0x400000 | Directory;

    public static int NoFollow => Native.IsArm ? 0x8000 : 0x20000;
}

/// <summary>struct open_how of openat2(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct OpenHow
{
    public const ulong NoMagicLinks = 0x02;
    public const ulong NoSymlinks = 0x04;
    public const ulong Beneath = 0x08;
    public const ulong Cached = 0x20;

    public ulong Flags;
    public ulong Mode;
    public ulong Resolve;
}
