using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Physical.Linux.Kernel;

/// <summary>Changes of one entry of an open directory. Names end with a zero byte.</summary>
internal static unsafe class EntryCalls
{
    public static Errno Move(FileDescriptor oldDirectory, byte[] oldName, FileDescriptor newDirectory, byte[] newName, uint flags)
    {
        fixed (byte* source = oldName)
        fixed (byte* target = newName)
        {
            return Native.RenameAt2(Native.RenameAt2Number, oldDirectory, source, newDirectory, target, (nint)flags) < 0
                ? Native.LastError
                : 0;
        }
    }

    public static Errno MoveToFreeName(FileDescriptor oldDirectory, byte[] oldName, FileDescriptor newDirectory, byte[] newName)
    {
        var error = Move(oldDirectory, oldName, newDirectory, newName, Native.NoReplace);
        if (error is not (Errno.Invalid or Errno.NotSupported or Errno.NoSystemCall))
        {
            return error;
        }

        // Not every file system can do it in one step; or a directory was to be moved into itself, which the second call detects again.
        return InodeCalls.StatEntry(newDirectory, newName, out _) == 0
            ? Errno.Exists
            : Move(oldDirectory, oldName, newDirectory, newName, 0);
    }

    public static Errno Unlink(FileDescriptor directory, byte[] nameWithZero, int flags)
    {
        fixed (byte* name = nameWithZero)
        {
            return Native.UnlinkAt(directory, name, flags) != 0 ? Native.LastError : 0;
        }
    }

    public static Errno LinkTo(FileDescriptor file, FileDescriptor directory, byte[] nameWithZero)
    {
        using var path = new HandlePath(file);
        fixed (byte* text = path.Text)
        fixed (byte* name = nameWithZero)
        {
            return Native.LinkAt(Native.CurrentDirectory, text, directory, name, Native.SymlinkFollow) != 0 ? Native.LastError : 0;
        }
    }

    /// <summary>Makes the entries survive a loss of power.</summary>
    public static Errno Flush(FileDescriptor directory)
    {
        using var reader = DirectoryReader.Open(directory, out var error);
        return reader is null ? error : Native.Sync(reader.Directory) == 0 ? 0 : Native.LastError;
    }

    /// <summary>Makes everything on the file system of a directory survive a loss of power.</summary>
    public static Errno FlushAll(FileDescriptor directory)
    {
        using var reader = DirectoryReader.Open(directory, out var error);
        return reader is null ? error : Native.SyncFileSystem(reader.Directory) == 0 ? 0 : Native.LastError;
    }

    // The status for a failed change of names: its directory was found but is gone by now, or there is a mount between the two.
    public static NtStatus ToChangeStatus(Errno error) => error switch
    {
        Errno.NoEntry => NtStatus.ObjectPathNotFound,
        Errno.CrossDevice => NtStatus.NotSameDevice,
        _ => error.ToStatus(),
    };
}
