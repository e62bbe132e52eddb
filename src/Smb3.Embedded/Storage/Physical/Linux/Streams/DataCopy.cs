using System.Buffers;
using Smb3.Embedded.Storage.Physical.Linux.Data;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Streams;

/// <summary>Copies the data of a file into an empty one: by sharing it where the file system can, and without filling holes.</summary>
internal static unsafe class DataCopy
{
    private const int PieceInKernel = 64 << 20; // between two looks at the token
    private const int PieceInBuffer = 1 << 20;

    /// <summary>Copies everything.</summary>
    /// <param name="source">The file, open for reading.</param>
    /// <param name="target">The empty file, open for writing.</param>
    /// <param name="length">The length of the source.</param>
    /// <param name="cancellationToken">Ends the copy with an exception.</param>
    public static Errno Copy(FileDescriptor source, FileDescriptor target, long length, CancellationToken cancellationToken)
    {
        if (Share(source, target))
        {
            return 0;
        }

        for (var offset = 0L; offset < length;)
        {
            var start = Native.Seek(source, offset, Native.SeekData);
            if (start < 0 || start >= length)
            {
                if (start < 0 && Native.LastError is var failed && failed != Errno.NoSuchDevice)
                {
                    return failed;
                }

                break; // a hole up to the end
            }

            var end = Native.Seek(source, start, Native.SeekHole);
            if (end < 0)
            {
                return Native.LastError;
            }

            offset = Math.Min(end, length);
            var error = CopyRange(source, target, start, offset, cancellationToken);
            if (error != 0)
            {
                return error;
            }
        }

        return Native.Truncate(target, length) == 0 ? 0 : Native.LastError;
    }

    private static bool Share(FileDescriptor source, FileDescriptor target)
    {
        var isHeld = false;
        source.DangerousAddRef(ref isHeld);
        try
        {
            var all = new CloneRange { Source = source.Number };
            return Native.Control(target, Native.CloneRangeRequest, &all) == 0;
        }
        finally
        {
            source.DangerousRelease();
        }
    }

    private static Errno CopyRange(FileDescriptor source, FileDescriptor target, long offset, long end, CancellationToken cancellationToken)
    {
        while (offset < end)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (from, to) = (offset, offset);
            var piece = (nint)Math.Min(PieceInKernel, end - offset);
            var copied = Native.CopyRange(Native.CopyFileRangeNumber, source, &from, target, &to, piece, 0);
            if (copied > 0)
            {
                offset += copied;
            }
            else if (copied == 0)
            {
                return 0; // it has been cut meanwhile
            }
            else if (Native.LastError is var error && error != Errno.Interrupted)
            {
                return error.IsRefusal() ? CopyThroughBuffer(source, target, offset, end, cancellationToken) : error;
            }
        }

        return 0;
    }

    private static Errno CopyThroughBuffer(FileDescriptor source, FileDescriptor target, long offset, long end, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(PieceInBuffer);
        try
        {
            while (offset < end)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var read = 0;
                var error = DataCalls.Read(source, offset, buffer.AsSpan(0, (int)Math.Min(PieceInBuffer, end - offset)), flags: 0, ref read);
                if (error != 0 || read == 0)
                {
                    return error;
                }

                long written = 0;
                error = DataCalls.Write(target, offset, new ReadOnlySequence<byte>(buffer, 0, read), flags: 0, ref written);
                if (error != 0)
                {
                    return error;
                }

                offset += read;
            }

            return 0;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
