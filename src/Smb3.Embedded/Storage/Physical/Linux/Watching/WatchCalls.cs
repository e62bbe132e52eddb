using System.Runtime.InteropServices;
using System.Text;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Watching;

/// <summary>The system calls of inotify(7), and those that its reader needs.</summary>
internal static unsafe partial class WatchCalls
{
    public const int NonBlocking = 0x800; // IN_NONBLOCK, EFD_NONBLOCK
    public const int CloseOnExec = 0x80000; // IN_CLOEXEC, EFD_CLOEXEC
    public const short PollIn = 1; // POLLIN

    private const int LongestPath = 4096;
    private const string C = "libc";

    [LibraryImport(C, EntryPoint = "inotify_init1", SetLastError = true)]
    public static partial int Start(int flags);

    [LibraryImport(C, EntryPoint = "inotify_rm_watch", SetLastError = true)]
    public static partial int RemoveWatch(FileDescriptor queue, int watch);

    [LibraryImport(C, EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(FileDescriptor file, byte* buffer, nint count);

    [LibraryImport(C, EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(PollEntry* entries, nuint count, int milliseconds);

    [LibraryImport(C, EntryPoint = "inotify_add_watch", SetLastError = true)]
    private static partial int AddWatch(FileDescriptor queue, byte* path, uint mask);

    [LibraryImport(C, EntryPoint = "readlink", SetLastError = true)]
    private static partial nint ReadLink(byte* path, byte* buffer, nint size);

    /// <summary>Watches exactly the inode of a handle, whatever its name is now.</summary>
    /// <param name="queue">The queue of events.</param>
    /// <param name="place">The inode.</param>
    /// <param name="mask">The events.</param>
    /// <param name="error">Why there is no watch.</param>
    /// <returns>The watch's number in the queue; it is the same for all watches of one inode.</returns>
    public static int AddWatch(FileDescriptor queue, FileDescriptor place, WatchEvents mask, out Errno error)
    {
        using var path = new HandlePath(place);
        fixed (byte* text = path.Text)
        {
            var watch = AddWatch(queue, text, (uint)mask);
            error = watch < 0 ? Native.LastError : 0;
            return watch;
        }
    }

    /// <summary>The present path of an open directory, as the process sees it; null when it cannot be determined.</summary>
    public static string? Locate(FileDescriptor place)
    {
        using var path = new HandlePath(place);
        var buffer = stackalloc byte[LongestPath];
        fixed (byte* text = path.Text)
        {
            var length = ReadLink(text, buffer, LongestPath);
            return length is < 0 or LongestPath ? null : Encoding.Latin1.GetString(buffer, (int)length);
        }
    }

    /// <summary>Opens a directory entry that is itself a directory and not a symbolic link.</summary>
    public static FileDescriptor? OpenChild(FileDescriptor directory, ReadOnlySpan<byte> nameWithZero, out Errno error)
    {
        fixed (byte* name = nameWithZero)
        {
            var opened = Native.OpenAt(
                directory, name, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec | OpenFlags.NonBlocking, 0);
            error = opened < 0 ? Native.LastError : 0;
            return opened < 0 ? null : new FileDescriptor(opened);
        }
    }
}

/// <summary>struct pollfd.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PollEntry
{
    public int Descriptor;
    public short Wanted;
    public short Found;
}
