using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Attributes;

/// <summary>Sets the times of an open file, whatever it was opened for.</summary>
internal static unsafe class InodeTimes
{
    /// <summary>Sets the times that are not null.</summary>
    public static Errno Set(FileDescriptor file, FileTime? access, FileTime? write) => Set(file, ToTimeSpec(access), ToTimeSpec(write));

    /// <summary>Marks the file as written now, although the data is not in the inode itself.</summary>
    public static void MarkWritten(FileDescriptor file) =>
        _ = Set(file, new TimeSpec { Nanoseconds = TimeSpec.Omit }, new TimeSpec { Nanoseconds = TimeSpec.Now });

    private static Errno Set(FileDescriptor file, TimeSpec access, TimeSpec write)
    {
        using var handle = new HandlePath(file);
        var times = stackalloc TimeSpec[2] { access, write };
        fixed (byte* text = handle.Text)
        {
            return Native.SetTimesAt(Native.CurrentDirectory, text, times, 0) == 0 ? 0 : Native.LastError;
        }
    }

    private static TimeSpec ToTimeSpec(FileTime? time)
    {
        if (time is not { } value)
        {
            return new TimeSpec { Nanoseconds = TimeSpec.Omit };
        }

        var (seconds, nanoseconds) = value.ToUnix();
        return new TimeSpec { Seconds = seconds, Nanoseconds = nanoseconds };
    }
}
