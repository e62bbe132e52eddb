using System.Text;

namespace Smb3.Embedded.Storage.Physical.Linux.Kernel;

/// <summary>What the kernel knows about an inode, and further descriptors on it.</summary>
internal static unsafe class InodeCalls
{
    /// <summary>Everything that the kernel knows about an open file.</summary>
    public static Errno Stat(FileDescriptor file, out StatxBuffer stat)
    {
        fixed (byte* empty = "\0"u8)
        {
            return Stat(file, empty, Native.EmptyPath, out stat);
        }
    }

    /// <summary>Everything that the kernel knows about a directory entry; a symbolic link is not followed.</summary>
    public static Errno StatEntry(FileDescriptor directory, ReadOnlySpan<byte> nameWithZero, out StatxBuffer stat)
    {
        fixed (byte* name = nameWithZero)
        {
            return Stat(directory, name, Native.SymlinkNoFollow, out stat);
        }
    }

    /// <summary>Opens a directory entry as a place only; a symbolic link is not followed. Null when that fails.</summary>
    public static FileDescriptor? OpenPlace(FileDescriptor directory, ReadOnlySpan<byte> nameWithZero)
    {
        fixed (byte* name = nameWithZero)
        {
            var opened = Native.OpenAt(directory, name, OpenFlags.Path | OpenFlags.NoFollow | OpenFlags.CloseOnExec, 0);
            return opened < 0 ? null : new FileDescriptor(opened) { IsPlace = true };
        }
    }

    /// <summary>Opens an open file again, with other flags.</summary>
    public static FileDescriptor? Reopen(FileDescriptor file, int flags, out Errno error)
    {
        using var path = new HandlePath(file);
        fixed (byte* text = path.Text)
        {
            var opened = Native.Open(text, flags | OpenFlags.CloseOnExec, 0);
            error = opened < 0 ? Native.LastError : 0;
            return opened < 0 ? null : new FileDescriptor(opened) { IsPlace = (flags & OpenFlags.Path) != 0 };
        }
    }

    /// <summary>Sets the permissions. Through /proc: fchmod does not work on a descriptor that is a place only (O_PATH).</summary>
    public static Errno SetMode(FileDescriptor file, UnixFileMode mode)
    {
        using var path = new HandlePath(file);
        fixed (byte* text = path.Text)
        {
            return Native.ChangeMode(text, (uint)mode) == 0 ? 0 : Native.LastError;
        }
    }

    /// <summary>
    /// Clears set-user-ID and set-group-ID on a file whose data is about to change. The kernel does that too, but not when the server runs
    /// as root.
    /// </summary>
    public static void ClearSetIdBits(FileDescriptor file)
    {
        if (Stat(file, out var stat) == 0 && stat.HasSetIdBits)
        {
            _ = SetMode(file, (UnixFileMode)(stat.Mode & 0xFFF & ~StatxBuffer.SetIdBits));
        }
    }

    /// <summary>The present path of an open file; null when it cannot be determined. Bytes that are not UTF-8 show as U+FFFD.</summary>
    public static string? PathOf(FileDescriptor file)
    {
        using var path = new HandlePath(file);
        try
        {
            return new FileInfo(Encoding.ASCII.GetString(path.Text[..path.Length])).LinkTarget;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static Errno Stat(FileDescriptor at, byte* name, int flags, out StatxBuffer stat)
    {
        fixed (StatxBuffer* buffer = &stat)
        {
            return Native.Statx(Native.StatxNumber, at, name, flags, (nint)(StatxBuffer.Basic | StatxBuffer.BirthTime | StatxBuffer.UniqueMount), buffer) < 0
                ? Native.LastError
                : 0;
        }
    }
}
