using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Data;

/// <summary>The system calls on the data of an open file, repeated until they have done all of it.</summary>
internal static unsafe class DataCalls
{
    /// <summary>Reads up to the end of the buffer, or of the file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="offset">Where in the file the buffer begins.</param>
    /// <param name="buffer">The buffer.</param>
    /// <param name="flags">0, or <see cref="Native.NoWait"/> to fail with EAGAIN instead of waiting for the disk.</param>
    /// <param name="done">How many bytes have been read.</param>
    public static Errno Read(FileDescriptor file, long offset, Span<byte> buffer, int flags, ref int done)
    {
        fixed (byte* start = buffer)
        {
            while (done < buffer.Length)
            {
                nint read;
                if (flags == 0)
                {
                    read = Native.PRead(file, start + done, buffer.Length - done, offset + done);
                }
                else
                {
                    var vector = new IoVector { Start = start + done, Length = buffer.Length - done };
                    read = Native.PReadV2(Native.PReadV2Number, file, &vector, 1, (nint)(offset + done), 0, flags);
                }

                if (read == 0)
                {
                    return 0;
                }

                if (read > 0)
                {
                    done += (int)read;
                }
                else if (Native.LastError is var error && error != Errno.Interrupted)
                {
                    return error;
                }
            }
        }

        return 0;
    }

    /// <summary>Writes everything.</summary>
    /// <param name="file">The file.</param>
    /// <param name="offset">Where in the file the data belongs.</param>
    /// <param name="data">The data.</param>
    /// <param name="flags">0, or <see cref="Native.NoWait"/> to fail with EAGAIN instead of waiting for the disk.</param>
    /// <param name="done">How many bytes have been written.</param>
    public static Errno Write(FileDescriptor file, long offset, in ReadOnlySequence<byte> data, int flags, ref long done)
    {
        var rest = done == 0 ? data : data.Slice(done);
        foreach (var segment in rest)
        {
            fixed (byte* start = segment.Span)
            {
                var written = 0;
                while (written < segment.Length)
                {
                    nint count;
                    if (flags == 0)
                    {
                        count = Native.PWrite(file, start + written, segment.Length - written, offset + done);
                    }
                    else
                    {
                        var vector = new IoVector { Start = start + written, Length = segment.Length - written };
                        count = Native.PWriteV2(Native.PWriteV2Number, file, &vector, 1, (nint)(offset + done), 0, flags);
                    }

                    if (count >= 0)
                    {
                        written += (int)count;
                        done += count;
                    }
                    else if (Native.LastError is var error && error != Errno.Interrupted)
                    {
                        return error;
                    }
                }
            }
        }

        return 0;
    }

    /// <summary>Calls fallocate(2).</summary>
    public static Errno Allocate(FileDescriptor file, int mode, long offset, long length)
    {
        while (Native.Allocate(file, mode, offset, length) != 0)
        {
            if (Native.LastError is var error && error != Errno.Interrupted)
            {
                return error;
            }
        }

        return 0;
    }

    /// <summary>Reserves space, which is only a hint.</summary>
    public static NtStatus Reserve(FileDescriptor file, long size)
    {
        if (size <= 0)
        {
            return NtStatus.Success;
        }

        return Allocate(file, Native.KeepSize, 0, size) switch
        {
            Errno.NotSupported or Errno.NoSystemCall or Errno.Invalid => NtStatus.Success,
            Errno.TooBig => NtStatus.DiskFull,
            var error => error.ToStatus(),
        };
    }

    /// <summary>Sets the length.</summary>
    public static NtStatus SetLength(FileDescriptor file, long length) =>
        Native.Truncate(file, length) == 0 ? NtStatus.Success : Native.LastError.ToStatus();

    /// <summary>Writes data and metadata to the disk. Through a place only (O_PATH) the kernel does not: EBADF.</summary>
    public static Errno Flush(FileDescriptor file) => Native.Sync(file) == 0 ? 0 : Native.LastError;
}
