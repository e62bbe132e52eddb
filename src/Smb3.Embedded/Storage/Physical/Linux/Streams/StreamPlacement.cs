using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Attributes;
using Smb3.Embedded.Storage.Physical.Linux.Data;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Streams;

/// <summary>Changes where a stream's data is kept, and the data itself while it is small. The inode's lock is held.</summary>
internal readonly ref struct StreamPlacement(SideStore sideStore, FileDescriptor file, NamedStream stream, StatxBuffer stat)
{
    /// <summary>
    /// The most data kept in an attribute: ext4 has room for about 4 KiB of attributes, shared with the descriptor and other attributes.
    /// </summary>
    public const int LargestInline = 1024;

    private const int CopySize = 1 << 20;

    /// <summary>Writes the attribute; data that does not fit there moves to the side store.</summary>
    public NtStatus Save()
    {
        if (stream.IsRemoved)
        {
            return NtStatus.Success;
        }

        var error = AttributeCalls.Set(file, stream.DiskName, stream.Attribute.ToValue(stream.DiskName));
        return error is (Errno.NoSpace or Errno.TooLong or Errno.Range) && stream.Data is { Length: > 0 } ? MoveAside() : error.ToStatus();
    }

    /// <summary>Replaces the data in the attribute.</summary>
    public NtStatus Replace(byte[] data)
    {
        var old = stream.Data;
        stream.Data = data;
        var status = Save();
        if (status != NtStatus.Success)
        {
            stream.Data = old;
        }

        return status;
    }

    /// <summary>Puts the data into a side file of the stream's own.</summary>
    public NtStatus MoveAside()
    {
        var side = sideStore.Create(SideOwner.Of(stat), out var id, out var error);
        if (side is null)
        {
            return error.ToStatus();
        }

        error = Copy(stream, side);
        if (error == 0 && stream.Data is not { Length: 0 })
        {
            // What was flushed as an attribute is still safe when the attribute says that it is here.
            error = DataCalls.Flush(side);
            error = error == 0 ? sideStore.Flush() : error;
        }

        if (error == 0 && !stream.IsRemoved)
        {
            var attribute = new StreamAttribute(stream.Name, default, id);
            error = AttributeCalls.Set(file, stream.DiskName, attribute.ToValue(stream.DiskName));
        }

        if (error != 0 || stream.IsRemoved)
        {
            sideStore.Remove(id);
        }

        if (error != 0)
        {
            side.Dispose();
            return error.ToStatus();
        }

        stream.MoveTo(side, id, isForeign: false);
        return NtStatus.Success;
    }

    /// <summary>Copies all data of a stream into an empty file.</summary>
    public static Errno Copy(NamedStream stream, FileDescriptor target)
    {
        if (stream.Data is { } data)
        {
            return Write(target, data, 0);
        }

        var buffer = ArrayPool<byte>.Shared.Rent(CopySize);
        try
        {
            for (var offset = 0L; ; )
            {
                var read = 0;
                if (DataCalls.Read(stream.Side!, offset, buffer, flags: 0, ref read) != 0)
                {
                    return Errno.Io;
                }

                if (read == 0)
                {
                    return 0;
                }

                var error = Write(target, new ReadOnlyMemory<byte>(buffer, 0, read), offset);
                if (error != 0)
                {
                    return error;
                }

                offset += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static Errno Write(FileDescriptor target, ReadOnlyMemory<byte> data, long offset)
    {
        long done = 0;
        return DataCalls.Write(target, offset, new ReadOnlySequence<byte>(data), flags: 0, ref done);
    }
}
