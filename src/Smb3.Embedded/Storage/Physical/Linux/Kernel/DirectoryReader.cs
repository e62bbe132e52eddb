using System.Buffers.Binary;

namespace Smb3.Embedded.Storage.Physical.Linux.Kernel;

/// <summary>Reads the raw entries of a directory, one buffer at a time; <c>.</c> and <c>..</c> are left out.</summary>
internal sealed class DirectoryReader : IDisposable
{
    public const byte UnknownType = 0;
    public const byte DirectoryType = 4;
    public const byte RegularType = 8;
    public const byte LinkType = 10;

    // struct linux_dirent64: inode, offset, record length, type, name
    private const int LengthAt = 16;
    private const int TypeAt = 18;
    private const int NameAt = 19;

    private readonly FileDescriptor _directory;
    private readonly byte[] _buffer = new byte[32 * 1024];
    private int _at;
    private int _end;

    private DirectoryReader(FileDescriptor directory) => _directory = directory;

    /// <summary>The directory, open for reading.</summary>
    public FileDescriptor Directory => _directory;

    /// <summary>Opens a directory through any descriptor on it.</summary>
    public static DirectoryReader? Open(FileDescriptor directory, out Errno error) => OpenEntry(directory, ".\0"u8, out error);

    /// <summary>Opens a directory entry that is itself a directory; a symbolic link does not count as one.</summary>
    public static unsafe DirectoryReader? OpenEntry(FileDescriptor parent, ReadOnlySpan<byte> nameWithZero, out Errno error)
    {
        fixed (byte* name = nameWithZero)
        {
            var flags = OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec;
            var opened = Native.OpenAt(parent, name, flags, 0);
            error = opened < 0 ? Native.LastError : 0;
            return opened < 0 ? null : new DirectoryReader(new FileDescriptor(opened));
        }
    }

    /// <summary>The next entry; false at the end, or with an error.</summary>
    /// <param name="name">The name, followed by a zero byte; valid until the next call.</param>
    /// <param name="type">The type of the entry, or <see cref="UnknownType"/>.</param>
    /// <param name="error">Why the reading ended early.</param>
    public bool TryNext(out ReadOnlySpan<byte> name, out byte type, out Errno error)
    {
        while (true)
        {
            name = default;
            type = 0;
            if (_at >= _end && !Fill(out error))
            {
                return false;
            }

            error = 0;
            var record = _buffer.AsSpan(_at, _end - _at);
            _at += BinaryPrimitives.ReadUInt16LittleEndian(record[LengthAt..]);
            type = record[TypeAt];
            var text = record[NameAt..];
            var length = text.IndexOf((byte)0);
            if (text[..length].SequenceEqual("."u8) || text[..length].SequenceEqual(".."u8))
            {
                continue;
            }

            name = text[..(length + 1)];
            return true;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _directory.Dispose();

    private unsafe bool Fill(out Errno error)
    {
        error = 0;
        fixed (byte* buffer = _buffer)
        {
            var read = Native.GetDents64(Native.GetDents64Number, _directory, buffer, _buffer.Length);
            if (read < 0)
            {
                // A directory that was removed while being read has no more entries.
                error = Native.LastError is var failed && failed is Errno.NoEntry ? 0 : failed;
                return false;
            }

            _at = 0;
            _end = (int)read;
            return read > 0;
        }
    }
}
